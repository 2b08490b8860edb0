namespace Tunesmith.Runs.Recipes;

/// <summary>How large a recipe may be: far above any honest one, far below what could hurt.</summary>
internal static class Limits
{
    public const int Bytes = 1 << 20;
    public const int Depth = 16;
}
