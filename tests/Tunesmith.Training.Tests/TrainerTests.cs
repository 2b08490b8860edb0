using Tunesmith.Runs;
using Tunesmith.Training;

namespace Tunesmith.Tests;

public class TrainerTests
{
    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 4)]
    [InlineData(4, 2)]
    public void Batches_of_one_accumulated_equal_one_batch(int batch, int accumulation)
    {
        var whole = Toy.Options with { PerDeviceTrainBatchSize = 8, GradientAccumulationSteps = 1, DisableShuffling = true };
        var parts = whole with { PerDeviceTrainBatchSize = batch, GradientAccumulationSteps = accumulation };
        ToyRun one = Toy.Run(whole, Toy.Answers(20)), other = Toy.Run(parts, Toy.Answers(20));
        Assert.Equal(one.Steps.Count, other.Steps.Count);
        foreach (var (a, b) in one.Steps.Zip(other.Steps)) Assert.Equal(a.Loss, b.Loss, 1e-4);
        AreClose(one.Weights, other.Weights, 1e-4f);
    }

    [Fact]
    public void Batches_of_one_accumulated_equal_one_batch_for_classification()
    {
        var whole = Toy.Options with { Stage = "cls", PerDeviceTrainBatchSize = 8, GradientAccumulationSteps = 1 };
        var parts = whole with { PerDeviceTrainBatchSize = 1, GradientAccumulationSteps = 8 };
        ToyRun one = Toy.Run(whole, Toy.Classes(12), make: () => Toy.Bert()), other = Toy.Run(parts, Toy.Classes(12), make: () => Toy.Bert());
        foreach (var (a, b) in one.Steps.Zip(other.Steps))
        {
            Assert.Equal(a.Loss, b.Loss, 1e-4);
            Assert.Equal(a.GradNorm, b.GradNorm, 1e-3);
        }
    }

    [Theory]
    [InlineData("sft")]
    [InlineData("pt")]
    public void Three_examples_are_learnt_by_heart(string stage)
    {
        var options = Toy.Options with { Stage = stage, LearningRate = 1e-2, NumTrainEpochs = 60, PerDeviceTrainBatchSize = 3, GradientAccumulationSteps = 1, LrSchedulerType = "constant" };
        ToyRun run = Toy.Run(options, Toy.Answers(3));
        Assert.True(run.Steps[^1].Loss < 0.1 * run.Steps[0].Loss, $"loss went from {run.Steps[0].Loss} to {run.Steps[^1].Loss}");
    }

    [Fact]
    public void Three_classes_are_learnt_by_heart()
    {
        var options = Toy.Options with { Stage = "cls", LearningRate = 5e-3, NumTrainEpochs = 40, PerDeviceTrainBatchSize = 3, GradientAccumulationSteps = 1, LrSchedulerType = "constant" };
        ToyRun run = Toy.Run(options, Toy.Classes(3), make: () => Toy.Bert());
        Assert.True(run.Steps[^1].Loss < 0.1, $"loss ended at {run.Steps[^1].Loss}");
    }

    [Fact]
    public void The_same_seed_gives_the_same_run_and_another_seed_another()
    {
        var options = Toy.Options with { NeftuneNoiseAlpha = 5 };
        ToyRun one = Toy.Run(options, Toy.Answers(9), lora: true), again = Toy.Run(options, Toy.Answers(9), lora: true);
        ToyRun other = Toy.Run(options with { Seed = 43 }, Toy.Answers(9), lora: true);
        Assert.Equal(one.Weights, again.Weights);
        Assert.NotEqual(one.Weights, other.Weights);
    }

    [Fact]
    public void Gradient_checkpointing_changes_no_number()
    {
        ToyRun plain = Toy.Run(Toy.Options, Toy.Answers(9)), recomputed = Toy.Run(Toy.Options with { GradientCheckpointing = true }, Toy.Answers(9));
        Assert.Equal(plain.Weights, recomputed.Weights);
    }

    [Fact]
    public void Live_tensors_stay_flat()
    {
        ToyRun run = Toy.Run(Toy.Options with { NumTrainEpochs = 4 }, Toy.Answers(8));
        Assert.Equal(run.Steps[1].TensorsLive, run.Steps[^1].TensorsLive);
    }

    [Fact]
    public void Frozen_weights_do_not_change()
    {
        float[] before = [], after = [];
        Toy.Run(Toy.Options, Toy.Answers(9), input =>
        {
            var frozen = input.Model.NamedParameters().First(entry => entry.Name.Contains("down_proj"));
            frozen.Parameter.Trainable = false;
            before = frozen.Parameter.Value.ToFloats();
            return input with { BeforeUpdate = _ => after = frozen.Parameter.Value.ToFloats() };
        });
        Assert.Equal(before, after);
    }

    [Fact]
    public void Windows_never_cross_an_epoch_and_epochs_may_be_fractions()
    {
        var options = Toy.Options with { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 3, NumTrainEpochs = 1.5 };
        ToyRun run = Toy.Run(options, Toy.Answers(9)); // 5 micro-batches: windows of 3 and 2, so 2 updates an epoch and 3 in all
        Assert.Equal([3, 2, 3], run.Steps.Select(step => step.MicroLosses.Count));
        Assert.Equal([0.6, 1.0, 1.6], run.Steps.Select(step => Math.Round(step.Epoch, 9)));
    }

    [Fact]
    public void Early_stopping_keeps_the_weights_of_the_best_evaluation()
    {
        using var folder = new TempFolder();
        var options = Toy.Options with
        {
            LearningRate = 0.05, LrSchedulerType = "constant", NumTrainEpochs = 40, EvalStrategy = "steps", EvalSteps = 1, SaveStrategy = "steps", SaveSteps = 1,
            SaveTotalLimit = 2, LoadBestModelAtEnd = true, EarlyStoppingSteps = 3,
        };
        var weightsAt = new Dictionary<long, float[]>();
        Tunesmith.Models.Model? model = null;
        ToyRun run = Toy.Run(options, Toy.Answers(6), input => { model = input.Model; return input with { Eval = [.. Toy.Answers(12).Skip(6)], RunFolder = folder.Path }; },
            onStep: (step, _) => weightsAt[step.Step] = Toy.Weights(model!));
        long best = run.Result.State.BestGlobalStep!.Value;
        Assert.Equal(best + 3, run.Result.Steps);
        Assert.Equal(weightsAt[best], run.Weights);
        Assert.Contains($"checkpoint-{best}", Directory.EnumerateDirectories(folder.Path).Select(Path.GetFileName));
        Assert.Equal(2, Directory.EnumerateDirectories(folder.Path).Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_best_evaluation_without_a_checkpoint_gives_way_to_the_best_that_has_one(bool earlier)
    {
        var options = Toy.Options with { LearningRate = 0.005, LrSchedulerType = "constant", NumTrainEpochs = 20, EvalStrategy = "steps", EvalSteps = 1, SaveStrategy = "steps", LoadBestModelAtEnd = true, SaveTotalLimit = 1 };
        var weightsAt = new Dictionary<long, float[]>();
        ToyRun Trained(int save, string folder)
        {
            Tunesmith.Models.Model? model = null;
            return Toy.Run(options with { SaveSteps = save }, Toy.Answers(6), input => { model = input.Model; return input with { Eval = [.. Toy.Answers(12).Skip(6)], RunFolder = folder }; },
                onStep: (step, _) => weightsAt[step.Step] = Toy.Weights(model!));
        }
        using var all = new TempFolder();
        var state = Trained(1, all.Path).Result.State;
        var best = (int)state.BestGlobalStep!.Value;
        var last = weightsAt.Keys.Max();
        Assert.InRange(best, 3, last - 2);
        var losses = state.LogHistory.Where(record => record.ContainsKey("eval_loss")).Select(record => (double)record["eval_loss"]!).ToList();
        // Saved only behind the best evaluation, or at an earlier one that was the best until then.
        var save = earlier ? Enumerable.Range(2, best - 2).Last(step => best % step != 0 && losses[step - 1] == losses[..step].Min()) : best + 1;
        using var some = new TempFolder();
        var run = Trained(save, some.Path);
        Assert.Equal(best, run.Result.State.BestGlobalStep);
        var kept = earlier ? save : last;
        Assert.Equal(weightsAt[kept], run.Weights);
        Assert.Contains(run.Messages, text => text.Contains($"the best evaluation was after update {best}, of which there is no checkpoint", StringComparison.Ordinal));
        Assert.True(Directory.Exists(Path.Combine(some.Path, $"checkpoint-{kept}")));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(4, 2)]
    public void Checkpoints_every_0_updates_are_one_at_the_end(int every, int written)
    {
        using var folder = new TempFolder();
        var run = Toy.Run(Toy.Options with { SaveStrategy = "steps", SaveSteps = every, MaxSteps = 6 }, Toy.Answers(8), input => input with { RunFolder = folder.Path });
        Assert.Equal(6, run.Result.Steps);
        Assert.Equal(written, Directory.EnumerateDirectories(folder.Path, "checkpoint-*").Count());
    }

    [Fact]
    public void Evaluations_every_0_updates_come_with_the_log()
    {
        var run = Toy.Run(Toy.Options with { EvalStrategy = "steps", EvalSteps = 0, LoggingSteps = 3, MaxSteps = 6 }, Toy.Answers(8), input => input with { Eval = Toy.Answers(2) });
        Assert.Equal(2, run.Result.State.LogHistory.Count(record => record.ContainsKey("eval_loss")));
    }

    [Theory]
    [InlineData(0.1, 0.2, true)]
    [InlineData(0.1, 0.3, true)]
    [InlineData(0.2, 0.3, false)]
    [InlineData(0.1, 3, false)]
    [InlineData(2, 3, false)]
    [InlineData(2, 4, true)]
    public void What_is_saved_must_be_evaluated_as_the_recipe_says_it(double evaluate, double save, bool fits)
    {
        var options = Toy.Options with { EvalStrategy = "steps", EvalSteps = evaluate, SaveStrategy = "steps", SaveSteps = save, LoadBestModelAtEnd = true };
        Assert.Equal(fits, !TrainerChecks.Problems(options, evaluable: true).Any());
    }

    [Fact]
    public void A_batch_without_anything_to_predict_can_be_measured_without_training()
    {
        using var scope = Tunesmith.Torch.Scope.Open();
        using var model = Toy.Llama();
        foreach (var (_, parameter) in model.NamedParameters()) parameter.Trainable = false;
        var nothing = Toy.Answers(1)[0] with { Labels = [.. Toy.Answers(1)[0].InputIds.Select(_ => Tunesmith.Data.TokenizedExample.Masked)] };
        var stage = Tunesmith.Training.Stages.Stages.Create(Toy.Options, padId: 0);
        Assert.True(double.IsFinite(new Evaluator(model, stage, 1, TimeProvider.System).Run([nothing, Toy.Answers(2)[1]]).Loss));
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_the_run()
    {
        var error = Assert.Throws<RunException>(() => Toy.Run(Toy.Options with { LearningRate = 1e30, LrSchedulerType = "constant", MaxGradNorm = 0, NumTrainEpochs = 9 }, Toy.Answers(9)));
        Assert.Contains("expected a finite number", error.Message);
    }

    [Fact]
    public void What_cannot_work_is_said_before_the_first_update()
    {
        string Refused(TrainingOptions options) => Assert.Throws<UsageException>(() => Toy.Run(options, Toy.Answers(4))).Message;
        Assert.StartsWith("eval_strategy:", Refused(Toy.Options with { EvalStrategy = "steps" }));
        Assert.StartsWith("lr_scheduler_type:", Refused(Toy.Options with { LrSchedulerType = "reduce_lr_on_plateau" }));
        Assert.StartsWith("early_stopping_steps:", Refused(Toy.Options with { EarlyStoppingSteps = 1 }));
        Assert.StartsWith("load_best_model_at_end:", Refused(Toy.Options with { LoadBestModelAtEnd = true, SaveStrategy = "epoch" }));
        Assert.StartsWith("training examples:", Assert.Throws<UsageException>(() => Toy.Run(Toy.Options, [])).Message);
        Assert.StartsWith("stage cls:", Refused(Toy.Options with { Stage = "cls" }));
        Assert.StartsWith("optim:", Refused(Toy.Options with { Optim = "lion_32bit" }));
        Assert.StartsWith("optim_args:", Refused(Toy.Options with { Optim = "sgd", OptimArgs = "speed=1" }));
    }

    [Fact]
    public void Several_sets_are_measured_one_by_one_and_one_of_them_decides()
    {
        var sets = new Dictionary<string, IReadOnlyList<Tunesmith.Data.TokenizedExample>> { ["a"] = Toy.Answers(3), ["b"] = Toy.Answers(5) };
        var options = Toy.Options with { EvalStrategy = "epoch", MetricForBestModel = "b_loss" };
        ToyRun run = Toy.Run(options, Toy.Answers(8), input => input with { EvalByName = sets });
        var logged = run.Result.State.LogHistory.SelectMany(record => record.Keys).Where(key => key.EndsWith("_loss", StringComparison.Ordinal) && key.StartsWith("eval", StringComparison.Ordinal));
        Assert.Equal(["eval_a_loss", "eval_b_loss", "eval_a_loss", "eval_b_loss"], logged);
        Assert.Contains(run.Result.State.LogHistory, record => record.TryGetValue("eval_b_loss", out var loss) && (double)loss! == run.Result.State.BestMetric);
        var error = Assert.Throws<UsageException>(() => Toy.Run(options with { MetricForBestModel = "loss" }, Toy.Answers(8), input => input with { EvalByName = sets }));
        Assert.Contains("eval_a_loss, eval_b_loss", error.Message);
    }

    [Fact]
    public void The_first_update_is_logged_whatever_the_strategy()
    {
        ToyRun run = Toy.Run(Toy.Options with { LoggingStrategy = "epoch", LoggingFirstStep = true }, Toy.Answers(8));
        Assert.Equal([1L, 2, 4], run.Result.State.LogHistory.Where(record => record.ContainsKey("loss")).Select(record => (long)record["step"]!));
    }

    [Fact]
    public void An_evaluation_before_the_first_update_decides_nothing()
    {
        // Where a higher loss is called better, the untrained model would be the best and the first evaluation after it the last.
        var options = Toy.Options with { EvalOnStart = true, EvalStrategy = "epoch", EarlyStoppingSteps = 1, MetricForBestModel = "loss", GreaterIsBetter = true };
        ToyRun run = Toy.Run(options, Toy.Answers(8), input => input with { Eval = Toy.Answers(3) });
        double[] losses = [.. run.Result.State.LogHistory.Where(record => record.ContainsKey("eval_loss")).Select(record => (double)record["eval_loss"]!)];
        Assert.True(losses[0] > losses[1], "the example needs a loss that falls");
        Assert.Equal((4, 3), (run.Steps.Count, losses.Length));
        Assert.Equal(losses[1], run.Result.State.BestMetric);
    }

    private static void AreClose(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int at = 0; at < expected.Length; at++) Assert.True(Math.Abs(expected[at] - actual[at]) <= tolerance, $"{at}: got {actual[at]}, expected {expected[at]}");
    }
}
