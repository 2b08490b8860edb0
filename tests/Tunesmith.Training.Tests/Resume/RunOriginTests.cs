using Tunesmith.Data;
using Tunesmith.Runs;
using Tunesmith.Training;
using Tunesmith.Training.Resume;

namespace Tunesmith.Tests.Resume;

/// <summary>A run that goes on with other examples or other arithmetic is not taken for the run that was stopped.</summary>
public class RunOriginTests
{
    private static readonly Dictionary<string, object?> s_facts = new()
    {
        ["cpu"] = "Toy", ["blas"] = "OpenBLAS core Haswell", ["threads"] = 2, ["kernel_level"] = "Avx2", ["memory_available_gib"] = 3.5,
    };

    private static readonly IReadOnlyList<TokenizedExample> s_train = Toy.Answers(6), s_eval = Toy.Answers(3);

    private static RunOrigin Of(IReadOnlyList<TokenizedExample>? train = null, IReadOnlyList<TokenizedExample>? eval = null, string below = "sha256 1", Dictionary<string, object?>? facts = null) =>
        RunOrigin.Of(train ?? s_train, eval ?? s_eval, below, facts ?? s_facts);

    private static RunOrigin With(string name, object value) => Of(facts: new(s_facts) { [name] = value });

    private static string Train(TempFolder folder, RunOrigin origin, string? from = null, long steps = 2)
    {
        var options = Toy.Options with { SaveStrategy = "steps", SaveSteps = 1, MaxSteps = steps };
        Toy.Run(options, s_train, input => input with { RunFolder = folder.Path, Origin = origin, ResumeFrom = from });
        return CheckpointFolders.PathOf(folder.Path, steps);
    }

    private static List<string> Warnings(RunOrigin origin, string checkpoint, bool named = false)
    {
        var said = new List<string>();
        origin.Check(checkpoint, named, said.Add);
        return said;
    }

    [Fact]
    public void The_same_again_says_nothing()
    {
        using var folder = new TempFolder();
        var checkpoint = Train(folder, Of());
        Assert.Empty(Warnings(Of(Toy.Answers(6), Toy.Answers(3)), checkpoint));
        Assert.Empty(Warnings(With("memory_available_gib", 20.0), checkpoint));
    }

    [Theory]
    [InlineData("threads", 1, "threads 2 before, 1 now")]
    [InlineData("blas", "OpenBLAS core SkylakeX", "blas OpenBLAS core Haswell before, OpenBLAS core SkylakeX now")]
    [InlineData("kernel_level", "Avx512", "kernel level Avx2 before, Avx512 now")]
    [InlineData("cpu", "Other", "cpu Toy before, Other now")]
    public void Other_arithmetic_is_told(string name, object value, string told)
    {
        using var folder = new TempFolder();
        var warning = Assert.Single(Warnings(With(name, value), Train(folder, Of())));
        Assert.Contains(told, warning);
        Assert.Contains("last bits", warning);
    }

    [Fact]
    public void Back_on_the_first_machine_the_part_in_between_still_counts()
    {
        using var folder = new TempFolder();
        var first = Train(folder, Of());
        var second = Train(folder, With("threads", 1), first, steps: 4);
        Assert.Contains("threads 1 before, 2 now", Assert.Single(Warnings(Of(), second)));
        Assert.Contains("threads 2 before, 1 now", Assert.Single(Warnings(With("threads", 1), second)));
        Assert.Empty(Warnings(Of(), first)); // nothing of what came after it is in the first checkpoint
    }

    public static TheoryData<string> Changes => ["row gone", "row more", "order", "token", "label", "border", "target", "evaluation", "base"];

    [Theory]
    [MemberData(nameof(Changes))]
    public void Other_examples_are_refused_and_with_a_named_checkpoint_told(string change)
    {
        using var folder = new TempFolder();
        var checkpoint = Train(folder, Of());
        var other = change switch
        {
            "row gone" => Of([.. s_train.Skip(1)]),
            "row more" => Of([.. s_train, s_train[0]]),
            "order" => Of([.. s_train.Reverse()]),
            "token" => Of([s_train[0] with { InputIds = [.. s_train[0].InputIds[..^1], 63] }, .. s_train.Skip(1)]),
            "label" => Of([s_train[0] with { Labels = [.. s_train[0].Labels[..^1], TokenizedExample.Masked] }, .. s_train.Skip(1)]),
            // The same numbers in the same order, cut elsewhere.
            "border" => Of([s_train[0] with { InputIds = [.. s_train[0].InputIds, s_train[0].Labels[0]], Labels = s_train[0].Labels[1..] }, .. s_train.Skip(1)]),
            "target" => Of([s_train[0] with { Targets = [0] }, .. s_train.Skip(1)]),
            "base" => Of(below: "sha256 2"),
            _ => Of(eval: [.. s_eval.Skip(1)]),
        };
        var error = Assert.Throws<UsageException>(() => Warnings(other, checkpoint));
        Assert.StartsWith(change switch { "evaluation" => "evaluation examples: got others (2, sha256 ", "base" => "base weights: got others (sha256 2)", _ => "training examples: got others (" }, error.Message);
        Assert.Contains(checkpoint, error.Message);
        Assert.Contains("goes on with these", Assert.Single(Warnings(other, checkpoint, named: true)));
    }

    [Fact]
    public void A_checkpoint_of_an_older_version_says_nothing()
    {
        using var folder = new TempFolder();
        var options = Toy.Options with { SaveStrategy = "steps", SaveSteps = 1, MaxSteps = 2 };
        Toy.Run(options, s_train, input => input with { RunFolder = folder.Path });
        Assert.Empty(Warnings(Of(s_eval), CheckpointFolders.PathOf(folder.Path, 2)));
    }
}
