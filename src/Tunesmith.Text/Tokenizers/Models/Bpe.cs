using System.Globalization;
using System.Text;
using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>What a byte-pair encoding does at its edges; the fields of tokenizer.json.</summary>
internal sealed record BpeSettings
{
    /// <summary>Merges left out by chance while training; kept for the file, never drawn when encoding.</summary>
    public float? Dropout { get; init; }

    public string? UnkToken { get; init; }

    public string? ContinuingSubwordPrefix { get; init; }

    public string? EndOfWordSuffix { get; init; }

    public bool FuseUnk { get; init; }

    public bool ByteFallback { get; init; }

    public bool IgnoreMerges { get; init; }
}

/// <summary>Byte-pair encoding (Sennrich et al. 2016).</summary>
internal sealed class Bpe : Model
{
    private const char Mark = '\u2581';

    private readonly BpeSettings _settings;
    private readonly IReadOnlyList<(string Left, string Right)> _merges;
    private readonly PairTable _pairs;
    private readonly int[]? _byteIds;
    private readonly int? _unknown;
    private readonly int[] _basic = new int[0x250];
    private readonly string _prefix;
    private readonly string _suffix;

    public Bpe(Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> merges, BpeSettings settings, string file)
        : base(vocabulary)
    {
        _settings = settings;
        _merges = merges;
        _prefix = settings.ContinuingSubwordPrefix ?? "";
        _suffix = settings.EndOfWordSuffix ?? "";
        _unknown = vocabulary.Find(settings.UnkToken);
        _pairs = BuildPairs(file);
        if (settings.ByteFallback) _byteIds = BuildByteIds();
        for (int c = 0; c < _basic.Length; c++) _basic[c] = vocabulary.TryGet([(char)c], out int id) ? id : -1;
        MarkStartsPieces = FindMarkStartsPieces();
    }

    public BpeSettings Settings => _settings;

    public IReadOnlyList<(string Left, string Right)> Merges => _merges;

    /// <summary>
    /// Whether no merge joins something with a SentencePiece mark that follows it: then the words of a text can be merged one by one.
    /// </summary>
    public bool MarkStartsPieces { get; }

    public override void Tokenize(ReadOnlySpan<char> piece, Workspace work, TokenBuffer output)
    {
        if (piece.IsEmpty) return;
        if (_settings.IgnoreMerges && Vocabulary.TryGet(piece, out int whole))
        {
            output.Add(whole, 0, piece.Length);
            return;
        }

        var word = work.Word;
        word.Clear();
        if (_prefix.Length == 0 && _suffix.Length == 0) AddPlain(piece, work, word);
        else AddDecorated(piece, work, word);
        word.Merge(_pairs);
        int count = output.Count;
        word.CopyTo(output);
        if (work.Dropped.Count == 0) return;
        DroppedCharacters.Shift(piece, work.Dropped, output, count);
        work.Dropped.Clear();
    }

    private void AddPlain(ReadOnlySpan<char> piece, Workspace work, BpeWord word)
    {
        var unknown = new UnknownRun(_settings.FuseUnk);
        for (int i = 0; i < piece.Length;)
        {
            char c = piece[i];
            int length = 1;
            int id = -1;
            if (c < _basic.Length)
            {
                id = _basic[c];
            }
            else
            {
                Runes.At(piece, i, out length);
                if (!Vocabulary.TryGet(piece.Slice(i, length), out id)) id = -1;
            }

            if (id >= 0)
            {
                unknown.Flush(word);
                word.Add(id, i, i + length);
            }
            else
            {
                AddUnknown(piece.Slice(i, length), i, i + length, work, ref unknown);
            }

            i += length;
        }

        unknown.Flush(word);
    }

    private void AddDecorated(ReadOnlySpan<char> piece, Workspace work, BpeWord word)
    {
        var unknown = new UnknownRun(_settings.FuseUnk);
        for (int i = 0; i < piece.Length;)
        {
            Runes.At(piece, i, out int length);
            work.Text.Clear();
            if (i > 0) work.Text.Add(_prefix);
            work.Text.Add(piece.Slice(i, length));
            if (i + length == piece.Length) work.Text.Add(_suffix);
            if (Vocabulary.TryGet(work.Text.Span, out int id))
            {
                unknown.Flush(word);
                word.Add(id, i, i + length);
            }
            else
            {
                AddUnknown(work.Text.Span, i, i + length, work, ref unknown);
            }

            i += length;
        }

        unknown.Flush(word);
    }

