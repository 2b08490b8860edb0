using System.Text.Json;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Tests;

/// <summary>Every file in recipes/ is run: two updates on a handful of its examples.</summary>
public sealed class RecipeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recipe-").FullName;

    public static TheoryData<string> Recipes() => [.. Directory.EnumerateFiles(Path.Combine(Repo.Root, "recipes"), "*.yaml").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Recipes))]
    public void A_recipe_trains(string name)
    {
        var path = Path.Combine(Repo.Root, "recipes", name);
        var recipe = Recipe.Load(path);
        List<string> keys = [$"output_dir={_folder}/run", "max_steps=2", "max_samples=24", "per_device_train_batch_size=2", "per_device_eval_batch_size=4", "cutoff_len=64", "logging_steps=1", "save_strategy=no"];
        foreach (var key in (string[])["model_name_or_path", "dataset_dir", "train_file", "eval_file"])
            if (recipe.Peek(key) is { } value) keys.Add($"{key}={Existing(Path.Combine(Repo.Root, value), recipe)}");
        if (recipe.Peek("val_size") is not null) keys.Add("val_size=4");
        var run = CliRun.Of(["train", path, .. keys]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("The model is in ", run.Out);
        using var results = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "run", "all_results.json")));
        Assert.True(double.IsFinite(results.RootElement.GetProperty("train_loss").GetDouble()));
    }

    // A recipe may name data that are not in the repository: the test writes rows of the form that the recipe describes.
    private string Existing(string path, Recipe recipe)
    {
        if (Path.Exists(path)) return path;
        var columns = (recipe.Peek("column_names") ?? throw new InvalidOperationException($"{path} is not there, and the recipe does not say which columns it has")).Split(',');
        var toy = Path.Combine(_folder, Path.GetFileName(path));
        File.WriteAllLines(toy, Enumerable.Range(0, 12).Select(row => string.Join('\t', columns.Select(column => column == "label" ? $"{row % 2}" : $"words number {row}"))));
        return toy;
    }
}
