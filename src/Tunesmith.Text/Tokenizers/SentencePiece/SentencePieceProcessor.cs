using System.Text;
using Tunesmith.Text.Tokenizers.Loading;
using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Normalizers;

namespace Tunesmith.Text.Tokenizers.SentencePiece;

/// <summary>One piece that the sentencepiece library finds: its offsets count bytes of the text's UTF-8.</summary>
public readonly record struct SentencePieceToken(int Id, string Piece, int Start, int End);

/// <summary>A SentencePiece model used as the sentencepiece library uses it (normalizer.cc, bpe_model.cc, unigram_model.cc).</summary>
public sealed class SentencePieceProcessor
{
    private static readonly byte[] Mark = "\u2581"u8.ToArray();

    private readonly SentencePieceFile _file;
    private readonly CharsMap? _map;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly PieceTrie _userDefined = new();
    private readonly PieceTrie _pieces = new();
    private readonly int _unknown;
    private readonly float _worst;
    private readonly float _best;

    private SentencePieceProcessor(SentencePieceFile file, string path)
    {
        _file = file;
        if (file.CharsMap.Length > 0) _map = CharsMap.Parse(file.CharsMap, path);
        (_worst, _best) = (float.MaxValue, float.MinValue);
        for (int id = 0; id < file.Pieces.Count; id++)
        {
            (string text, float score, PieceKind kind) = file.Pieces[id];
            if (kind == PieceKind.Unknown) _unknown = id;
            var utf8 = System.Text.Encoding.UTF8.GetBytes(text);
            if (kind is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused)
            {
                _ids[text] = id;
                _pieces.Add(utf8, id);
            }

            if (kind == PieceKind.UserDefined) _userDefined.Add(utf8, id);
            if (kind != PieceKind.Normal) continue;
            _worst = Math.Min(_worst, score);
            _best = Math.Max(_best, score);
        }
    }

    public int Count => _file.Pieces.Count;

    public int UnkId => _unknown;

    public static SentencePieceProcessor Load(string path) => new(SentencePieceFile.Read(path), path);

    /// <summary>The text after the model's own normalisation, white space as marks.</summary>
    public string Normalize(string text) => System.Text.Encoding.UTF8.GetString(Normalized(text).Bytes);

    public List<SentencePieceToken> Encode(string text)
    {
        (byte[] bytes, int[] origins) = Normalized(text);
        var spans = bytes.Length == 0 ? [] : _file.ModelType switch
        {
            2 => EncodeBpe(bytes),
            4 => EncodeChars(bytes),
            1 => EncodeUnigram(bytes),
            _ => throw TokenizerErrors.BadModelFile("", 0, "a model of words, which is not supported"),
        };
        var tokens = new List<SentencePieceToken>();
        foreach (var span in spans)
        {
            string piece = System.Text.Encoding.UTF8.GetString(bytes, span.Start, span.End - span.Start);
            (int start, int end) = (origins[span.Start], origins[span.End]);
            if (span.Id != _unknown) tokens.Add(new SentencePieceToken(span.Id, piece, start, end));
            else if (_file.ByteFallback) AddBytes(bytes.AsSpan(span.Start, span.End - span.Start), start, end, tokens);
            else AddUnknown(piece, start, end, tokens);
        }

        return tokens;
    }

    /// <summary>Neighbouring unknown pieces are one.</summary>
    private void AddUnknown(string piece, int start, int end, List<SentencePieceToken> tokens)
    {
        if (tokens.Count > 0 && tokens[^1].Id == _unknown) tokens[^1] = tokens[^1] with { Piece = tokens[^1].Piece + piece, End = end };
        else tokens.Add(new SentencePieceToken(_unknown, piece, start, end));
    }

