using Tunesmith.Runs;
using Tunesmith.Runs.Files;
using Tunesmith.Runs.Folders;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Tests;

/// <summary>Messages of this room, each by a file, folder or argument that a person could have given.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("runs-errors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    [Theory]
    [InlineData("a: 1\nb: \u0000\n", ", line 2: has ")]
    [InlineData("a: 1\nb: \u0000\n", "; expected a text file in UTF-8. Save it as UTF-8 and try again.")]
    [InlineData("a: !python/object x\n", "' is not read in recipes. Write the plain value, or put it in quotes.")]
    [InlineData("a: &x 1\nb: *x\n", ", line 1: YAML anchors and aliases (&name, *name) are not read in recipes. Write the value out, or put it in quotes.")]
    [InlineData("[1, 2]: 3\n", ", in the mapping at line 1: a key is a list or mapping; expected a word.")]
    [InlineData("a: 1\n---\nb: 2\n", ": a second YAML document begins; expected one. Remove the '---' or split the file.")]
    [InlineData("a: [1\n", ": not readable as YAML: ")]
    [InlineData("just words\n", ", line 1: expected 'key: value' lines. A colon with a blank after it stands between a key and its value.")]
    [InlineData("a: 1\na: 2\n", ", line 2: 'a' stands a second time; it is set in line 1 already. Remove one of the two.")]
    [InlineData("a: ${b}\n", "a: '${b}' refers to nothing; expected the name of another key with a single value.")]
    [InlineData("loging_steps: 1\n", "line 1: 'loging_steps' is not a key of a recipe. Did you mean 'logging_steps'?")]
    [InlineData("frobnicate: 1\n", "'frobnicate' is not a key of a recipe. './tunesmith help keys' lists them all.")]
    [InlineData("deepspeed: x.json\n", "deepspeed: got x.json; expected null, because this is not built yet and would change the result. One process trains here: remove the line.")]
    public void A_recipe_that_cannot_be_read_says_where_and_why(string text, string message)
    {
        File.WriteAllText(In("recipe.yaml"), text);
        Says(message, () => Recipe.Load(In("recipe.yaml")).ThrowIfProblems());
    }

    [Fact]
    public void A_recipe_that_is_not_there_says_what_is()
    {
        File.WriteAllText(In("recipe.yaml"), "a: 1\n");
        Says("/recipe.yml'. Did you mean '", () => Recipe.Load(In("recipe.yml")));
        Says("recipe: there is no file '", () => Recipe.Load(In("recipe.yml")));
        Says("' is a folder; expected a .yaml or .json file.", () => Recipe.Load(_folder));
        using (var large = File.Create(In("large.yaml"))) large.SetLength(64 << 20);
        Says(" MiB; expected a recipe, which is a page of text. Is this a data file?", () => Recipe.Load(In("large.yaml")));
        File.CreateSymbolicLink(In("unreadable.yaml"), "/proc/self/mem");
        Says("unreadable.yaml: cannot be read (", () => Recipe.Load(In("unreadable.yaml")));
        File.WriteAllText(In("broken.json"), "{\"a\": ");
        Says(", line 1: not readable as JSON: ", () => Recipe.Load(In("broken.json")));
        Says("argument 'seed': expected key=value, such as learning_rate=1e-4.", () => Recipe.Parse("", "toy.yaml", ["seed"]));
        Says(" levels deep; expected a flat list of keys.", () => Recipe.Parse("a: " + new string('[', 200) + new string(']', 200), "deep.yaml"));
    }

    [Fact]
    public void An_entry_that_a_catalog_has_not_is_named() => Says("colour: got 'gren'; expected one of green, red. Did you mean 'green'?",
        () => new Catalog<int>("colour").Add("red", 1).Add("green", 2).Get("gren"));

    [Fact]
    public void A_path_that_cannot_be_written_says_so()
    {
        Assert.Contains("names no file that could be written. Give a path with a file name.", Assert.Throws<RunException>(() => AtomicFile.WriteAllText("/", "x")).Message);
        File.WriteAllText(In("file"), "x");
        Assert.Contains(": cannot be written (", Assert.Throws<RunException>(() => AtomicFile.WriteAllText(Path.Combine(In("file"), "inner"), "x")).Message);
    }

    [Fact]
    public void A_run_folder_that_belongs_to_others_is_refused()
    {
        File.WriteAllText(In("file"), "x");
        Says("' is a file; expected a folder, or a name that is free.", () => Open(In("file"), "seed: 1"));
        Directory.CreateDirectory(In("photos"));
        File.WriteAllText(Path.Combine(In("photos"), "a.jpg"), "x");
        Says("photos holds files that are no run of Tunesmith's (a.jpg). Choose another output_dir, or set overwrite_output_dir: true.", () => Open(In("photos"), "seed: 1"));
        using (Open(In("run"), "seed: 1"))
        {
            Says("run is in use by process ", () => Open(In("run"), "seed: 1"));
            Says(". Wait until it ends, or choose another output_dir.", () => Open(In("run"), "seed: 1"));
        }
        Says("run belongs to a run with other settings. Choose another output_dir, or set overwrite_output_dir: true to begin anew there.\n  seed: 1 there, 2 now", () => Open(In("run"), "seed: 2"));
    }

    private sealed record SeedOptions
    {
        [RecipeKey("seed", "Seed.")] public long Seed { get; init; }
    }

    private static RunFolder Open(string path, string text)
    {
        var recipe = Recipe.Parse(text, "recipe.yaml");
        recipe.Bind<SeedOptions>();
        return RunFolder.Open(path, recipe, overwrite: false, TimeProvider.System);
    }

    private static void Says(string message, Action act) => Assert.Contains(message, Assert.Throws<UsageException>(act).Message);
}
