namespace Tunesmith.Runs.Recipes;

/// <summary>A value as written, before anybody asked for a type; the line is 1-based, 0 on the command line.</summary>
internal abstract record Node(int Line);

/// <summary>A single value; quoted text is always text.</summary>
internal sealed record ScalarNode(string Text, bool Quoted, int Line) : Node(Line);

internal sealed record ListNode(IReadOnlyList<Node> Items, int Line) : Node(Line);

internal sealed record MapNode(IReadOnlyDictionary<string, Node> Entries, int Line) : Node(Line);
