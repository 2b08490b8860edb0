using System.Globalization;
using System.Text;
using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>The unigram language model (Kudo 2018): the split whose pieces have the highest sum of log-probabilities.</summary>
internal sealed class Unigram : Model
{
    /// <summary>What an unknown character costs below the worst piece (sentencepiece, kUnkPenalty).</summary>
    private const double UnknownPenalty = 10.0;

    private readonly IReadOnlyList<(string Token, double Score)> _pieces;
    private readonly int? _unknown;
    private readonly bool _byteFallback;
    private readonly double _unknownScore;
    private readonly PairTable _trie;
    private readonly int[] _idAt;
    private readonly int[]? _byteIds;

    public Unigram(IReadOnlyList<(string Token, double Score)> pieces, Vocabulary vocabulary, int? unknown, bool byteFallback)
        : base(vocabulary)
    {
        _pieces = pieces;
        _unknown = unknown;
        _byteFallback = byteFallback;
        double worst = double.PositiveInfinity;
        foreach ((_, double score) in pieces) worst = Math.Min(worst, score);
        _unknownScore = worst - UnknownPenalty;
        (_trie, _idAt) = BuildTrie();
        if (byteFallback) _byteIds = BuildByteIds();
    }

    public override int NamedByText => _unknown ?? -1;

    public IReadOnlyList<(string Token, double Score)> Pieces => _pieces;

    public override void Tokenize(ReadOnlySpan<char> piece, Workspace work, TokenBuffer output)
    {
        if (piece.IsEmpty) return;
        var path = work.Path;
        path.Reset(piece.Length);
        for (int start = 0; start < piece.Length;)
        {
            Runes.At(piece, start, out int width);
            Extend(piece, start, width, path);
            start += width;
        }

        path.Backtrack(piece.Length);
        for (int i = path.Count - 1; i >= 0;)
        {
            (int start, int end, int id) = path.Steps[i--];
            // Neighbouring unknown characters are one token, which may happen to be a piece of the vocabulary.
            while (id == _unknown && i >= 0 && path.Steps[i].Id == _unknown) end = path.Steps[i--].End;
            Emit(piece, start, end, output);
        }
    }

    private void Extend(ReadOnlySpan<char> piece, int start, int width, UnigramPath path)
    {
        double before = path.Scores[start];
        bool covered = false;
        int node = 0;
        for (int i = start; i < piece.Length; i++)
        {
            ulong next = _trie.Get(node, piece[i]);
            if (next == ulong.MaxValue) break;
            node = (int)(uint)next;
            int id = _idAt[node];
            if (id < 0) continue;
            path.Offer(start, i + 1, id, before + _pieces[id].Score);
            covered |= i + 1 - start == width;
        }

        if (covered) return;
        path.Offer(start, start + width, _unknown ?? throw TokenizerErrors.MissingUnknown("Unigram"), before + _unknownScore);
    }

    private void Emit(ReadOnlySpan<char> piece, int start, int end, TokenBuffer output)
    {
        var text = piece[start..end];
        if (Vocabulary.TryGet(text, out int id))
        {
            output.Add(id, start, end);
            return;
        }

        if (_byteIds is not null)
        {
            int count = output.Count;
            var utf8 = System.Text.Encoding.UTF8.GetBytes(text.ToString());
            foreach (byte b in utf8)
            {
                if (_byteIds[b] < 0) break;
                output.Add(_byteIds[b], start, end);
            }

            if (output.Count - count == utf8.Length) return;
            output.Truncate(count);
        }

        output.Add(_unknown ?? throw TokenizerErrors.MissingUnknown("Unigram"), start, end);
    }

    private (PairTable Trie, int[] IdAt) BuildTrie()
    {
        long chars = 0;
        foreach ((string token, _) in _pieces) chars += token.Length;
        var trie = new PairTable((int)Math.Min(chars, int.MaxValue / 4));
        var idAt = new List<int> { -1 };
        for (int id = 0; id < _pieces.Count; id++)
        {
            int node = 0;
            foreach (char c in _pieces[id].Token)
            {
                ulong next = trie.Get(node, c);
                if (next == ulong.MaxValue)
                {
                    trie.Set(node, c, 0, idAt.Count);
                    node = idAt.Count;
                    idAt.Add(-1);
                }
                else
                {
                    node = (int)(uint)next;
                }
            }

            if (node != 0) idAt[node] = Vocabulary.Find(_pieces[id].Token) ?? id;
        }

        return (trie, [.. idAt]);
    }

    private int[] BuildByteIds()
    {
        var ids = new int[256];
        for (int b = 0; b < 256; b++) ids[b] = Vocabulary.Find(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>")) ?? -1;
        return ids;
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Unigram");
        if (_unknown is { } unknown) json.WriteNumber("unk_id", unknown);
        else json.WriteNull("unk_id");
        json.WriteStartArray("vocab");
        foreach ((string token, double score) in _pieces)
        {
            json.WriteStartArray();
            json.WriteStringValue(token);
            json.WriteScore(score);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteBoolean("byte_fallback", _byteFallback);
        json.WriteEndObject();
    }
}

/// <summary>The best path to every position of a piece.</summary>
internal sealed class UnigramPath
{
    private int[] _starts = new int[64];
    private int[] _ids = new int[64];

    public double[] Scores { get; private set; } = new double[64];

    public List<(int Start, int End, int Id)> Steps { get; } = [];

    public int Count => Steps.Count;

    public void Reset(int length)
    {
        if (length + 1 > Scores.Length)
        {
            int size = Math.Max(length + 1, Scores.Length * 2);
            Scores = new double[size];
            _starts = new int[size];
            _ids = new int[size];
        }

        Array.Fill(_starts, -1, 0, length + 1);
        Array.Clear(Scores, 0, length + 1);
    }

    /// <summary>On equal scores the path found first stays.</summary>
    public void Offer(int start, int end, int id, double score)
    {
        if (_starts[end] >= 0 && score <= Scores[end]) return;
        (_starts[end], _ids[end], Scores[end]) = (start, id, score);
    }

    public void Backtrack(int end)
    {
        Steps.Clear();
        while (end > 0)
        {
            Steps.Add((_starts[end], end, _ids[end]));
            end = _starts[end];
        }
    }
}
