namespace Tunesmith.Tests;

/// <summary>A test that reads reference values from the shared folder; reported as skipped where that folder is absent.</summary>
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute(string path)
    {
        if (Repo.SharedPath(path) is null) Skip = $"needs the reference values in shared/{path}";
    }
}

/// <summary>A theory over reference values from the shared folder; reported as skipped where that folder is absent.</summary>
internal sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute(string path)
    {
        if (Repo.SharedPath(path) is null) Skip = $"needs the reference values in shared/{path}";
    }
}
