using Tunesmith.Text.Tokenizers.PostProcessors;

namespace Tunesmith.Text.Tokenizers;

/// <summary>What happens to encoded texts after the model: truncation, special tokens, padding.</summary>
internal sealed class BatchProcessing(Tokenizer tokenizer, EncodeOptions options)
{
    public Encoding Shorten(Encoding first, Encoding? second)
    {
        var processor = tokenizer.Parts.PostProcessor;
        int special = options.AddSpecialTokens ? processor?.AddedTokens(second is not null) ?? 0 : 0;
        if (options.Truncation != TruncationStrategy.None)
        {
            int most = options.MaxLength ?? tokenizer.ModelMaxLength;
            int room = most - special;
            // Where the special tokens alone are longer than max_length the reference leaves the text whole.
            if (room >= 0)
            {
                if (room < options.Stride) throw TokenizerErrors.StrideTooLarge(options.Stride, most, special);
                (first, second) = EncodingWindows.Truncate(first, second, room, options, (options.TruncationSide ?? tokenizer.TruncationSide) == "left");
            }
        }

        List<Encoding> encodings = [Numbered(first, 0)];
        if (second is not null) encodings.Add(Numbered(second, 1));
        if (processor is not null) encodings = processor.Apply(encodings, options.AddSpecialTokens);
        var whole = encodings.Count == 0 ? new Encoding([], []) : encodings[0];
        for (int i = 1; i < encodings.Count; i++) whole = EncodingWindows.Join(whole, encodings[i]);
        return whole;
    }

    public IReadOnlyList<Encoding> Finish(List<Encoding> encodings)
    {
        if (options.Padding == PaddingStrategy.None || encodings.Count == 0) return encodings;
        if (options is { Truncation: not TruncationStrategy.None, PadToMultipleOf: > 1 and var unit, MaxLength: { } most } && most % unit != 0)
        {
            throw TokenizerErrors.LengthNotMultiple(most, unit);
        }

        int length = options.Padding == PaddingStrategy.MaxLength
            ? options.MaxLength ?? tokenizer.ModelMaxLength
            : encodings.Max(encoding => encoding.Count);
        if (options.PadToMultipleOf is > 0 and var multiple && length % multiple != 0) length += multiple - length % multiple;
        int id = tokenizer.PadId ?? throw TokenizerErrors.NoPadToken();
        var padding = new EncodedToken(id, tokenizer.PadToken!, default, default, -1, 0, -1, IsSpecial: true, IsPadding: true);
        bool left = (options.PaddingSide ?? tokenizer.PaddingSide) == "left";
        return encodings.ConvertAll(encoding => EncodingWindows.Pad(encoding, length, padding, left));
    }

    private static Encoding Numbered(Encoding encoding, int sequence) =>
        EncodingWindows.Map(encoding, (token, _) => token with { Sequence = sequence, TypeId = sequence });
}
