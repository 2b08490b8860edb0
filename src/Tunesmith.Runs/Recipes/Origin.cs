namespace Tunesmith.Runs.Recipes;

/// <summary>Where a value of a run comes from.</summary>
public enum OriginKind { Default, RecipeFile, CommandLine, Checkpoint, Derived }

/// <summary>Where one value comes from; <see cref="Line"/> is 0 unless it stands in the recipe file.</summary>
public sealed record Origin(OriginKind Kind, int Line = 0, string? Detail = null)
{
    /// <summary>"default", "recipe line 12", "command line", "checkpoint", "derived from lora_rank".</summary>
    public override string ToString() => Kind switch
    {
        OriginKind.Default => "default",
        OriginKind.RecipeFile => $"recipe line {Line}",
        OriginKind.CommandLine => "command line",
        OriginKind.Checkpoint => Detail is null ? "checkpoint" : $"checkpoint {Detail}",
        _ => $"derived from {Detail}",
    };
}

/// <summary>One resolved value of a run: what it is, where it comes from, what it means.</summary>
public sealed record ResolvedKey(string Name, object? Value, Origin Origin, string Summary);
