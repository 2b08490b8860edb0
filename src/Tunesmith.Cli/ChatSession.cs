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

    private readonly TextGenerator _texts;
    private readonly string? _system;
    private readonly Generator _generator;

    public ChatSession(OpenedModel opened, string command)
    {
        var template = opened.Template();
        template.FixTokenizer(opened.Tokenizer);
        _texts = new TextGenerator(opened.Causal(command), opened.Tokenizer, template, opened.Generation);
        _system = opened.Data.DefaultSystem;
        _generator = new Generator(opened.Seed);
    }

    /// <summary>The answer to the last message; what there is of it where `cancel` stops it.</summary>
    /// <param name="messages">Alternating, the last one is the person's. Of a conversation that is too long for the model the oldest turns are taken out.</param>
    /// <param name="onText">Told every new piece of text as it comes.</param>
    /// <param name="onForgotten">Told how many messages were taken out.</param>
    public string Answer(List<Message> messages, Action<string>? onText, CancellationToken cancel, Action<int>? onForgotten = null) =>
        _texts.Continue(Fit(messages, onForgotten), _generator, onText, cancel);

    private int[] Fit(List<Message> messages, Action<int>? onForgotten)
    {
        var room = _texts.Model.Config.MaxLength;
        var longest = room - Math.Min(_texts.Options.MaxNewTokens, room / RoomPart);
        var forgotten = 0;
        while (true)
        {
            var prompt = _texts.PromptIds(messages, _system);
            if (prompt.Length <= longest || messages.Count < 3)
            {
                if (prompt.Length >= room) throw Errors.MessageTooLong(prompt.Length, room);
                if (forgotten > 0) onForgotten?.Invoke(forgotten);
                return prompt;
            }
            messages.RemoveRange(0, 2);
            forgotten += 2;
        }
    }
}
