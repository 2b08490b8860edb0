namespace Tunesmith.Text.Tokenizers.Training;

/// <summary>What a trainer may learn.</summary>
internal sealed record TrainerSettings
{
    public int VocabSize { get; init; } = 30_000;

    public long MinFrequency { get; init; }

    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>Longest token in characters of the alphabet.</summary>
    public int? MaxTokenLength { get; init; }

    /// <summary>Characters that are in the vocabulary whether seen or not.</summary>
    public IReadOnlyList<char> InitialAlphabet { get; init; } = [];
}

/// <summary>
/// Learns byte-pair merges from counted words: the most frequent pair first, the smaller ids among equals
/// (tokenizers, models/bpe/trainer.rs, without affixes).
/// </summary>
internal sealed class BpeTrainer
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<string> _tokens = [];
    private readonly List<List<(int Id, int Length)>> _words = [];
    private readonly List<long> _counts = [];
    private readonly Dictionary<(int, int), long> _pairs = [];
    private readonly int _mostLength;

    private BpeTrainer(TrainerSettings settings) => _mostLength = settings.MaxTokenLength ?? int.MaxValue;

    public static (IReadOnlyList<string> Vocabulary, IReadOnlyList<(string Left, string Right)> Merges) Train(IReadOnlyDictionary<string, long> words, TrainerSettings settings)
    {
        var trainer = new BpeTrainer(settings);
        foreach (string token in settings.SpecialTokens) trainer.IdOf(token);
        trainer.AddAlphabet(words, settings.InitialAlphabet);
        trainer.AddWords(words);
        return (trainer._tokens, trainer.Learn(settings));
    }

    private int IdOf(string token)
    {
        if (_ids.TryGetValue(token, out int id)) return id;
        _ids[token] = id = _tokens.Count;
        _tokens.Add(token);
        return id;
    }

    private void AddAlphabet(IReadOnlyDictionary<string, long> words, IReadOnlyList<char> initial)
    {
        var alphabet = new SortedSet<int>(initial.Select(c => (int)c));
        foreach (string word in words.Keys)
        {
            foreach (var rune in word.EnumerateRunes()) alphabet.Add(rune.Value);
        }

        foreach (int rune in alphabet) IdOf(char.ConvertFromUtf32(rune));
    }

    private void AddWords(IReadOnlyDictionary<string, long> words)
    {
        foreach ((string word, long count) in words)
        {
            _words.Add([.. word.EnumerateRunes().Select(rune => (IdOf(rune.ToString()), 1))]);
            _counts.Add(count);
        }
    }

    private List<(string, string)> Learn(TrainerSettings settings)
    {
        var queue = new PriorityQueue<((int Left, int Right) Pair, long Count, HashSet<int> Words), (long, int, int)>();
        var where = new Dictionary<(int, int), HashSet<int>>();
        for (int i = 0; i < _words.Count; i++)
        {
            for (int k = 0; k + 1 < _words[i].Count; k++) Change((_words[i][k].Id, _words[i][k + 1].Id), 1, i, where);
        }

        var merges = new List<(string, string)>();
        Enqueue(where, queue);
        while (_tokens.Count < settings.VocabSize && queue.TryDequeue(out var top, out _))
        {
            long now = _pairs[top.Pair];
            if (now != top.Count)
            {
                if (now > 0) queue.Enqueue((top.Pair, now, top.Words), (-now, top.Pair.Left, top.Pair.Right));
                continue;
            }

            if (now < 1 || settings.MinFrequency > now) break;
            (string left, string right) = (_tokens[top.Pair.Left], _tokens[top.Pair.Right]);
            int id = IdOf(left + right);
            merges.Add((left, right));
            where.Clear();
            foreach (int word in top.Words) Merge(word, top.Pair, id, where);
            Enqueue(where, queue);
        }

        return merges;
    }

    private void Enqueue(Dictionary<(int, int), HashSet<int>> where, PriorityQueue<((int Left, int Right) Pair, long Count, HashSet<int> Words), (long, int, int)> queue)
    {
        foreach ((var pair, var words) in where)
        {
            if (_pairs[pair] > 0) queue.Enqueue((pair, _pairs[pair], words), (-_pairs[pair], pair.Item1, pair.Item2));
        }
    }

    private void Change((int, int) pair, int sign, int word, Dictionary<(int, int), HashSet<int>> where)
    {
        _pairs[pair] = _pairs.GetValueOrDefault(pair) + sign * _counts[word];
        if (sign < 0) return;
        if (!where.TryGetValue(pair, out var words)) where[pair] = words = [];
        words.Add(word);
    }

    private void Merge(int word, (int Left, int Right) pair, int id, Dictionary<(int, int), HashSet<int>> where)
    {
        var symbols = _words[word];
        for (int i = 0; i + 1 < symbols.Count; i++)
        {
            if (symbols[i].Id != pair.Left || symbols[i + 1].Id != pair.Right) continue;
            int length = symbols[i].Length + symbols[i + 1].Length;
            if (i > 0)
            {
                Change((symbols[i - 1].Id, pair.Left), -1, word, where);
                if (symbols[i - 1].Length + length < _mostLength) Change((symbols[i - 1].Id, id), 1, word, where);
            }

            symbols[i] = (id, length);
            symbols.RemoveAt(i + 1);
            if (i + 1 >= symbols.Count) continue;
            Change((pair.Right, symbols[i + 1].Id), -1, word, where);
            if (symbols[i + 1].Length + length < _mostLength) Change((id, symbols[i + 1].Id), 1, word, where);
        }
    }
}

/// <summary>Learns a vocabulary of whole words: the most frequent first, in the order of their characters among equals.</summary>
internal static class WordLevelTrainer
{
    public static IReadOnlyList<string> Train(IReadOnlyDictionary<string, long> words, TrainerSettings settings)
    {
        var vocabulary = new List<string>(settings.SpecialTokens);
        var known = new HashSet<string>(vocabulary, StringComparer.Ordinal);
        foreach ((string word, long count) in words.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (vocabulary.Count >= settings.VocabSize || count < settings.MinFrequency) break;
            if (known.Add(word)) vocabulary.Add(word);
        }

        return vocabulary;
    }
}

/// <summary>Counts the pieces that a normalizer and a pre-tokenizer make of texts.</summary>
internal static class WordCounter
{
    public static Dictionary<string, long> Count(IEnumerable<string> texts, Normalizers.Normalizer? normalizer, PreTokenizers.PreTokenizer preTokenizer)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            var source = new NormalizedText(NormalizedText.WellFormed(text));
            normalizer?.Apply(source);
            if (source.Length == 0) continue;
            foreach (var piece in preTokenizer.Split([new Piece(source, 0, source.Length)]))
            {
                string word = piece.Span.ToString();
                counts[word] = counts.GetValueOrDefault(word) + 1;
            }
        }

        return counts;
    }
}
