using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Proof.Kinds;

/// <summary>The recorded tokenizers of the template cases, which have &lt;s&gt; and &lt;/s&gt; and no padding token.</summary>
internal sealed class RecordedTokenizers(string folder)
{
    private readonly Dictionary<string, Tokenizer> _fixed = new(StringComparer.Ordinal);

    /// <summary>The full tokenizer after the template has fixed it; loaded once for each template.</summary>
    public Tokenizer FixedFor(Template template)
    {
        if (_fixed.TryGetValue(template.Name, out var known)) return known;
        var tokenizer = Fresh("neutral");
        template.FixTokenizer(tokenizer);
        return _fixed[template.Name] = tokenizer;
    }

    /// <summary>A tokenizer as it was recorded.</summary>
    public Tokenizer Fresh(string name)
    {
        var tokenizer = Tokenizer.Load(Path.Combine(folder, name + ".tokenizer.json"));
        tokenizer.BosToken = "<s>";
        tokenizer.EosToken = "</s>";
        return tokenizer;
    }
}
