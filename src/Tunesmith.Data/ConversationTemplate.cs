using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data;

/// <summary>The template that the data keys ask for.</summary>
public static class ConversationTemplate
{
    /// <summary>The named template, or what the checkpoint's own gives, with the recipe's tool_format, default_system and thinking keys.</summary>
    /// <param name="say">Told where the outcome is not what a person may expect.</param>
    public static Template For(DataOptions options, Tokenizer tokenizer, Action<string>? say = null)
    {
        var template = options.Template switch
        {
            null => Templates.OfCheckpoint(tokenizer, say),
            Templates.OwnName => Templates.FromTokenizer(tokenizer),
            var name => Templates.Get(name),
        };
        template = template with
        {
            DefaultSystem = options.DefaultSystem ?? template.DefaultSystem,
            EnableThinking = options.EnableThinking,
            PreserveThinking = options.PreserveThinking,
        };
        if (options.ToolFormat is not { } format) return template;
        // Calls in another format come without the marks that the template puts around its own, only with the end token
        // (LLaMA-Factory data/template.py, get_template_and_fix_tokenizer).
        var content = Slot.Of("{{content}}");
        return template with { ToolFormat = format, FunctionFormat = format, Function = template.EfficientEos ? [content] : [content, new Slot(SlotKind.Eos, "")] };
    }
}
