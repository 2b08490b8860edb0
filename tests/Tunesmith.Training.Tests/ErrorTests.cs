using Tunesmith.Runs;
using Tunesmith.Torch;
using Tunesmith.Training;
using Tunesmith.Training.Schedules;
using Plate = Tunesmith.Training.Schedules.Schedules;

namespace Tunesmith.Tests;

/// <summary>Every message of this room, each by keys or examples that a person could have given.</summary>
public sealed class ErrorTests
{
    public static TheoryData<string, string, string, object?> ScheduleArguments => new()
    {
        { "lr_scheduler_type: got 'sine'; expected one of constant, ", "sine", "", null },
        { "lr_scheduler_kwargs, num_cycles: got many; expected a number. Change it or leave it out.", "cosine", "num_cycles", "many" },
        { "lr_scheduler_kwargs: got 'speed'; expected one of num_cycles for cosine. Leave it out or correct its name.", "cosine", "speed", 1L },
        { "lr_scheduler_kwargs: got 'speed'; expected nothing, since linear takes no arguments. Leave it out or correct its name.", "linear", "speed", 1L },
        { "lr_scheduler_kwargs: got neither of min_lr and min_lr_rate; expected exactly one of them for cosine_with_min_lr. Give one, for example {min_lr_rate: 0.1}.", "cosine_with_min_lr", "", null },
        { "lr_scheduler_kwargs, lr_end: got 1; expected a rate below the learning_rate 0.001. Lower lr_end.", "polynomial", "lr_end", 1.0 },
    };

    [Theory]
    [MemberData(nameof(ScheduleArguments))]
    public void A_schedule_names_the_argument_it_cannot_take(string message, string schedule, string name, object? value)
    {
        var arguments = name.Length == 0 ? [] : new Dictionary<string, object?> { [name] = value };
        Says(message, () => Plate.Create(schedule, new ScheduleRequest(0.001, 4, 20, arguments)));
    }