    private void AddUnknown(ReadOnlySpan<char> text, int start, int end, Workspace work, ref UnknownRun unknown)
    {
        if (_byteIds is not null && AddBytes(text, start, end, work.Word)) return;
        if (_settings.UnkToken is null) work.Dropped.Add((start, end));
        else unknown.Add(_unknown ?? throw TokenizerErrors.MissingUnknown("BPE"), start, end, work.Word);
    }

    private bool AddBytes(ReadOnlySpan<char> text, int start, int end, BpeWord word)
    {
        var utf8 = System.Text.Encoding.UTF8.GetBytes(text.ToString());
        foreach (byte b in utf8)
        {
            if (_byteIds![b] < 0) return false;
        }

        foreach (byte b in utf8) word.Add(_byteIds![b], start, end);
        return true;
    }

    /// <summary>Unknown characters on their way to become one unknown token (or one each).</summary>
    private struct UnknownRun(bool fuse)
    {
        private int _id = -1;
        private int _start = 0;
        private int _end = 0;

        public void Add(int id, int start, int end, BpeWord word)
        {
            if (_id >= 0 && fuse)
            {
                _end = end;
                return;
            }

            Flush(word);
            (_id, _start, _end) = (id, start, end);
        }

        public void Flush(BpeWord word)
        {
            if (_id < 0) return;
            word.Add(_id, _start, _end);
            _id = -1;
        }
    }

    private PairTable BuildPairs(string file)
    {
        var table = new PairTable(_merges.Count);
        var joined = new ScratchText(64);
        for (int rank = 0; rank < _merges.Count; rank++)
        {
            (string left, string right) = _merges[rank];
            if (!Vocabulary.TryGet(left, out int leftId)) throw TokenizerErrors.MergeOutOfVocabulary(file, rank + 1, left);
            if (!Vocabulary.TryGet(right, out int rightId)) throw TokenizerErrors.MergeOutOfVocabulary(file, rank + 1, right);
            joined.Clear();
            joined.Add(left);
            joined.Add(right.AsSpan(Math.Min(_prefix.Length, right.Length)));
            if (!Vocabulary.TryGet(joined.Span, out int id)) throw TokenizerErrors.MergeOutOfVocabulary(file, rank + 1, joined.Span.ToString());
            table.Set(leftId, rightId, rank, id);
        }

        return table;
    }

    private int[] BuildByteIds()
    {
        var ids = new int[256];
        for (int b = 0; b < 256; b++)
        {
            ids[b] = Vocabulary.Find(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>")) ?? -1;
        }

        return ids;
    }

    private bool FindMarkStartsPieces()
    {
        if (_prefix.Length + _suffix.Length > 0 || _settings.IgnoreMerges || !Vocabulary.TryGet([Mark], out _)) return false;
        foreach ((string left, string right) in _merges)
        {
            if (right.StartsWith(Mark) && !left.EndsWith(Mark)) return false;
        }

        return true;
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "BPE");
        if (_settings.Dropout is { } dropout) json.WriteNumber("dropout", dropout);
        else json.WriteNull("dropout");
        json.WriteString("unk_token", _settings.UnkToken);
        json.WriteString("continuing_subword_prefix", _settings.ContinuingSubwordPrefix);
        json.WriteString("end_of_word_suffix", _settings.EndOfWordSuffix);
        json.WriteBoolean("fuse_unk", _settings.FuseUnk);
        json.WriteBoolean("byte_fallback", _settings.ByteFallback);
        json.WriteBoolean("ignore_merges", _settings.IgnoreMerges);
        json.WriteVocabulary(Vocabulary);
        json.WriteStartArray("merges");
        foreach ((string left, string right) in _merges)
        {
            json.WriteStartArray();
            json.WriteStringValue(left);
            json.WriteStringValue(right);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
