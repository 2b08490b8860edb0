using Tunesmith.Models;
using Tunesmith.Models.Generation;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Tunesmith.Torch;

namespace Tunesmith.Cli;

/// <summary>Turns messages into an answer: template, ids, generation, text. The same template that training used.</summary>
internal sealed class ChatSession
{
    /// <summary>The part of the model's context that a prompt leaves free for the answer.</summary>
    private const int RoomPart = 4;

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

    /// <summary>The answer to the last message; what there is of it where `cancel` stops it.</summary>
    /// <param name="messages">Alternating, the last one is the person's. Of a conversation that is too long for the model the oldest turns are taken out.</param>
    /// <param name="onText">Told every new piece of text as it comes.</param>
    /// <param name="onForgotten">Told how many messages were taken out.</param>
    public string Answer(List<Message> messages, Action<string>? onText, CancellationToken cancel, Action<int>? onForgotten = null)
    {
        var prompt = Fit(messages, onForgotten);
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
            return !cancel.IsCancellationRequested;
        }, CancellationToken.None);
        Take(stream.Finish());
        return text.ToString();
    }

    private int[] Fit(List<Message> messages, Action<int>? onForgotten)
    {
        var longest = _model.Config.MaxLength - Math.Min(_opened.Generation.MaxNewTokens, _model.Config.MaxLength / RoomPart);
        var forgotten = 0;
        while (true)
        {
            var prompt = _template.EncodeOneTurn(_opened.Tokenizer, [.. messages, new Message(Roles.Assistant, "")], _opened.Data.DefaultSystem).Prompt;
            if (prompt.Length <= longest || messages.Count < 3)
            {
                if (prompt.Length >= _model.Config.MaxLength) throw Errors.MessageTooLong(prompt.Length, _model.Config.MaxLength);
                if (forgotten > 0) onForgotten?.Invoke(forgotten);
                return prompt;
            }
            messages.RemoveRange(0, 2);
            forgotten += 2;
        }
    }
}
