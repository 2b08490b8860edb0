using Tunesmith.Cli;
using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Tests;

/// <summary>What was trained is what is used, whatever its texts and its folder look like.</summary>
public sealed class ModelPlaceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tunesmith-place-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // A folder as training leaves it, as far as naming it matters.
    private string Trained(string name, string file, string content, params string[] recipe)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        File.WriteAllText(Path.Combine(folder, file), content);
        if (recipe.Length > 0) File.WriteAllLines(Path.Combine(folder, "recipe.yaml"), recipe);
        return folder;
    }

    [Theory]
    [InlineData("base", false)]
    [InlineData("checkpoint-12", true)]
    [InlineData("checkpoint-x", false)]
    public void Of_what_lies_below_a_run_s_folder_only_its_checkpoints_are_the_run_s(string name, bool takes)
    {
        Trained("run", "config.json", "{}", "default_system: of the run");
        var below = Trained(Path.Combine("run", name), "config.json", "{}");
        Assert.Equal(takes ? "of the run" : null, ModelPlace.Recipe(below + "/", []).Bind<DataOptions>().DefaultSystem);
    }

    [Theory]
    [InlineData("[be brief], friend")]
    [InlineData("null")]
    [InlineData(" padded ")]
    [InlineData("{a: b}")]
    [InlineData("'quoted'")]
    [InlineData("")]
    [InlineData("two\nlines # and no comment")]
    public void A_text_of_the_training_is_the_same_text_afterwards(string text)
    {
        var folder = Trained("run", "config.json", "{}", $"default_system: {RecipeWriter.Value(text)}", $"text_column: {RecipeWriter.Value(text)}");
        var options = ModelPlace.Recipe(folder, []).Bind<DataOptions>();
        Assert.Equal((text, text), (options.DefaultSystem, options.TextColumn));
        Assert.Equal("other", ModelPlace.Recipe(folder, ["default_system=other"]).Bind<DataOptions>().DefaultSystem);
    }

    [Theory]
    [InlineData("false", false)]
    [InlineData("true", true)]
    [InlineData("null", null)]
    public void Thinking_and_tools_are_used_as_trained(string written, bool? thinking)
    {
        var folder = Trained("run", "config.json", "{}", "template: qwen3", $"enable_thinking: {written}", "preserve_thinking: true", "tool_format: llama3");
        var options = ModelPlace.Recipe(folder, []).Bind<DataOptions>();
        Assert.Equal(("qwen3", thinking, true, "llama3"), (options.Template, options.EnableThinking, options.PreserveThinking, options.ToolFormat));
        Assert.True(ModelPlace.Recipe(folder, ["enable_thinking=true"]).Bind<DataOptions>().EnableThinking);
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("[x]")]
    [InlineData("{x: y}")]
    [InlineData("'x'")]
    [InlineData(" x ")]
    [InlineData("${x}")]
    public void A_folder_may_have_any_name(string name)
    {
        var model = Trained(name, "config.json", "{}");
        Assert.Equal(model, ModelPlace.Recipe(model, []).Bind<ModelOptions>().ModelNameOrPath);

        var first = Path.Combine(_folder, "first " + name);
        var config = $$"""{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], "base_model_name_or_path": {{System.Text.Json.JsonSerializer.Serialize(name)}} }""";
        var adapter = Trained("over " + name, "adapter_config.json", config, "create_new_adapter: true", "add_tokens: [x]", $"adapter_name_or_path: {RecipeWriter.Value(new[] { first })}");
        var options = ModelPlace.Recipe(adapter, []).Bind<ModelOptions>();
        Assert.Equal([first, adapter], options.AdapterNameOrPath);
        Assert.Equal((name, true), (options.ModelNameOrPath, options.ResizeVocab));
    }
}