    public static TheoryData<string, TrainingOptions> Keys => new()
    {
        { "lr_scheduler_type: got reduce_lr_on_plateau without evaluations; expected an eval_strategy. Set eval_strategy: epoch, or choose another schedule.", Toy.Options with { LrSchedulerType = "reduce_lr_on_plateau" } },
        { "eval_strategy: got a request to evaluate without evaluation examples; expected val_size, eval_dataset or eval_file. Give one of them or set eval_strategy off.", Toy.Options with { EvalStrategy = "steps" } },
        { "early_stopping_steps: got it without evaluations during training; expected an eval_strategy of steps or epoch. Set eval_strategy.", Toy.Options with { EarlyStoppingSteps = 1 } },
        { "load_best_model_at_end: got save_strategy epoch and eval_strategy no; expected the same for both. Set them alike.", Toy.Options with { LoadBestModelAtEnd = true, SaveStrategy = "epoch" } },
        { "logging_steps: got 0; expected how many updates lie between two. Give a number above 0.", Toy.Options with { LoggingSteps = 0 } },
        { "eval_steps: got 0; expected how many updates", Toy.Options with { EvalStrategy = "steps", EvalSteps = 0, LoggingStrategy = "no", LoggingSteps = 0 } },
        { "save_steps: got 2.5; expected a whole number of updates, or a part of the run below 1. Round it.", Toy.Options with { SaveStrategy = "steps", SaveSteps = 2.5 } },
        { "stage: got 'rm'; expected one of cls, pt, sft. Choose one of these.", Toy.Options with { Stage = "rm" } },
        { "stage cls: got a LlamaForCausalLM; expected a sequence classifier. Choose the stage that fits the model.", Toy.Options with { Stage = "cls" } },
        { "optim: got 'lion_32bit'; expected one of adam, adamw_torch", Toy.Options with { Optim = "lion_32bit" } },
        { "optim_args: got 'speed=1'; expected one of momentum, dampening, nesterov. Correct it or leave it out.", Toy.Options with { Optim = "sgd", OptimArgs = "speed=1" } },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_key_that_cannot_be_met_is_refused_before_the_first_update(string message, TrainingOptions options) => Says(message, () => Toy.Run(options, Toy.Answers(4)));

    [Fact]
    public void Evaluations_must_fit_what_is_kept()
    {
        var best = Toy.Options with { EvalStrategy = "steps", SaveStrategy = "steps", LoadBestModelAtEnd = true };
        Says("load_best_model_at_end: got save_steps 3 and eval_steps 2; expected save_steps to be a multiple of eval_steps, both whole or both parts of the run. Change one of them.", () => Evaluated(best with { SaveSteps = 3, EvalSteps = 2 }));
        Says("metric_for_best_model: got 'eval_f2'; expected one of eval_", () => Evaluated(Toy.Options with { EvalStrategy = "steps", EvalSteps = 1, MetricForBestModel = "f2" }));
        Says("eval_loss. Choose a metric that the evaluation gives.", () => Evaluated(Toy.Options with { EvalStrategy = "steps", EvalSteps = 1, MetricForBestModel = "f2" }));
        static ToyRun Evaluated(TrainingOptions options) => Toy.Run(options, Toy.Answers(4), input => input with { Eval = Toy.Answers(2) });
    }

    [Fact]
    public void Examples_must_be_there_and_of_one_kind()
    {
        Says("training examples: got none; expected at least one. Look at the data report for what was left out.", () => Toy.Run(Toy.Options, []));
        Says("label: got 3; expected a class below 3. Give the model as many labels as the data has.", () => Toy.Run(Toy.Options with { Stage = "cls" }, Toy.Classes(8, labels: 5), make: () => Toy.Bert()));
        Fails("batch: got examples of different kinds in one batch; expected the same fields in each. Prepare all examples in the same way.",
            () => Toy.Run(Toy.Options with { Stage = "cls", PerDeviceTrainBatchSize = 4 }, [.. Toy.Classes(2), .. Toy.Answers(2)], make: () => Toy.Bert()));
    }

    [Fact]
    public void Something_must_be_trained() => Says("trainable parameters: got none; expected at least one. Look at finetuning_type and its targets.", () => Toy.Run(Toy.Options, Toy.Answers(4), input =>
    {
        foreach (var (_, parameter) in input.Model.NamedParameters()) parameter.Trainable = false;
        return input;
    }));

    [Fact]
    public void Numbers_that_run_away_stop_the_run()
    {
        Fails("loss: got NaN at update 1 (learning rate 0", () => Toy.Run(Toy.Options with { NeftuneNoiseAlpha = 1 }, Toy.Answers(4), input => input with { EmbeddingNoise = x => x * double.NaN }));
        Fails("expected a finite number. Lower learning_rate, raise warmup_steps, or look for broken examples; the last checkpoint is untouched.",
            () => Toy.Run(Toy.Options with { NeftuneNoiseAlpha = 1 }, Toy.Answers(4), input => input with { EmbeddingNoise = x => x * double.NaN }));
        Fails("gradient norm: got NaN at update 1 (learning rate 0", () => Spoilt());
        Fails("expected a finite number. Lower learning_rate or max_grad_norm; the last checkpoint is untouched.", () => Spoilt());
        static ToyRun Spoilt() => Toy.Run(Toy.Options, Toy.Answers(4), input => input with { BeforeUpdate = _ => input.Model.NamedParameters().First(entry => entry.Parameter.Trainable).Parameter.Value.Grad!.FillInPlace(double.NaN) });
    }

    [Fact]
    public void A_checkpoint_must_be_one_of_this_run()
    {
        using var folder = new TempFolder();
        Says("/none, which ", () => Toy.Run(Toy.Options, Toy.Answers(4), input => input with { ResumeFrom = folder.File("none") }));
        Says("; expected a whole checkpoint of this run. Name another checkpoint, or leave the key out to go on from the newest whole one.", () => Toy.Run(Toy.Options, Toy.Answers(4), input => input with { ResumeFrom = folder.File("none") }));
        Toy.Run(Toy.Options with { SaveStrategy = "steps", SaveSteps = 1 }, Toy.Answers(4), input => input with { RunFolder = folder.Path }, lora: true);
        var checkpoint = Directory.EnumerateDirectories(folder.Path, "checkpoint-*").First();
        Fails("; expected the state of every trained parameter. The checkpoint belongs to another recipe; choose another one.", () => Toy.Run(Toy.Options, Toy.Answers(4), input => input with { ResumeFrom = checkpoint }));
    }

    private static void Says(string message, Func<object> act) => Assert.Contains(message, Assert.Throws<UsageException>(act).Message);

    private static void Fails(string message, Func<object> act) => Assert.Contains(message, Assert.Throws<RunException>(act).Message);
}
