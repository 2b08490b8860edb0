using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data;

/// <summary>What an example looks like to the model, for <c>check</c>, <c>tokenize</c> and the first lines of a run.</summary>
public static class ExampleText
{
    /// <summary>Ids and texts of what is read and of what is trained on, as LLaMA-Factory prints its first example.</summary>
    public static IEnumerable<string> Lines(string title, TokenizedExample example, Tokenizer tokenizer)
    {
        yield return title + " example:";
        yield return "input_ids:";
        yield return List(example.InputIds);
        yield return "inputs:";
        yield return tokenizer.Decode(example.InputIds);
        if (example.Labels.Length > 0)
        {
            yield return "label_ids:";
            yield return List(example.Labels);
            yield return "labels:";
            yield return tokenizer.Decode(Array.FindAll(example.Labels, l => l != TokenizedExample.Masked));
        }
        if (example.Targets is { } targets) yield return "target: " + string.Join(", ", targets.Select(t => t.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static string List(int[] ids) => $"[{string.Join(", ", ids)}]";
}
