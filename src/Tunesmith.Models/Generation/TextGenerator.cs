using System.Text;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Torch;

namespace Tunesmith.Models.Generation;

/// <summary>Text in, text out: tokenizer, template and model together.</summary>
/// <param name="Model">The model.</param>
/// <param name="Tokenizer">Its tokenizer.</param>
/// <param name="Template">Turns a conversation into a prompt; null continues plain text.</param>
/// <param name="Options">How tokens are chosen.</param>
public sealed record TextGenerator(CausalModel Model, Tokenizer Tokenizer, Template? Template, GenerationOptions Options)
{
    /// <summary>Ids that end an answer: the tokenizer's end token, the checkpoint's, and the template's stop words.</summary>
    public IReadOnlyCollection<int> EndIds
    {
        get
        {
            var ids = new SortedSet<int>(Template?.StopTokenIds(Tokenizer) ?? []);
            if (Tokenizer.EosId is int eos)
            {
                ids.Add(eos);
            }

            foreach (long id in Model.Config.EosTokenIds)
            {
                ids.Add((int)id);
            }

            return ids;
        }
    }

    /// <summary>The ids a conversation is read as.</summary>
    public int[] PromptIds(IReadOnlyList<Message> messages, string? system) => Template is null
        ? Tokenizer.EncodeIds(messages.Count == 0 ? "" : messages[^1].Content, addSpecialTokens: true)
        : Template.EncodeOneTurn(Tokenizer, [.. messages, new Message(Roles.Assistant, "")], system).Prompt;

    /// <summary>Continues a prompt; gives what there is of the text where it is cancelled.</summary>
    /// <param name="prompt">Ids, as <see cref="PromptIds"/> gives them.</param>
    /// <param name="generator">Drawn from when sampling.</param>
    /// <param name="onText">Told each piece of the answer as soon as it is whole characters.</param>
    /// <param name="cancellation">Checked before every token.</param>
    public string Continue(IReadOnlyList<int> prompt, Generator generator, Action<string>? onText = null, CancellationToken cancellation = default)
    {
        StreamingDecoder stream = Tokenizer.Stream(Options.SkipSpecialTokens);
        IReadOnlyCollection<int> ends = EndIds;
        var text = new StringBuilder();
        void Take(string piece)
        {
            if (piece.Length == 0)
            {
                return;
            }

            text.Append(piece);
            onText?.Invoke(piece);
        }

        using var scope = Scope.Open();
        // The answer's end, not the run's: a cancelled run would throw away what there is.
        new TokenGenerator(Model, Options, ends, Tokenizer.PadId ?? 0) { Stop = cancellation }.Run([prompt], generator, (_, id) =>
        {
            if (!ends.Contains(id))
            {
                Take(stream.Push(id));
            }

            return true;
        }, CancellationToken.None);
        Take(stream.Finish());
        return text.ToString();
    }
}
