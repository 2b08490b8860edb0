using Tunesmith.Models;
using Tunesmith.Models.Generation;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Tunesmith.Torch;

namespace Tunesmith.Cli;

/// <summary>Turns messages into an answer: template, ids, generation, text. The same template that training used.</summary>
internal sealed class ChatSession
{
    private readonly OpenedModel _opened;
    private readonly CausalModel _model;
    private readonly Template _template;
    private readonly IReadOnlyCollection<int> _endIds;
    private readonly Generator _generator;

    public ChatSession(OpenedModel opened, string command, ulong seed)
    {
        _opened = opened;
        _model = opened.Causal(command);
        _template = opened.Template();
        _template.FixTokenizer(opened.Tokenizer);
        _endIds = opened.EndIds(_template);
        _generator = new Generator(seed);
    }

    /// <summary>The answer to the last message.</summary>
    /// <param name="messages">Alternating, the last one is the person's.</param>
    /// <param name="onText">Told every new piece of text as it comes.</param>
    public string Answer(IReadOnlyList<Message> messages, Action<string>? onText, CancellationToken cancel)
    {
        var system = _opened.Data.DefaultSystem;
        var prompt = _template.EncodeOneTurn(_opened.Tokenizer, [.. messages, new Message(Roles.Assistant, "")], system).Prompt;
        var stream = _opened.Tokenizer.Stream(skipSpecialTokens: _opened.Generation.SkipSpecialTokens);
        var text = new System.Text.StringBuilder();
        var generator = new TokenGenerator(_model, _opened.Generation, _endIds, _opened.Tokenizer.PadId ?? 0);
        void Take(string piece)
        {
            if (piece.Length == 0) return;
            text.Append(piece);
            onText?.Invoke(piece);
        }
        using var scope = Scope.Open();
        generator.Run([prompt], _generator, (_, id) =>
        {
            if (!_endIds.Contains(id)) Take(stream.Push(id));
            return true;
        }, cancel);
        Take(stream.Finish());
        return text.ToString();
    }
}
