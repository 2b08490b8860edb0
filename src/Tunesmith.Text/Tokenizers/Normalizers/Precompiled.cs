using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Normalizers;

/// <summary>
/// SentencePiece's compiled normalisation rules: a double-array trie of keys and a table of replacements. Applied as the reference
/// (tokenizers, normalizers/precompiled.rs) does: to a whole grapheme cluster shorter than 6 bytes, else character by character.
/// </summary>
internal sealed class Precompiled : Normalizer
{
    private const int LongestCluster = 6;

    private readonly byte[] _blob;
    private readonly CharsMap _map;
    private readonly bool[] _asciiStays = new bool[128];

    public Precompiled(byte[] blob, string file)
    {
        _blob = blob;
        _map = CharsMap.Parse(blob, file);
        for (int c = 0; c < 128; c++) _asciiStays[c] = c != '\r' && !_map.TryMapShortest([(byte)c], out _);
    }

    public override bool LeavesAlone(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (c >= 128 || !_asciiStays[c]) return false;
        }

        return true;
    }

    public override void Apply(NormalizedText text)
    {
        var span = text.Span;
        if (LeavesAlone(span)) return;
        var steps = new List<Normalization.Step>(span.Length + 8);
        bool changed = false;
        Span<byte> utf8 = stackalloc byte[16];
        for (int i = 0; i < span.Length;)
        {
            if (span[i] < 128 && _asciiStays[span[i]] && (i + 1 == span.Length || span[i + 1] < 128))
            {
                steps.Add(new Normalization.Step(span[i++], 0));
                continue;
            }

            int length = StringInfo.GetNextTextElementLength(span[i..]);
            changed |= MapCluster(span.Slice(i, length), steps, utf8);
            i += length;
        }

        if (!changed) return;
        var writer = new NormalizedText.Writer(text);
        foreach (var step in steps) writer.Emit(step.Rune, step.Change);
        text.Replace(writer);
    }

    private bool MapCluster(ReadOnlySpan<char> cluster, List<Normalization.Step> steps, Span<byte> utf8)
    {
        if (cluster.Length < LongestCluster && System.Text.Encoding.UTF8.GetByteCount(cluster) < LongestCluster)
        {
            int bytes = System.Text.Encoding.UTF8.GetBytes(cluster, utf8);
            if (_map.TryMapShortest(utf8[..bytes], out string whole))
            {
                Put(steps, Runes.Count(cluster), whole);
                return true;
            }
        }

        bool changed = false;
        for (int k = 0; k < cluster.Length;)
        {
            int rune = Runes.At(cluster, k, out int width);
            k += width;
            int bytes = new Rune(rune).EncodeToUtf8(utf8);
            if (_map.TryMapShortest(utf8[..bytes], out string part))
            {
                changed = true;
                Put(steps, 1, part);
            }
            else
            {
                steps.Add(new Normalization.Step(rune, 0));
            }
        }

        return changed;
    }

    /// <summary>
    /// Adds a replacement: what it has more counts as inserted, what it has less goes to the last character written, whatever that
    /// was; where there is none the reference loses the change, and source stretches move.
    /// </summary>
    private static void Put(List<Normalization.Step> steps, int oldCount, string replacement)
    {
        int newCount = Runes.Count(replacement);
        int at = 0;
        for (int k = 0; k < replacement.Length;)
        {
            int rune = Runes.At(replacement, k, out int width);
            k += width;
            steps.Add(new Normalization.Step(rune, at++ >= oldCount ? 1 : 0));
        }

        if (newCount < oldCount && steps.Count > 0) steps[^1] = steps[^1] with { Change = steps[^1].Change + newCount - oldCount };
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Precompiled");
        json.WriteBase64String("precompiled_charsmap", _blob);
        json.WriteEndObject();
    }
}

/// <summary>The trie and the replacements of a precompiled charsmap (darts-clone's unit layout).</summary>
internal sealed class CharsMap
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private CharsMap(uint[] units, byte[] replacements) => (_units, _replacements) = (units, replacements);

    public static CharsMap Parse(ReadOnlySpan<byte> blob, string file)
    {
        if (blob.Length < 4) throw TokenizerErrors.BadValue(file, "precompiled_charsmap", $"{blob.Length} bytes", "a trie and its replacements");
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(blob);
        if (size % 4 != 0 || size > blob.Length - 4) throw TokenizerErrors.BadValue(file, "precompiled_charsmap", $"a trie of {size} bytes in {blob.Length}", "a trie that fits");
        var units = new uint[size / 4];
        for (int i = 0; i < units.Length; i++) units[i] = BinaryPrimitives.ReadUInt32LittleEndian(blob[(4 + i * 4)..]);
        return new CharsMap(units, blob[(4 + (int)size)..].ToArray());
    }

    /// <summary>The replacement of the shortest key that the text starts with.</summary>
    public bool TryMapShortest(ReadOnlySpan<byte> text, out string replacement)
    {
        int value = Walk(text, longest: false, out _);
        replacement = value < 0 ? "" : System.Text.Encoding.UTF8.GetString(Replacement(value));
        return value >= 0;
    }

    /// <summary>The replacement of the longest key that the text starts with, and how many bytes the key has.</summary>
    public bool TryMapLongest(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement, out int taken)
    {
        int value = Walk(text, longest: true, out taken);
        replacement = value < 0 ? default : Replacement(value);
        return value >= 0;
    }

    private int Walk(ReadOnlySpan<byte> text, bool longest, out int taken)
    {
        taken = 0;
        int value = -1;
        if (_units.Length == 0) return value;
        uint position = Offset(_units[0]);
        for (int i = 0; i < text.Length && text[i] != 0; i++)
        {
            position ^= text[i];
            if (position >= _units.Length) return value;
            uint unit = _units[position];
            if ((unit & 0x800000FF) != text[i]) return value;
            position ^= Offset(unit);
            if ((unit >> 8 & 1) == 0) continue;
            if (position >= _units.Length) return value;
            value = (int)(_units[position] & 0x7FFFFFFF);
            taken = i + 1;
            if (!longest) return value;
        }

        return value;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);

    private ReadOnlySpan<byte> Replacement(int at)
    {
        if (at >= _replacements.Length) return default;
        var rest = _replacements.AsSpan(at);
        int end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }
}
