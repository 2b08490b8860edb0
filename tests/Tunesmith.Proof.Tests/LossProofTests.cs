using Tunesmith.Proof;

namespace Tunesmith.Tests.Proof;

public sealed class LossProofTests
{
    [SharedFact("golden/losses")]
    public void Every_loss_that_training_uses_is_the_reference_s_with_its_gradient()
    {
        var results = ProofRunner.Check(Repo.SharedPath("golden", "losses")!).ToList();
        var failed = results.Where(result => !result.Passed && !result.Detail.Contains("is not implemented", StringComparison.Ordinal)).ToList();
        Assert.True(failed.Count == 0, string.Join('\n', failed.Select(result => $"{result.Case}: {result.Detail}")));
        Assert.True(results.Count(result => result.Passed) >= 16, $"only {results.Count(result => result.Passed)} rows were computed");
    }
}
