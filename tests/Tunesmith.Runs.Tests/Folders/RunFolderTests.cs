using Tunesmith.Runs;
using Tunesmith.Runs.Folders;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Tests.Folders;

public sealed class RunFolderTests : IDisposable
{
    internal sealed record ToyOptions
    {
        [RecipeKey("learning_rate", "Step size.")] public double LearningRate { get; init; } = 5e-5;
        [RecipeKey("logging_steps", "How often.")] public int LoggingSteps { get; init; } = 500;
    }

    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("runs-").FullName, "out");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    private RunFolder Open(string text = "learning_rate: 1e-4", bool overwrite = false, bool anyRecipe = false)
    {
        var recipe = Recipe.Parse(text, "toy.yaml");
        recipe.Bind<ToyOptions>();
        recipe.ThrowIfProblems();
        return RunFolder.Open(_folder, recipe, overwrite, TimeProvider.System, anyRecipe);
    }

    [Fact]
    public void A_run_is_fresh_then_interrupted_then_finished()
    {
        using (var first = Open()) Assert.Equal(RunState.Fresh, first.State);
        using (var second = Open())
        {
            Assert.Equal(RunState.Interrupted, second.State);
            second.Finish();
        }
        using var third = Open();
        Assert.Equal(RunState.Finished, third.State);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_told_before_and_nothing_is_left_of_the_trial()
    {
        var above = Path.GetDirectoryName(_folder)!;
        RunFolder.CheckPlace(Path.Combine(_folder, "deep", "down"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(above));
        File.WriteAllText(_folder, "");
        Assert.Contains("is a file", Assert.Throws<UsageException>(() => RunFolder.CheckPlace(_folder)).Message);
        Assert.StartsWith(Path.Combine(_folder, "inside") + ": ", Assert.Throws<RunException>(() => RunFolder.CheckPlace(Path.Combine(_folder, "inside"))).Message);
        Assert.StartsWith("/proc/out: ", Assert.Throws<RunException>(() => RunFolder.CheckPlace("/proc/out")).Message);
    }

    [Fact]
    public void A_look_says_the_same_and_makes_nothing()
    {
        RunState Look(string text = "learning_rate: 1e-4", bool overwrite = false)
        {
            var recipe = Recipe.Parse(text, "toy.yaml");
            recipe.Bind<ToyOptions>();
            return RunFolder.Look(_folder, recipe, overwrite);
        }
        Assert.Equal(RunState.Fresh, Look());
        Assert.False(Directory.Exists(_folder));
        using (var run = Open())
        {
            Assert.Equal(RunState.Interrupted, Look());
            run.Finish();
        }
        Assert.Equal(RunState.Finished, Look());
        Assert.Equal(RunState.Fresh, Look(overwrite: true));
        Assert.Contains("belongs to a run with other settings", Assert.Throws<UsageException>(() => Look("learning_rate: 2e-4")).Message);
    }

    [Fact]
    public void A_second_writer_is_told_who_holds_the_folder()
    {
        using var first = Open();
        var message = Assert.Throws<UsageException>(() => Open()).Message;
        Assert.Contains($"is in use by process {Environment.ProcessId}", message);
    }

    [Fact]
    public void Another_runs_folder_is_refused_with_what_differs()
    {
        Open().Dispose();
        var message = Assert.Throws<UsageException>(() => Open("learning_rate: 2e-4")).Message;
        Assert.Contains("  learning_rate: 0.0001 there, 0.0002 now", message);
        Assert.Contains("overwrite_output_dir: true", message);
    }

    [Fact]
    public void A_key_that_changes_no_result_may_differ()
    {
        Open().Dispose();
        using var again = Open("learning_rate: 1e-4\nlogging_steps: 1");
        Assert.Equal(RunState.Interrupted, again.State);
    }

    [Fact]
    public void Files_of_nobodys_run_are_kept()
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, "thesis.txt"), "years of work");
        Assert.Contains("thesis.txt", Assert.Throws<UsageException>(() => Open()).Message);
        using var forced = Open(overwrite: true);
        Assert.Equal("years of work", File.ReadAllText(Path.Combine(_folder, "thesis.txt")));
    }

    [Fact]
    public void Overwriting_removes_the_old_runs_files_and_left_overs()
    {
        Open().Dispose();
        Directory.CreateDirectory(Path.Combine(_folder, "checkpoint-10"));
        Directory.CreateDirectory(Path.Combine(_folder, "checkpoint-best"));
        File.WriteAllText(Path.Combine(_folder, ".model.safetensors.77-1.part"), "half");
        using var again = Open("learning_rate: 3e-4", overwrite: true);
        Assert.Equal(RunState.Fresh, again.State);
        Assert.False(Directory.Exists(Path.Combine(_folder, "checkpoint-10")));
        Assert.True(Directory.Exists(Path.Combine(_folder, "checkpoint-best")));
        Assert.False(File.Exists(Path.Combine(_folder, ".model.safetensors.77-1.part")));
    }

    [Fact]
    public void Overwriting_keeps_the_checkpoint_that_the_run_is_to_go_on_from()
    {
        Open().Dispose();
        Directory.CreateDirectory(Path.Combine(_folder, "checkpoint-10"));
        var recipe = Recipe.Parse("learning_rate: 3e-4", "toy.yaml");
        recipe.Bind<ToyOptions>();
        Assert.Equal(RunState.Interrupted, RunFolder.Look(_folder, recipe, overwrite: true, keep: true));
        using var again = RunFolder.Open(_folder, recipe, overwrite: true, TimeProvider.System, keep: true);
        Assert.Equal(RunState.Interrupted, again.State);
        Assert.True(Directory.Exists(Path.Combine(_folder, "checkpoint-10")));
    }

    [Fact]
    public void What_a_killed_writer_left_is_removed_and_told()
    {
        Open().Dispose();
        Directory.CreateDirectory(Path.Combine(_folder, ".checkpoint-6.77-1.part"));
        File.WriteAllText(Path.Combine(_folder, ".checkpoint-6.77-1.part", ".optimizer.safetensors.77-2.part"), "half");
        Directory.CreateDirectory(Path.Combine(_folder, ".checkpoint-3.77-9.gone.part"));
        Directory.CreateDirectory(Path.Combine(_folder, "start"));
        File.WriteAllText(Path.Combine(_folder, "start", ".a.json.77-3.part"), "half");
        using var again = Open();
        Assert.Equal(["a.json", "checkpoint-6"], again.HalfWritten.Where(name => !name.StartsWith("optimizer", StringComparison.Ordinal)).Order());
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_folder, "*.part", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }), _ => true);
    }

    [Fact]
    public void A_message_that_quotes_a_whole_file_is_bounded()
    {
        string message = Assert.Throws<UsageException>(() => Open("learning_rate: " + new string('x', 300_000))).Message;
        Assert.InRange(message.Length, 50, 8000);
    }

    [Fact]
    public void A_torn_last_event_is_dropped()
    {
        using (var first = Open()) first.Events.Write("step", ("step", 1), ("loss", double.NaN));
        File.AppendAllText(Path.Combine(_folder, "events.jsonl"), "{\"time\": \"20");
        using (var second = Open()) second.Events.Write("end");
        var lines = File.ReadAllLines(Path.Combine(_folder, "events.jsonl"));
        Assert.Equal(2, lines.Length);
        Assert.Contains("\"step\":1,\"loss\":\"NaN\"", lines[0]);
        Assert.Contains("\"event\":\"end\"", lines[1]);
    }

    [Fact]
    public void A_mutilated_record_counts_as_somebody_elses()
    {
        Open().Dispose();
        File.WriteAllText(Path.Combine(_folder, "run.json"), "{");
        Assert.Throws<UsageException>(() => Open());
    }

    [Fact]
    public void The_resolved_recipe_runs_again()
    {
        var recipe = Recipe.Parse("learning_rate: 1e-4", "toy.yaml");
        recipe.Bind<ToyOptions>();
        using (var folder = RunFolder.Open(_folder, recipe, false, TimeProvider.System)) folder.WriteRecipe(recipe);
        var again = Recipe.Load(Path.Combine(_folder, "recipe.yaml"));
        Assert.Equal(1e-4, again.Bind<ToyOptions>().LearningRate);
        Assert.Contains("# recipe line 1", File.ReadAllText(Path.Combine(_folder, "recipe.yaml")));
    }
}
