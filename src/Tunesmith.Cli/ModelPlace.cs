using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Runs.Recipes;
using Tunesmith.Training.Resume;

namespace Tunesmith.Cli;

/// <summary>
/// What a person means by naming a model: a folder in Hugging Face's layout, an adapter's folder, a run's <c>output_dir</c>, or a recipe. All become recipe keys,
/// so that a template used in training is the one used afterwards.
/// </summary>
internal static class ModelPlace
{
    private const string RunRecipe = "recipe.yaml";

    private static readonly string[] Carried =
    [
        "template", "default_system", "enable_thinking", "preserve_thinking", "tool_format", "stage", "cutoff_len", "text_column", "text_pair_column", "rope_scaling",
    ];

    /// <summary>The recipe behind a path; keys of the command line stand above it.</summary>
    public static Recipe Recipe(string path, IReadOnlyList<string> overrides)
    {
        if (File.Exists(path) && Path.GetExtension(path) is ".yaml" or ".yml" or ".json") return Runs.Recipes.Recipe.Load(path, overrides);
        if (!Directory.Exists(path)) throw Errors.NoSuchFolder(path);
        var trained = Trained(path);
        var model = trained?.Bind<ModelOptions>();
        var values = new Dictionary<string, object>();
        if (File.Exists(Path.Combine(path, LoraConfig.FileName)))
        {
            var config = LoraConfig.Load(path);
            if (config.BaseModel is { } below) values["model_name_or_path"] = below;
            values["adapter_name_or_path"] = (string[])[.. Below(trained, model), path];
        }
        else if (File.Exists(Path.Combine(path, "config.json"))) values["model_name_or_path"] = path;
        else throw Errors.NotAModelFolder(path);
        // The added tokens are in the tokenizer that training saved.
        if (model is { GrowsVocabulary: true }) values["resize_vocab"] = "true";
        return Runs.Recipes.Recipe.After(trained, Carried, values, overrides);
    }

    // A run that began with adapters merged all of them, or went on with the last one.
    private static IEnumerable<string> Below(Recipe? trained, ModelOptions? model)
    {
        var first = model?.AdapterNameOrPath ?? [];
        return first.Count == 0 || trained!.Bind<AdapterOptions>().CreateNewAdapter ? first : first.SkipLast(1);
    }

    // A run's folder and its checkpoints say with which template they were trained.
    private static Recipe? Trained(string folder)
    {
        var own = Path.Combine(folder, RunRecipe);
        if (File.Exists(own)) return Runs.Recipes.Recipe.Load(own);
        // Another model that somebody keeps below a run's folder has nothing to do with the run.
        if (CheckpointFolders.StepOf(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) is null) return null;
        var above = Path.Combine(folder, "..", RunRecipe);
        return File.Exists(above) ? Runs.Recipes.Recipe.Load(above) : null;
    }
}
