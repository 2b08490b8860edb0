using System.Text.Json;
using Tunesmith.Runs;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Proof.Kinds;

/// <summary>Rows of recorded tokenizer calls.</summary>
internal static class TokenizerRows
{
    public static void Text(Tokenizer tokenizer, JsonElement row, string text, ExactCheck check)
    {
        var plain = tokenizer.Encode(text, addSpecialTokens: false);
        check.Ids("ids", row.GetProperty("ids"), plain.Ids);
        check.Ids("ids of EncodeIds", row.GetProperty("ids"), tokenizer.EncodeIds(text));
        check.Texts("tok", row.GetProperty("tok"), plain.Tokens);
        check.Offsets("off", row.GetProperty("off"), plain.CodePointOffsets);
        if (row.TryGetProperty("words", out var words)) check.Ids("words", words, plain.WordIds);
        int[] special = tokenizer.EncodeIds(text, addSpecialTokens: true);
        check.Ids("sp", row.GetProperty("sp"), special);
        check.Text("dec", row.GetProperty("dec"), tokenizer.Decode(special));
        check.Text("skip", row.GetProperty("skip"), tokenizer.Decode(special, true));
        if (row.TryGetProperty("as_text", out var asText)) check.Ids("as_text", asText, tokenizer.EncodeIds(text, false, true));
        Streamed(tokenizer, special, check);
    }

    /// <summary>Ids one at a time must give the text of all ids at once.</summary>
    private static void Streamed(Tokenizer tokenizer, int[] ids, ExactCheck check)
    {
        var stream = tokenizer.Stream(false);
        var text = new System.Text.StringBuilder();
        foreach (int id in ids) text.Append(stream.Push(id));
        text.Append(stream.Finish());
        string whole = tokenizer.Decode(ids);
        if (text.ToString() != whole) check.Fail($"streamed: got {ExactCheck.Show(text.ToString())}, at once {ExactCheck.Show(whole)}");
    }

    public static void Call(Tokenizer tokenizer, JsonElement row, GoldenTexts texts, ExactCheck check)
    {
        var args = row.GetProperty("args");
        var expected = row.GetProperty("out");
        bool refused = expected.TryGetProperty("error", out _);
        var options = Options(args);
        var inputs = Inputs(args, texts, out bool batch);
        IReadOnlyList<Encoding> encodings;
        try
        {
            encodings = tokenizer.EncodeBatch(inputs, options);
        }
        catch (UsageException error)
        {
            if (!refused) check.Fail(error.Message);
            return;
        }

        if (refused)
        {
            check.Fail($"got an encoding, recorded the refusal {expected.GetProperty("error").GetString()}");
            return;
        }

        bool windows = args.TryGetProperty("return_overflowing_tokens", out var overflow) && overflow.GetBoolean();
        List<Encoding> all = [];
        List<int> samples = [];
        for (int i = 0; i < encodings.Count; i++)
        {
            all.Add(encodings[i]);
            if (windows) all.AddRange(encodings[i].Overflowing);
            samples.AddRange(Enumerable.Repeat(i, windows ? 1 + encodings[i].Overflowing.Count : 1));
        }

        if (expected.TryGetProperty("overflow_to_sample_mapping", out var mapping)) check.Ids("overflow_to_sample_mapping", mapping, [.. samples]);
        bool nested = batch || windows;
        Lists(expected, "input_ids", nested, all, encoding => encoding.Ids, check);
        Lists(expected, "token_type_ids", nested, all, encoding => encoding.TypeIds, check);
        Lists(expected, "attention_mask", nested, all, encoding => encoding.AttentionMask, check);
        Lists(expected, "special_tokens_mask", nested, all, encoding => encoding.SpecialTokensMask, check);
        Lists(expected, "off", nested, all, encoding => [.. encoding.CodePointOffsets.SelectMany(offset => (int[])[offset.Start, offset.End])], check);
        Lists(expected, "seq", nested, all, encoding => encoding.SequenceIds, check);
        Lists(expected, "word_ids", nested, all, encoding => encoding.WordIds, check);
    }

    private static void Lists(JsonElement expected, string name, bool nested, List<Encoding> encodings, Func<Encoding, int[]> part, ExactCheck check)
    {
        if (!expected.TryGetProperty(name, out var lists)) return;
        if (!nested)
        {
            check.Ids(name, lists, part(encodings[0]));
            return;
        }

        if (lists.GetArrayLength() != encodings.Count)
        {
            check.Fail($"{name}: got {encodings.Count} rows, recorded {lists.GetArrayLength()}");
            return;
        }

        for (int i = 0; i < encodings.Count; i++) check.Ids($"{name}[{i}]", lists[i], part(encodings[i]));
    }

    private static EncodeOptions Options(JsonElement args) => new()
    {
        AddSpecialTokens = !args.TryGetProperty("add_special_tokens", out var special) || special.GetBoolean(),
        MaxLength = args.TryGetProperty("max_length", out var length) ? length.GetInt32() : null,
        Stride = args.TryGetProperty("stride", out var stride) ? stride.GetInt32() : 0,
        PadToMultipleOf = args.TryGetProperty("pad_to_multiple_of", out var multiple) ? multiple.GetInt32() : null,
        PaddingSide = args.TryGetProperty("padding_side", out var padding) ? padding.GetString() : null,
        TruncationSide = args.TryGetProperty("truncation_side", out var side) ? side.GetString() : null,
        Truncation = !args.TryGetProperty("truncation", out var truncation) ? TruncationStrategy.None
            : truncation.ValueKind is JsonValueKind.True ? TruncationStrategy.LongestFirst
            : truncation.ValueKind is JsonValueKind.False ? TruncationStrategy.None
            : truncation.GetString() switch { "longest_first" => TruncationStrategy.LongestFirst, "only_first" => TruncationStrategy.OnlyFirst, _ => TruncationStrategy.OnlySecond },
        Padding = !args.TryGetProperty("padding", out var fill) || fill.ValueKind == JsonValueKind.False ? PaddingStrategy.None
            : fill.ValueKind == JsonValueKind.True || fill.GetString() == "longest" ? PaddingStrategy.Longest : PaddingStrategy.MaxLength,
    };

    private static List<EncodeInput> Inputs(JsonElement args, GoldenTexts texts, out bool batch)
    {
        batch = false;
        if (args.TryGetProperty("words", out var words)) return [new EncodeInput(null) { Words = texts.Words[words.GetInt32()] }];
        var first = args.GetProperty("text");
        bool pair = args.TryGetProperty("text_pair", out var second);
        batch = first.ValueKind == JsonValueKind.Array;
        if (!batch)
        {
            // The reference takes an empty second text for none.
            string? other = pair ? texts[second.GetString()!] : null;
            return [new EncodeInput(texts[first.GetString()!], other is "" ? null : other)];
        }

        var inputs = new List<EncodeInput>();
        for (int i = 0; i < first.GetArrayLength(); i++)
        {
            inputs.Add(new EncodeInput(texts[first[i].GetString()!], pair ? texts[second[i].GetString()!] : null));
        }

        return inputs;
    }
}
