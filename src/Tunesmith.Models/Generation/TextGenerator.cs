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

    /// <summary>Answers the last message of a conversation.</summary>
    /// <param name="messages">The last one is the user's.</param>
    /// <param name="system">System prompt; null is the template's own.</param>
    /// <param name="generator">Drawn from when sampling.</param>
    /// <param name="onText">Told each piece of the answer as soon as it is whole characters.</param>
    /// <param name="cancellation">Checked before every token.</param>
    public string Reply(IReadOnlyList<Message> messages, string? system, Generator generator, Action<string>? onText = null, CancellationToken cancellation = default) =>
        Continue(PromptIds(messages, system), generator, onText, cancellation);

    /// <summary>The ids a conversation is read as.</summary>
    public int[] PromptIds(IReadOnlyList<Message> messages, string? system) => Template is null
        ? Tokenizer.EncodeIds(messages.Count == 0 ? "" : messages[^1].Content, addSpecialTokens: true)
        : Template.EncodeOneTurn(Tokenizer, [.. messages, new Message("assistant", "")], system).Prompt;

    /// <summary>Continues one prompt.</summary>
    public string Continue(IReadOnlyList<int> prompt, Generator generator, Action<string>? onText = null, CancellationToken cancellation = default)
    {
        StreamingDecoder stream = Tokenizer.Stream(Options.SkipSpecialTokens);
        bool Hear(int row, int id)
        {
            string text = stream.Push(id);
            if (text.Length > 0)
            {
                onText?.Invoke(text);
            }

            return true;
        }

        IReadOnlyList<int> ids = Tokens().Run([prompt], generator, onText is null ? null : Hear, cancellation)[0].Ids;
        string rest = onText is null ? "" : stream.Finish();
        if (rest.Length > 0)
        {
            onText!(rest);
        }

        return Tokenizer.Decode([.. ids], Options.SkipSpecialTokens);
    }

    /// <summary>Continues several prompts together.</summary>
    public IReadOnlyList<string> ContinueAll(IReadOnlyList<IReadOnlyList<int>> prompts, Generator generator, CancellationToken cancellation = default) =>
        [.. Tokens().Run(prompts, generator, null, cancellation).Select(row => Tokenizer.Decode([.. row.Ids], Options.SkipSpecialTokens))];

    private TokenGenerator Tokens() => new(Model, Options, EndIds, Tokenizer.PadId ?? 0);
}
