namespace Tunesmith.Text.Templates.Jinja;

/// <summary>How much a template may cost: a template comes from a downloaded folder and is not to be trusted.</summary>
public sealed record JinjaLimits
{
    /// <summary>Longest template text, in UTF-16 units.</summary>
    public int SourceLength { get; init; } = 1 << 20;

    /// <summary>Most units of work: one for each node evaluated and each 64 characters or elements made.</summary>
    public long Work { get; init; } = 20_000_000;

    /// <summary>Longest text or list that any expression may make, and longest output.</summary>
    public int Length { get; init; } = 1 << 24;

    /// <summary>How deep expressions, blocks, macro calls and printed values may nest.</summary>
    public int Depth { get; init; } = 200;
}
