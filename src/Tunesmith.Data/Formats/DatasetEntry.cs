using System.Text.Json;

namespace Tunesmith.Data.Formats;

/// <summary>One data set as dataset_info.json, or the recipe itself, describes it. A column or tag that is not named is null.</summary>
public sealed record DatasetEntry
{
    public required string Name { get; init; }

    /// <summary>Files or folders, below dataset_dir unless they come from the recipe.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Where <see cref="Files"/> start from; empty for the current folder.</summary>
    public string Folder { get; init; } = "";

    public string Formatting { get; init; } = "alpaca";

    public bool Ranking { get; init; }

    /// <summary>train, or a slice of it: train[2:6], train[50%:].</summary>
    public string Split { get; init; } = "train";

    public int? NumSamples { get; init; }

    public ColumnNames Columns { get; init; } = new();

    public TagNames Tags { get; init; } = new();
}

/// <summary>Which column holds what.</summary>
public sealed record ColumnNames
{
    public static readonly ColumnNames None = new() { Prompt = null, Query = null, Response = null, Messages = null };

    public string? Prompt { get; init; } = "instruction";
    public string? Query { get; init; } = "input";
    public string? Response { get; init; } = "output";
    public string? History { get; init; }
    public string? Messages { get; init; } = "conversations";
    public string? System { get; init; }
    public string? Tools { get; init; }
    public string? Chosen { get; init; }
    public string? Rejected { get; init; }
    public string? KtoTag { get; init; }
}

/// <summary>What the roles of a conversation are called.</summary>
public sealed record TagNames
{
    public string? RoleTag { get; init; } = "from";
    public string? ContentTag { get; init; } = "value";
    public string? UserTag { get; init; } = "human";
    public string? AssistantTag { get; init; } = "gpt";
    public string? ObservationTag { get; init; } = "observation";
    public string? FunctionTag { get; init; } = "function_call";
    public string? SystemTag { get; init; } = "system";
}
