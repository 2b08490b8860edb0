namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>Tokens and their ids.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly string?[] _tokens;

    public Vocabulary(Dictionary<string, int> ids, string file)
    {
        _ids = ids;
        _lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        int most = -1;
        foreach ((string token, int id) in ids)
        {
            // A sparse id would make every table as large as the id.
            if (id < 0 || id > 4L * ids.Count + 1_000_000) throw TokenizerErrors.BadValue(file, $"the id of '{token}'", $"{id}", "an id from 0 to about the size of the vocabulary");
            most = Math.Max(most, id);
        }

        _tokens = new string?[most + 1];
        foreach ((string token, int id) in ids) _tokens[id] = token;
    }

    public int Count => _ids.Count;

    public IReadOnlyDictionary<string, int> Ids => _ids;

    public bool TryGet(ReadOnlySpan<char> token, out int id) => _lookup.TryGetValue(token, out id);

    public int? Find(string? token) => token is not null && _ids.TryGetValue(token, out int id) ? id : null;

    public string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;
}
