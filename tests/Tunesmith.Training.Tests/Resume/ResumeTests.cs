using Tunesmith.Runs;
using Tunesmith.Training;
using Tunesmith.Training.Resume;

namespace Tunesmith.Tests.Resume;

public class ResumeTests
{
    private static TrainingOptions Options => Toy.Options with
    {
        NeftuneNoiseAlpha = 5, NumTrainEpochs = 2, LoggingSteps = 3, EvalStrategy = "steps", EvalSteps = 2, SaveStrategy = "steps", SaveSteps = 2, MetricForBestModel = "loss",
    };

    private static ToyRun Run(TrainingOptions options, string folder, string? from, CancellationToken cancel = default, Action<StepEvent, CancellationToken>? onStep = null, Action<int>? onEvaluating = null) =>
        Toy.Run(options, Toy.Answers(11), input => input with { Eval = Toy.Answers(5), RunFolder = folder, ResumeFrom = from }, lora: true, cancel: cancel, onStep: onStep, onEvaluating: onEvaluating);

    [Theory]
    [InlineData("cosine", "adamw_torch", "steps")]
    [InlineData("reduce_lr_on_plateau", "sgd", "steps")]
    [InlineData("linear", "adamw_torch", "epoch")]
    public void Interrupted_and_resumed_equals_straight_through_at_every_step(string schedule, string optimizer, string strategy)
    {
        var options = Options with
        {
            LrSchedulerType = schedule, Optim = optimizer, OptimArgs = optimizer == "sgd" ? "momentum=0.9" : null, SaveStrategy = strategy, EvalStrategy = strategy,
            LrSchedulerKwargs = schedule == "reduce_lr_on_plateau" ? new Dictionary<string, object?> { ["patience"] = 0L, ["factor"] = 0.5, ["threshold"] = 0.5 } : null,
        };
        using var straight = new TempFolder();
        ToyRun whole = Run(options, straight.Path, null);
        string[] log = Steady(straight.Path);
        for (int stop = 1; stop < whole.Steps.Count; stop++)
        {
            using var folder = new TempFolder();
            using var source = new CancellationTokenSource();
            ToyRun first = Run(options, folder.Path, null, source.Token, (step, _) => { if (step.Step == stop) source.Cancel(); });
            Assert.True(first.Result.Interrupted);
            string checkpoint = CheckpointFolders.Newest(folder.Path, Assert.Fail)!;
            Assert.Equal(CheckpointFolders.PathOf(folder.Path, stop), checkpoint);
            ToyRun rest = Run(options, folder.Path, checkpoint);
            Assert.Equal(whole.Weights, rest.Weights);
            Assert.Equal(whole.Result.TrainLoss, rest.Result.TrainLoss);
            Assert.Equal(whole.Result.State.BestMetric, rest.Result.State.BestMetric);
            Assert.Equal(log, Steady(folder.Path));
        }
    }

    [Theory]
    [InlineData("steps", "steps", "cosine", false)]
    [InlineData("steps", "steps", "reduce_lr_on_plateau", true)]
    [InlineData("epoch", "epoch", "cosine", true)]
    [InlineData("steps", "epoch", "cosine", false)]
    [InlineData("epoch", "steps", "cosine", false)]
    [InlineData("steps", "best", "cosine", true)]
    public void Interrupted_in_an_evaluation_it_begins_with_that_evaluation(string evaluates, string saves, string schedule, bool decides)
    {
        var options = Options with
        {
            EvalStrategy = evaluates, SaveStrategy = saves, LrSchedulerType = schedule, LoadBestModelAtEnd = decides && evaluates == saves, LoggingStrategy = evaluates, NumTrainEpochs = 3,
            LrSchedulerKwargs = schedule == "reduce_lr_on_plateau" ? new Dictionary<string, object?> { ["patience"] = 0L, ["factor"] = 0.5, ["threshold"] = 0.5 } : null,
        };
        using var straight = new TempFolder();
        int evaluations = 0;
        ToyRun whole = Run(options, straight.Path, null, onEvaluating: batch => { if (batch == 1) evaluations++; });
        Assert.True(evaluations >= 3);
        for (int stop = 1; stop <= evaluations; stop++)
        {
            using var folder = new TempFolder();
            using var source = new CancellationTokenSource();
            int seen = 0;
            ToyRun first = Run(options, folder.Path, null, source.Token, onEvaluating: batch => { if (batch == 1 && ++seen == stop) source.Cancel(); });
            Assert.True(first.Result.Interrupted);
            string log = Path.Combine(folder.Path, "trainer_log.jsonl"); // made by its first line
            Assert.Equal(stop - 1, File.Exists(log) ? File.ReadAllLines(log).Count(line => line.Contains("eval_loss", StringComparison.Ordinal)) : 0);

            // Once more at the same place: then the checkpoint is written again, and nothing else has happened.
            using var again = new CancellationTokenSource();
            string checkpoint = CheckpointFolders.Newest(folder.Path, Assert.Fail)!;
            Assert.True(Run(options, folder.Path, checkpoint, again.Token, onEvaluating: _ => again.Cancel()).Result.Interrupted);
            Assert.Equal(checkpoint, CheckpointFolders.Newest(folder.Path, Assert.Fail));

            ToyRun rest = Run(options, folder.Path, checkpoint);
            Assert.Equal(whole.Weights, rest.Weights);
            Assert.Equal((whole.Result.State.BestMetric, whole.Result.State.BestGlobalStep), (rest.Result.State.BestMetric, rest.Result.State.BestGlobalStep));
            Assert.Equal(string.Join("\n", Steady(straight.Path)), string.Join("\n", Steady(folder.Path)));
            foreach (var (step, path) in CheckpointFolders.All(straight.Path))
                foreach (string file in (string[])["optimizer.safetensors", "rng_state.json"])
                    Assert.Equal(File.ReadAllBytes(Path.Combine(path, file)), File.ReadAllBytes(Path.Combine(CheckpointFolders.PathOf(folder.Path, step), file)));
        }
    }

