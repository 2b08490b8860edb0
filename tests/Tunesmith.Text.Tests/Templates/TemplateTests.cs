using Tunesmith.Runs;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Plate = Tunesmith.Text.Templates.Templates;

namespace Tunesmith.Text.Tests.Templates;

public sealed class TemplateTests
{
    private static readonly Message[] TwoTurns = [new("user", "Q1"), new("assistant", "A1"), new("user", "Q2"), new("assistant", "A2")];

    private static string Shown(IReadOnlyList<Slot> segments) =>
        string.Concat(segments.Select(s => s.Kind switch { SlotKind.Bos => "⟨bos⟩", SlotKind.Eos => "⟨eos⟩", SlotKind.Token => $"⟨{s.Text}⟩", _ => s.Text }));

    private static string[] Parts(Template template, string? system = null) =>
        [.. template.RenderMultiTurn(TwoTurns, system).SelectMany(t => new[] { Shown(t.Prompt), Shown(t.Answer) })];

    [Theory]
    [InlineData("default", "System: S⟨eos⟩\nHuman: Q1⟨eos⟩\nAssistant:", "A1⟨eos⟩\n", "Human: Q2⟨eos⟩\nAssistant:")]
    [InlineData("empty", "SQ1", "A1", "Q2")]
    [InlineData("alpaca", "S### Instruction:\nQ1\n\n### Response:\n", "A1⟨eos⟩\n\n", "### Instruction:\nQ2\n\n### Response:\n")]
    [InlineData("llama2", "⟨bos⟩[INST] <<SYS>>\nS\n<</SYS>>\n\nQ1 [/INST]", "A1⟨eos⟩", "⟨bos⟩[INST] Q2 [/INST]")]
    [InlineData("mistral", "⟨bos⟩[INST] S\n\nQ1[/INST]", " A1⟨eos⟩", "[INST] Q2[/INST]")]
    [InlineData("gemma", "⟨bos⟩<start_of_turn>user\nS\n\nQ1<end_of_turn>\n<start_of_turn>model\n", "A1<end_of_turn>\n", "<start_of_turn>user\nQ2<end_of_turn>\n<start_of_turn>model\n")]
    [InlineData("chatml", "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\n", "A1<|im_end|>\n", "<|im_start|>user\nQ2<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("qwen", "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\n", "A1<|im_end|>\n", "<|im_start|>user\nQ2<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("llama3", "⟨bos⟩<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nQ1<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", "A1<|eot_id|>", "<|start_header_id|>user<|end_header_id|>\n\nQ2<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")]
    public void Named_templates_write_prompts_and_answers(string name, string first, string answer, string second) =>
        Assert.Equal([first, answer, second, answer.Replace("A1", "A2")], Parts(Plate.Get(name), "S"));

    [Theory]
    [InlineData("default", "Thought: hm\nAction: a\nAction Input: ```{\"x\": 1.0}```\nAction: b\nAction Input: {\"y\": \"ü\"} ", "a {\"x\": 1.0}|b {\"y\": \"ü\"}")]
    [InlineData("default", "Action: a\nAction Input: {broken", null)]
    [InlineData("glm4", "get weather\n {\"a\":[1,null]}\n", "get weather {\"a\": [1, null]}")]
    [InlineData("glm4", "no call", null)]
    [InlineData("llama3", "[{\"name\": \"f\", \"parameters\": \"text\"}]", "f \"text\"")]
    [InlineData("llama3", "{\"name\": \"f\", \"arguments\": {}}", null)]
    [InlineData("mistral", " {\"name\": \"f\", \"arguments\": {}} ", "f {}")]
    [InlineData("qwen", "so: <tool_call>\n{\"name\": \"f\", \"arguments\": 1}\n</tool_call>\n", "f 1")]
    [InlineData("qwen", "<tool_call>{\"name\": \"f\", \"arguments\": 1}</tool_call> and more", null)]
    public void Calls_are_read_back_out_of_an_answer(string format, string answer, string? expected) =>
        Assert.Equal(expected, ToolFormats.Extract(format, answer) is { } calls ? string.Join('|', calls.Select(call => $"{call.Name} {call.Arguments}")) : null);

    [Fact]
    public void A_call_that_is_no_object_is_refused_and_arguments_may_be_any_value()
    {
        Assert.Throws<Runs.UsageException>(() => ToolFormats.Extract("mistral", "[1]"));
        Assert.Equal("""{"name": "f", "parameters": "{\"a\": 1}"}""", ToolFormats.Call("llama3", """{"name": "f", "arguments": "{\"a\": 1}"}"""));
    }

    [Fact]
    public void A_template_with_its_own_system_prompt_uses_it_where_none_is_given() =>
        Assert.StartsWith("<|im_start|>system\nYou are Qwen, created by Alibaba Cloud.", Parts(Plate.Get("qwen"))[0]);

    [Fact]
    public void The_plate_is_sorted_and_every_entry_renders()
    {
        Assert.Equal(Plate.Names.Order(StringComparer.Ordinal), Plate.Names);
        foreach (string name in Plate.Names) Assert.Contains("A2", Parts(Plate.Get(name))[3]);
    }

    [Fact]
    public void An_unknown_name_gets_the_nearest_one()
    {
        string message = Assert.Throws<UsageException>(() => Plate.Get("lama3")).Message;
        Assert.Equal("template: got 'lama3'; expected the name of a template. Did you mean 'llama3'? 'tunesmith list' shows all names.", message);
    }

    [Fact]
    public void Messages_must_come_in_pairs() => Assert.Throws<UsageException>(() => Plate.Get("default").RenderMultiTurn([new("user", "q")]));

    [Fact]
    public void An_unknown_role_is_named() =>
        Assert.Contains("'critic'", Assert.Throws<UsageException>(() => Plate.Get("default").RenderMultiTurn([new("user", "q"), new("critic", "a")])).Message);

    [Fact]
    public void A_missing_thought_is_trained_or_masked_as_the_template_is_told()
    {
        var template = Plate.Get("qwen3");
        Assert.Equal("<think>\n\n</think>\n\nA1<|im_end|>\n", Parts(template)[1]);
        Assert.EndsWith("assistant\n<think>\n\n</think>\n\n", Parts(template with { EnableThinking = false })[0]);
        Message[] thought = [new("user", "Q"), new("assistant", "<think>\nhm\n</think>\n\nA")];
        Assert.Equal("A<|im_end|>\n", Shown((template with { EnableThinking = false }).RenderMultiTurn(thought)[0].Answer));
        Assert.Equal("<think>\nhm\n</think>\n\nA<|im_end|>\n", Shown(template.RenderMultiTurn(thought)[0].Answer));
    }

    [Theory]
    [InlineData("", "", "<|user|>Q1<|assistant|>")]
    [InlineData("{{ bos_token }}", "<s>", "<s><|user|>Q1<|assistant|>")]
    public void What_the_tokenizer_writes_first_is_read_off_a_chat_template_only_where_it_stands_there(string first, string prefix, string prompt)
    {
        var chat = ChatTemplate.Parse(first + "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}");
        var template = ParsedTemplate.Read(chat, "<s>", new Dictionary<string, object?> { ["bos_token"] = "<s>" });
        Assert.Equal(prefix, Shown(template.Prefix));
        Assert.Equal([prompt, "A1", "<|user|>Q2<|assistant|>", "A2"], Parts(template));
        Assert.StartsWith(prefix + "<|system|>S<|user|>", Parts(template, "S")[0]);
    }

    private static Template Own(string jinja, params (string, object?)[] variables) => new()
    {
        Name = "checkpoint",
        Own = new OwnTemplate(ChatTemplate.Parse(jinja), variables.ToDictionary(v => v.Item1, v => v.Item2), TimeProvider.System),
    };

    [Fact]
    public void A_checkpoints_own_template_trains_on_what_the_answer_adds()
    {
        var template = Own("{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% if m.role == 'assistant' %}</s>{% endif %}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}", ("bos_token", "<s>"));
        Assert.Equal(["<s><system>S<user>Q1<assistant>", "A1</s>", "<user>Q2<assistant>", "A2</s>"], Parts(template, "S"));
        var one = template.RenderOneTurn(TwoTurns);
        Assert.Equal(("<s><user>Q1<assistant>A1</s><user>Q2<assistant>", "A2</s>"), (Shown(one.Prompt), Shown(one.Answer)));
    }

    [Fact]
    public void Generation_blocks_say_what_is_trained_on()
    {
        var template = Own("{% for m in messages %}👍{% if m.role == 'assistant' %}{% generation %}{{ m.content }}!{% endgeneration %}\n{% else %}{{ m.content }}{% endif %}{% endfor %}");
        Assert.Equal(["👍Q1👍", "A1!", "👍Q2👍", "A2!"], Parts(template).Take(4).Select(p => p.TrimStart('\n')));
    }

    [Fact]
    public void A_template_that_rewrites_earlier_turns_is_refused_with_the_way_out()
    {
        var template = Own("{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}");
        Assert.Contains("set 'template' to a named one", Assert.Throws<UsageException>(() => Parts(template)).Message);
    }

    [Fact]
    public void The_final_message_can_be_continued_where_it_is_trimmed_too()
    {
        var chat = ChatTemplate.Parse("{% for m in messages %}[{{ m.content | trim }}]{% endfor %}");
        var rendered = chat.Render([new("user", "q"), new("assistant", "begin ")], new ChatOptions { ContinueFinalMessage = true });
        Assert.Equal("[q][begin", rendered.Text);
    }

    [Fact]
    public void A_broken_chat_template_is_an_error_with_its_line() =>
        Assert.StartsWith("chat template, line 2: ", Assert.Throws<UsageException>(() => ChatTemplate.Parse("a\n{{ oops")).Message);
}
