using Tunesmith.Data.Formats;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data.Examples;

/// <summary>A text, or two, with the tokenizer's own marks around them; cut to the longest input, of two texts the longer one first.</summary>
internal sealed class ClassEncoder(Tokenizer tokenizer, int cutoff)
{
    private readonly EncodeOptions _options = new() { Truncation = TruncationStrategy.LongestFirst, MaxLength = cutoff };

    private bool _pairs;

    public Prepared Encode(ClassRow row)
    {
        _pairs |= row.Pair is not null;
        var encoding = tokenizer.Encode(new EncodeInput(row.Text, row.Pair), _options);
        int[] types = encoding.TypeIds;
        var example = new TokenizedExample { InputIds = encoding.Ids, Labels = [], TokenTypeIds = Array.Exists(types, t => t != 0) ? types : null };
        return new Prepared(example, row.Place, Truncated: encoding.Overflowing.Count > 0, Empty: row.Text.Length == 0) { Labels = row.Labels };
    }

    /// <summary>Refuses less room than the tokenizer's own marks take: it would cut nothing at all then.</summary>
    public void CheckRoom()
    {
        int marks = tokenizer.Encode(new EncodeInput("", _pairs ? "" : null), new EncodeOptions()).Ids.Length;
        if (cutoff < marks) throw Errors.CutoffBelowMarks(cutoff, marks);
    }
}
