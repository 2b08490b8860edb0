using Tunesmith.Runs;
using Tunesmith.Tests;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;
using Plate = Tunesmith.Text.Templates.Templates;

namespace Tunesmith.Text.Tests.Templates;

/// <summary>Every message about templates, tools and what is made of conversations.</summary>
public sealed class TemplateErrorTests
{
    private static readonly Message[] Turn = [new("user", "q"), new("assistant", "a")];

    private readonly Tokenizer _tokenizer = Tokenizer.Load(Path.Combine(Repo.Fixtures, "tokenizers", "zoo", "added-bytelevel-single-digits.tokenizer.json.gz"));

    [Fact]
    public void A_message_to_continue_must_be_there()
    {
        var chat = ChatTemplate.Parse("{% for m in messages %}{{ m.content }}{% endfor %}");
        Says("chat: got both a generation prompt and a final message to continue; expected one of them.", () => chat.Render([new Message("user", "q")], new ChatOptions { AddGenerationPrompt = true, ContinueFinalMessage = true }));
        Says("chat: got no final message with text; expected one to continue. Give the beginning of the answer as the last message.", () => chat.Render([], new ChatOptions { ContinueFinalMessage = true }));
        Says("chat template: got a text without the final message; expected it inside. This template changes the last message, so it cannot be continued.",
            () => ChatTemplate.Parse("x").Render([new Message("user", "q")], new ChatOptions { ContinueFinalMessage = true }));
    }

    [Fact]
    public void What_a_template_refuses_comes_through_with_its_line() => Says("chat template, line 1: it refuses these messages: no system role",
        () => ChatTemplate.Parse("{{ raise_exception('no system role') }}").Render([new Message("system", "s")], new ChatOptions()));

    [Fact]
    public void A_template_left_out_tells_what_it_became()
    {
        var told = new List<string>();
        _tokenizer.ChatTemplate = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}";
        Assert.NotNull(Plate.OfCheckpoint(_tokenizer, told.Add).Own);
        Assert.Contains("template: none is named, and no slots can be read off the checkpoint's chat template (", Assert.Single(told));
        told.Clear();
        // The first question is written differently from later ones, which slots cannot say.
        _tokenizer.ChatTemplate = "{% for m in messages %}{% if loop.first %}FIRST {% endif %}[{{ m.role }}]{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
        Assert.Null(Plate.OfCheckpoint(_tokenizer, told.Add).Own);
        Assert.Contains("over two turns they write another text than it does. Set template: jinja to use it as it is.", Assert.Single(told));
    }

    [Fact]
    public void Messages_stand_in_turns()
    {
        Says("message role: got 'critic'; expected user, assistant, observation or function. The system prompt is given apart from the messages.", () => Plate.Get("default").RenderMultiTurn([new("user", "q"), new("critic", "a")]));
        Says("conversation: got 1 messages; expected pairs of a question and an answer, at least one. Remove the unanswered message or add the missing one.", () => Plate.Get("default").RenderMultiTurn([new("user", "q")]));
    }

    [Theory]
    [InlineData("xml", "[]", "tool_format: got 'xml'; expected one of default, glm4, llama3, mistral, qwen.")]
    [InlineData("default", "{", "tools or function call: got {; expected JSON. Correct the record.")]
    [InlineData("default", "{}", "tools: got {}; expected a JSON list of objects, one for each tool. Correct the record.")]
    [InlineData("default", "[{}]", "tools: got a tool without 'name'; expected name and parameters with properties. Correct the record.")]
    public void Tools_are_a_list_of_descriptions(string format, string tools, string message) => Says(message, () => ToolFormats.Describe(format, tools, TimeProvider.System));

    [Theory]
    [InlineData("default", "{}", "function call: got {}; expected an object with name and arguments, or a list of such objects. Correct the record.")]
    [InlineData("glm4", """[{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}]""", "function call: got 2 calls at once; expected one, since the glm4 format has no form for more. Use another template for this data.")]
    public void Calls_have_a_name_and_arguments(string format, string content, string message) => Says(message, () => ToolFormats.Call(format, content));

    [Theory]
    [InlineData("{% if false %}{% generation %}{% endgeneration %}{% endif %}x", "chat template: got no text for the answers; expected the assistant's messages inside. Set 'template' to a named one.")]
    [InlineData("{% for m in messages %}{{ messages | length }}{{ m.content }}{% endfor %}", "chat template, turn 1: got a text that changes when the conversation goes on; expected each answer to be added at the end.")]
    public void A_checkpoints_own_template_shows_its_answers(string jinja, string message) => Says(message,
        () => new Template { Name = "checkpoint", Own = new OwnTemplate(ChatTemplate.Parse(jinja), new Dictionary<string, object?>(), TimeProvider.System) }.RenderMultiTurn(Turn));

    [Fact]
    public void Slots_are_read_off_a_chat_template_that_has_them()
    {
        Says("template: got a tokenizer without a chat template; expected one to read. Set 'template' to a named one.", () => Plate.ParseFromTokenizer(_tokenizer));
        _tokenizer.ChatTemplate = "x";
        Says("chat template: got no place for the content of a lone system, user or assistant message; expected one for each.", () => Plate.ParseFromTokenizer(_tokenizer));
    }

    [Fact]
    public void Tokens_that_a_template_needs_are_there()
    {
        var template = new Template { Name = "mine" };
        Says("template 'mine': got no stop words; expected one to replace the end-of-sequence token with.", () => (template with { ReplaceEos = true }).FixTokenizer(_tokenizer));
        Says("template 'mine': got a tokenizer without '<end>'; expected one that has it. This template belongs to other checkpoints.", () => (template with { StopWords = ["<end>"] }).StopTokenIds(_tokenizer));
        Says("template 'mine': got a slot that is one token by its name; expected texts only. It has no chat template in Jinja.", () => WrittenTemplate.Jinja(template with { User = [new Slot(SlotKind.Token, "x")] }, null, null));
        _tokenizer.EosToken = null;
        Says("pretraining: got a tokenizer without an end-of-sequence token; expected one. Let the template fix the tokenizer first.", () => Processing.Pretrain(_tokenizer, ["a"], new PretrainOptions { CutoffLen = 8 }));
        Says("cutoff_len: got 0; expected at least 1.", () => Processing.Pretrain(_tokenizer, ["a"], new PretrainOptions { CutoffLen = 0 }));
        Says("train_on_prompt: got true with template 'mine'; expected false, since this template ends a conversation with one token only. Set train_on_prompt: false.",
            () => Processing.Supervised(template with { EfficientEos = true }, _tokenizer, Turn[..1], Turn[1..], null, null, new SupervisedOptions { CutoffLen = 8, TrainOnPrompt = true }));
    }

    private static void Says(string message, Func<object> act) => Assert.Contains(message, Assert.Throws<UsageException>(act).Message);
}
