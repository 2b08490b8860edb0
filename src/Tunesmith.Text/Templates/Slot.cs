namespace Tunesmith.Text.Templates;

/// <summary>What a slot of a template stands for.</summary>
public enum SlotKind
{
    /// <summary>Text, in which <c>{{content}}</c> and <c>{{idx}}</c> are filled in.</summary>
    Text,

    /// <summary>The tokenizer's beginning-of-sequence token; nothing where it has none.</summary>
    Bos,

    /// <summary>The tokenizer's end-of-sequence token; nothing where it has none.</summary>
    Eos,

    /// <summary>One token by its text.</summary>
    Token,
}

/// <summary>One piece of a template, and of what a template renders: pieces are encoded each on its own and never merge.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The text, or the token's text; empty for the sequence tokens.</param>
public readonly record struct Slot(SlotKind Kind, string Text)
{
    public static Slot Of(string text) => new(SlotKind.Text, text);
}

/// <summary>One turn before it is encoded: what the model reads and what it is to write.</summary>
/// <param name="Prompt">Segments that are masked.</param>
/// <param name="Answer">Segments that are trained on.</param>
public sealed record RenderedTurn(IReadOnlyList<Slot> Prompt, IReadOnlyList<Slot> Answer);