    [Fact]
    public void A_run_that_was_killed_goes_on_from_its_last_whole_checkpoint()
    {
        using var straight = new TempFolder();
        using var folder = new TempFolder();
        ToyRun whole = Run(Options, straight.Path, null);
        // Killed at update 5: checkpoint 4 is there, update 5 is lost, its log line too.
        Assert.Throws<InvalidOperationException>(() => Run(Options, folder.Path, null, onStep: (step, _) => { if (step.Step == 5) throw new InvalidOperationException(); }));
        string checkpoint = CheckpointFolders.Newest(folder.Path, Assert.Fail)!;
        Assert.EndsWith("checkpoint-4", checkpoint);
        ToyRun rest = Run(Options, folder.Path, checkpoint);
        Assert.Equal(whole.Weights, rest.Weights);
        Assert.Equal(Steady(straight.Path), Steady(folder.Path));
    }

    [Theory]
    [InlineData("optimizer.safetensors", "cut")]
    [InlineData("scheduler.json", "changed")]
    [InlineData("rng_state.json", "gone")]
    [InlineData("tunesmith_checkpoint.json", "cut")]
    [InlineData("tunesmith_checkpoint.json", "gone")]
    public void A_damaged_checkpoint_is_recognised_skipped_and_said(string file, string damage)
    {
        using var folder = new TempFolder();
        Run(Options, folder.Path, null);
        string last = CheckpointFolders.All(folder.Path)[0].Path, path = Path.Combine(last, file);
        byte[] bytes = File.ReadAllBytes(path);
        if (damage == "gone") File.Delete(path);
        else if (damage == "cut") File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        else { bytes[bytes.Length / 2] ^= 1; File.WriteAllBytes(path, bytes); }
        var said = new List<string>();
        Assert.Equal(CheckpointFolders.All(folder.Path)[1].Path, CheckpointFolders.Newest(folder.Path, said.Add));
        Assert.Contains(Path.GetFileName(last), Assert.Single(said));
        Assert.Contains("is skipped", said[0]);
        var error = Assert.Throws<UsageException>(() => Run(Options, folder.Path, last));
        Assert.StartsWith("resume_from_checkpoint:", error.Message);
    }

    [Fact]
    public void Old_checkpoints_go_but_never_the_best_or_the_newest()
    {
        using var folder = new TempFolder();
        foreach (long step in (long[])[2, 4, 6, 8]) CheckpointFolders.Write(folder.Path, step, target => File.WriteAllText(Path.Combine(target, "x"), "x"));
        CheckpointFolders.KeepOnly(folder.Path, 2, bestStep: 4, newest: 8);
        Assert.Equal([8, 4], CheckpointFolders.All(folder.Path).Select(entry => entry.Step));
        CheckpointFolders.KeepOnly(folder.Path, 1, bestStep: 4, newest: 8);
        Assert.Equal([8, 4], CheckpointFolders.All(folder.Path).Select(entry => entry.Step));
        CheckpointFolders.KeepOnly(folder.Path, 1, bestStep: null, newest: 8);
        Assert.Equal([8], CheckpointFolders.All(folder.Path).Select(entry => entry.Step));
    }

    [Fact]
    public void A_broken_later_checkpoint_goes_before_the_one_that_the_run_stands_at()
    {
        using var folder = new TempFolder();
        foreach (long step in (long[])[2, 4, 6, 8]) CheckpointFolders.Write(folder.Path, step, target => File.WriteAllText(Path.Combine(target, "scheduler.json"), "x"));
        File.WriteAllText(Path.Combine(CheckpointFolders.PathOf(folder.Path, 6), "scheduler.json"), "torn");
        CheckpointFolders.KeepOnly(folder.Path, 1, bestStep: null, newest: 4);
        Assert.Equal([8, 4], CheckpointFolders.All(folder.Path).Select(entry => entry.Step));
    }

    [Fact]
    public void A_run_that_keeps_only_models_still_goes_on_where_it_was_stopped()
    {
        var options = Options with { SaveOnlyModel = true };
        using var straight = new TempFolder();
        ToyRun whole = Run(options, straight.Path, null);
        foreach (int stop in (int[])[3, 4])
        {
            using var folder = new TempFolder();
            using var source = new CancellationTokenSource();
            Run(options, folder.Path, null, source.Token, (step, _) => { if (step.Step == stop) source.Cancel(); });
            string checkpoint = CheckpointFolders.Newest(folder.Path, _ => { })!;
            Assert.Equal(CheckpointFolders.PathOf(folder.Path, stop), checkpoint);
            Assert.Equal(whole.Weights, Run(options, folder.Path, checkpoint).Weights);
        }
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_leaves_nothing()
    {
        using var folder = new TempFolder();
        Assert.Throws<RunException>(() => CheckpointFolders.Write(folder.Path, 3, _ => throw new IOException("No space left on device")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    // trainer_log.jsonl without the times.
    private static string[] Steady(string folder) =>
        [.. File.ReadAllLines(Path.Combine(folder, "trainer_log.jsonl")).Select(line => line[..line.IndexOf("\"elapsed_time\"", StringComparison.Ordinal)])];
}
