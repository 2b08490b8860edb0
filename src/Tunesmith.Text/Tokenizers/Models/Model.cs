using System.Text.Json;

namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>Turns one piece of text into tokens of a vocabulary.</summary>
internal abstract class Model(Vocabulary vocabulary)
{
    public Vocabulary Vocabulary => vocabulary;

    /// <summary>The unknown token of a model that names it by the text that it covers instead of its entry in the vocabulary; -1 for none.</summary>
    public virtual int NamedByText => -1;

    /// <summary>Adds the tokens of a piece; positions are UTF-16 characters of the piece.</summary>
    public abstract void Tokenize(ReadOnlySpan<char> piece, Workspace work, TokenBuffer output);

    public abstract void Write(Utf8JsonWriter json);
}

/// <summary>Tokens of one piece: ids and the characters that they cover.</summary>
internal sealed class TokenBuffer
{
    private int[] _ids = new int[32];
    private int[] _starts = new int[32];
    private int[] _ends = new int[32];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Count);

    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int id, int start, int end)
    {
        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, Count * 2);
            Array.Resize(ref _starts, Count * 2);
            Array.Resize(ref _ends, Count * 2);
        }

        (_ids[Count], _starts[Count], _ends[Count]) = (id, start, end);
        Count++;
    }

    public void Move(int index, int start, int end) => (_starts[index], _ends[index]) = (start, end);

    public void Truncate(int count) => Count = count;
}

/// <summary>What one thread needs while it encodes; rented, so that nothing is allocated per word.</summary>
internal sealed class Workspace
{
    private ScratchText _text = new(256);

    public ref ScratchText Text => ref _text;

    private char[] _marked = new char[256];

    /// <summary>Room for a text of so many characters.</summary>
    public Span<char> Marked(int length)
    {
        if (length > _marked.Length) _marked = new char[Math.Max(length, _marked.Length * 2)];
        return _marked.AsSpan(0, length);
    }

    public TokenBuffer Tokens { get; } = new();

    public BpeWord Word { get; } = new();

    public IdBuffer Ids { get; } = new();

    public WordCache Cache { get; } = new();

    public UnigramPath Path { get; } = new();

    /// <summary>Characters of the current piece that the model has no token for.</summary>
    public List<(int Start, int End)> Dropped { get; } = [];

    /// <summary>Appends a word's ids to <see cref="Ids"/>: from the cache, or from the model.</summary>
    public void AddWord(Model model, ReadOnlySpan<char> word)
    {
        if (Cache.TryGet(word, out var known))
        {
            Ids.Add(known);
            return;
        }

        Tokens.Clear();
        model.Tokenize(word, this, Tokens);
        Ids.Add(Tokens.Ids);
        Cache.Add(word, Tokens.Ids);
    }
}

/// <summary>A growing list of ids.</summary>
internal sealed class IdBuffer
{
    private int[] _ids = new int[256];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Span => _ids.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int id)
    {
        if (Count == _ids.Length) Array.Resize(ref _ids, Count * 2);
        _ids[Count++] = id;
    }

    public void Add(ReadOnlySpan<int> ids)
    {
        if (Count + ids.Length > _ids.Length) Array.Resize(ref _ids, Math.Max(_ids.Length * 2, Count + ids.Length));
        ids.CopyTo(_ids.AsSpan(Count));
        Count += ids.Length;
    }
}
