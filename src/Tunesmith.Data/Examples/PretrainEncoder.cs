using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data.Examples;

/// <summary>Plain text as tokens: each text ends with the end marker; packed into blocks or cut one by one (LLaMA-Factory data/processor/pretrain.py).</summary>
internal sealed class PretrainEncoder
{
    private readonly DataOptions _options;
    private readonly Tokenizer _tokenizer;
    private readonly bool _packs;
    private readonly string _eos;
    private readonly int? _bos;

    public PretrainEncoder(DataOptions options, Tokenizer tokenizer, bool addsBos)
    {
        _options = options;
        _tokenizer = tokenizer;
        _packs = options.Packs("pt");
        // The reference writes llama3's own marker, because its template has made another token the end of a turn.
        _eos = options.Template == "llama3" ? PretrainOptions.Llama3End : tokenizer.EosToken ?? throw Errors.NoEos();
        _bos = addsBos ? tokenizer.BosId : null;
    }

    public Prepared Encode(AlignedExample example)
    {
        if (example.Prompt.Count == 0) return new Prepared(null, example.Place, Omission.Turns, example.Faults);
        string text = example.Prompt[0].Content;
        int[] ids = _packs
            ? _tokenizer.EncodeIds(text + _eos)
            : _tokenizer.EncodeIds((_bos is null ? "" : _tokenizer.BosToken) + text + _eos);
        bool truncated = !_packs && ids.Length > _options.EffectiveCutoff;
        if (truncated) ids = ids[.._options.EffectiveCutoff];
        return new Prepared(Row(ids), example.Place, Omission.None, example.Faults, truncated, text.Length == 0);
    }

    /// <summary>The texts of one batch end to end, cut into blocks; what is left over is not used.</summary>
    public IEnumerable<TokenizedExample> Blocks(IReadOnlyList<TokenizedExample> texts) =>
        Processing.Blocks(texts.Select(t => t.InputIds), _options.EffectiveCutoff, _bos).Select(Row);

    // The reference's collator masks every padding token, which is the end marker where the two are one.
    private TokenizedExample Row(int[] ids) => new()
    {
        InputIds = ids,
        // Nothing changes an example, so that a text without padding tokens is held once.
        Labels = _tokenizer.PadId is { } pad && Array.IndexOf(ids, pad) >= 0 ? Array.ConvertAll(ids, id => id == pad ? TokenizedExample.Masked : id) : ids,
    };
}
