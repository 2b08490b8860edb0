namespace Tunesmith.Text.Tokenizers;

/// <summary>Decodes ids one at a time and gives text out as soon as no later id can change it.</summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly List<int> _ids = [];
    private string _prefix = "";
    private int _prefixIndex;

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens) => (_tokenizer, _skipSpecialTokens) = (tokenizer, skipSpecialTokens);

    /// <summary>Takes the next id and returns the text that it completes, or nothing while a character is still half.</summary>
    public string Push(int id)
    {
        if (_prefix.Length == 0 && _ids.Count > 0 && _prefixIndex == 0) _prefix = "";
        _ids.Add(id);
        string text = Decode(0);
        if (text.Length <= _prefix.Length || text.EndsWith('\uFFFD')) return "";
        string added = text[_prefix.Length..];
        // The ids given out stay as context (a space before a word depends on them) until the next text is whole.
        _ids.RemoveRange(0, _prefixIndex);
        _prefix = Decode(0);
        _prefixIndex = _ids.Count;
        return added;
    }

    /// <summary>What is left when no more ids come.</summary>
    public string Finish()
    {
        string text = Decode(0);
        string rest = text.Length > _prefix.Length ? text[_prefix.Length..] : "";
        _ids.Clear();
        (_prefix, _prefixIndex) = ("", 0);
        return rest;
    }

    private string Decode(int from) => _tokenizer.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ids)[from..], _skipSpecialTokens);
}