    /// <summary>The bytes of an unknown character: all but the last stand at its start, the last covers it.</summary>
    private void AddBytes(ReadOnlySpan<byte> bytes, int start, int end, List<SentencePieceToken> tokens)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            string piece = $"<0x{bytes[i]:X2}>";
            int id = _file.Pieces.FindIndex(known => known.Kind == PieceKind.Byte && known.Text == piece);
            tokens.Add(new SentencePieceToken(id < 0 ? _unknown : id, piece, start, i == bytes.Length - 1 ? end : start));
        }
    }

    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        var bytes = new List<byte>();
        bool atStart = true;
        foreach (int id in ids)
        {
            if (id < 0 || id >= Count) throw TokenizerErrors.UnknownId(id, Count);
            (string piece, _, PieceKind kind) = _file.Pieces[id];
            if (kind == PieceKind.Byte && ByteOf(piece) is { } value)
            {
                bytes.Add(value);
                atStart = false;
                continue;
            }

            Flush(bytes, text);
            if (kind == PieceKind.Control) continue;
            if (kind == PieceKind.Unknown)
            {
                text.Append(_file.UnkSurface);
            }
            else if (atStart && (_file.AddDummyPrefix || _file.RemoveExtraWhitespaces) && !_file.TreatWhitespaceAsSuffix)
            {
                // One mark at the start is the one that was put there; without extra white space all of them are.
                string rest = piece.StartsWith('\u2581') ? piece[1..] : piece;
                if (_file.RemoveExtraWhitespaces) rest = piece.TrimStart('\u2581');
                text.Append(rest.Replace('\u2581', ' '));
                if (rest.Length == 0 && _file.RemoveExtraWhitespaces) continue;
            }
            else
            {
                text.Append(piece.Replace('\u2581', ' '));
            }

            atStart = false;
        }

        Flush(bytes, text);
        return text.ToString();
    }

    private static byte? ByteOf(string piece) => Decoders.ByteFallback.ByteOf(piece);

    /// <summary>Bytes that make no character become U+FFFD one by one.</summary>
    private static void Flush(List<byte> bytes, StringBuilder text)
    {
        var rest = bytes.ToArray().AsSpan();
        while (!rest.IsEmpty)
        {
            bool whole = Rune.DecodeFromUtf8(rest, out var rune, out int taken) == System.Buffers.OperationStatus.Done;
            text.Append(whole ? rune.ToString() : "\uFFFD");
            rest = rest[(whole ? taken : 1)..];
        }

        bytes.Clear();
    }

    private (byte[] Bytes, int[] Origins) Normalized(string text)
    {
        var input = System.Text.Encoding.UTF8.GetBytes(NormalizedText.WellFormed(text));
        var output = new List<byte>(input.Length + 3);
        var origins = new List<int>(input.Length + 4);
        int at = 0;
        if (_file.RemoveExtraWhitespaces)
        {
            while (at < input.Length)
            {
                var prefix = Prefix(input.AsSpan(at), out int taken);
                if (!prefix.SequenceEqual(" "u8)) break;
                at += taken;
            }
        }

        if (at == input.Length) return ([], [at]);
        if (_file.AddDummyPrefix && !_file.TreatWhitespaceAsSuffix) AddSpace(output, origins, at);
        bool afterSpace = _file.RemoveExtraWhitespaces;
        while (at < input.Length)
        {
            var prefix = Prefix(input.AsSpan(at), out int taken);
            while (afterSpace && prefix.StartsWith(" "u8)) prefix = prefix[1..];
            foreach (byte b in prefix)
            {
                if (b == ' ' && _file.EscapeWhitespaces)
                {
                    AddSpace(output, origins, at);
                    continue;
                }

                output.Add(b);
                origins.Add(at);
            }

            if (!prefix.IsEmpty) afterSpace = prefix.EndsWith(" "u8);
            at += taken;
            if (!_file.RemoveExtraWhitespaces) afterSpace = false;
        }

        if (_file.RemoveExtraWhitespaces) TrimEnd(output, origins, ref at);
        if (_file.AddDummyPrefix && _file.TreatWhitespaceAsSuffix) AddSpace(output, origins, at);
        origins.Add(at);
        return ([.. output], [.. origins]);
    }

    private void TrimEnd(List<byte> output, List<int> origins, ref int end)
    {
        byte[] space = _file.EscapeWhitespaces ? Mark : [(byte)' '];
        while (output.Count >= space.Length && output[^space.Length..].SequenceEqual(space))
        {
            end = origins[^space.Length];
            output.RemoveRange(output.Count - space.Length, space.Length);
            origins.RemoveRange(origins.Count - space.Length, space.Length);
        }
    }

    private void AddSpace(List<byte> output, List<int> origins, int at)
    {
        foreach (byte b in _file.EscapeWhitespaces ? Mark : " "u8)
        {
            output.Add(b);
            origins.Add(at);
        }
    }

    /// <summary>What the next stretch of the input normalises to: a user-defined piece stays, the longest rule applies, else one character.</summary>
    private ReadOnlySpan<byte> Prefix(ReadOnlySpan<byte> input, out int taken)
    {
        int own = _userDefined.Longest(input, out _);
        if (own > 0)
        {
            taken = own;
            return input[..own];
        }

        if (_map is not null && _map.TryMapLongest(input, out var replacement, out taken)) return replacement;
        Rune.DecodeFromUtf8(input, out _, out taken);
        return input[..taken];
    }

    private readonly record struct Span(int Start, int End, int Id);

    private List<Span> EncodeChars(byte[] bytes)
    {
        var spans = new List<Span>();
        foreach (var symbol in Symbols(bytes)) spans.Add(new Span(symbol.Start, symbol.End, IdOf(bytes, symbol.Start, symbol.End)));
        return spans;
    }

    private int IdOf(byte[] bytes, int start, int end) =>
        _ids.GetValueOrDefault(System.Text.Encoding.UTF8.GetString(bytes, start, end - start), _unknown);

    /// <summary>Characters, and user-defined pieces as one symbol each that never merges.</summary>
    private List<(int Start, int End, bool Frozen)> Symbols(byte[] bytes)
    {
        var symbols = new List<(int, int, bool)>();
        for (int at = 0; at < bytes.Length;)
        {
            int own = _userDefined.Longest(bytes.AsSpan(at), out _);
            int taken = own;
            if (own == 0) Rune.DecodeFromUtf8(bytes.AsSpan(at), out _, out taken);
            symbols.Add((at, at + taken, own > 0));
            at += taken;
        }

        return symbols;
    }

    /// <summary>Merges the neighbours whose joint piece scores best, the leftmost among equals.</summary>
    private List<Span> EncodeBpe(byte[] bytes)
    {
        var symbols = Symbols(bytes);
        int count = symbols.Count;
        var starts = symbols.ConvertAll(symbol => symbol.Start);
        var ends = symbols.ConvertAll(symbol => symbol.End);
        var previous = Enumerable.Range(-1, count).ToArray();
        var next = Enumerable.Range(1, count).ToArray();
        var queue = new PriorityQueue<(int Left, int Right, int Size), (float Cost, int Left)>();
        var parts = new Dictionary<string, (int Cut, int Id)>(StringComparer.Ordinal);
        for (int i = 0; i + 1 < count; i++) Offer(i, i + 1);
        while (queue.TryDequeue(out var pair, out _))
        {
            if (ends[pair.Left] == starts[pair.Left] || ends[pair.Right] == starts[pair.Right] || ends[pair.Right] - starts[pair.Left] != pair.Size || next[pair.Left] != pair.Right) continue;
            ends[pair.Left] = ends[pair.Right];
            starts[pair.Right] = ends[pair.Right];
            next[pair.Left] = next[pair.Right];
            if (next[pair.Left] < count) previous[next[pair.Left]] = pair.Left;
            if (previous[pair.Left] >= 0) Offer(previous[pair.Left], pair.Left);
            if (next[pair.Left] < count) Offer(pair.Left, next[pair.Left]);
        }

        var spans = new List<Span>();
        for (int i = 0; i < count; i = next[i]) Resegment(System.Text.Encoding.UTF8.GetString(bytes, starts[i], ends[i] - starts[i]), starts[i]);
        return spans;

        void Offer(int left, int right)
        {
            if (symbols[left].Frozen || symbols[right].Frozen) return;
            string piece = System.Text.Encoding.UTF8.GetString(bytes, starts[left], ends[right] - starts[left]);
            if (!_ids.TryGetValue(piece, out int id)) return;
            queue.Enqueue((left, right, ends[right] - starts[left]), (-_file.Pieces[id].Score, left));
            if (_file.Pieces[id].Kind == PieceKind.Unused) parts[piece] = (ends[left] - starts[left], id);
        }

        // A piece that the training marked unused falls apart again into what it was merged from.
        void Resegment(string piece, int start)
        {
            int id = _ids.GetValueOrDefault(piece, _unknown);
            int length = System.Text.Encoding.UTF8.GetByteCount(piece);
            if (id == _unknown || _file.Pieces[id].Kind != PieceKind.Unused || !parts.TryGetValue(piece, out var cut))
            {
                spans.Add(new Span(start, start + length, id));
                return;
            }

            Resegment(System.Text.Encoding.UTF8.GetString(bytes, start, cut.Cut), start);
            Resegment(System.Text.Encoding.UTF8.GetString(bytes, start + cut.Cut, length - cut.Cut), start + cut.Cut);
        }
    }

    private List<Span> EncodeUnigram(byte[] bytes)
    {
        const float UnknownPenalty = 10;
        var scores = new float[bytes.Length + 1];
        var froms = new int[bytes.Length + 1];
        var ids = new int[bytes.Length + 1];
        Array.Fill(froms, -1);
        float unknownScore = _worst - UnknownPenalty;
        for (int start = 0; start < bytes.Length;)
        {
            Rune.DecodeFromUtf8(bytes.AsSpan(start), out _, out int width);
            bool covered = false;
            foreach ((int length, int id) in _pieces.All(bytes, start))
            {
                var kind = _file.Pieces[id].Kind;
                if (kind == PieceKind.Unused) continue;
                // A user-defined piece scores above everything of its length.
                float score = kind == PieceKind.UserDefined ? length * _best - 0.1f : _file.Pieces[id].Score;
                Offer(start, start + length, id, scores[start] + score);
                covered |= length == width;
            }

            if (!covered) Offer(start, start + width, _unknown, scores[start] + unknownScore);
            start += width;
        }

        var spans = new List<Span>();
        for (int end = bytes.Length; end > 0; end = froms[end]) spans.Add(new Span(froms[end], end, ids[end]));
        spans.Reverse();
        return spans;

        void Offer(int start, int end, int id, float score)
        {
            if (froms[end] >= 0 && score <= scores[end]) return;
            (froms[end], ids[end], scores[end]) = (start, id, score);
        }
    }

    /// <summary>Pieces by their bytes.</summary>
    private sealed class PieceTrie
    {
        private readonly Dictionary<(int Node, byte Byte), int> _next = [];
        private readonly List<int> _ids = [-1];

        public void Add(ReadOnlySpan<byte> key, int id)
        {
            int node = 0;
            foreach (byte b in key)
            {
                if (!_next.TryGetValue((node, b), out int child))
                {
                    child = _ids.Count;
                    _ids.Add(-1);
                    _next[(node, b)] = child;
                }

                node = child;
            }

            if (node != 0) _ids[node] = id;
        }

        public int Longest(ReadOnlySpan<byte> text, out int id)
        {
            id = -1;
            int longest = 0;
            int node = 0;
            for (int i = 0; i < text.Length && _next.TryGetValue((node, text[i]), out node); i++)
            {
                if (_ids[node] < 0) continue;
                longest = i + 1;
                id = _ids[node];
            }

            return longest;
        }

        public IEnumerable<(int Length, int Id)> All(byte[] text, int start)
        {
            int node = 0;
            for (int i = start; i < text.Length && _next.TryGetValue((node, text[i]), out node); i++)
            {
                if (_ids[node] >= 0) yield return (i + 1 - start, _ids[node]);
            }
        }
    }
}
