using Tunesmith.Proof.Kinds;
using Tunesmith.Tests;

namespace Tunesmith.Proof.Tests.Kinds;

public sealed class TemplateProofTests
{
    [SharedFact("golden/templates")]
    public void Every_template_on_the_plate_renders_as_the_reference_rendered_it()
    {
        var results = TemplateProof.Verify(Repo.SharedPath("golden", "templates")!).ToList();
        var failed = results.Where(r => !r.Passed && !r.Detail.Contains("not implemented")).Select(r => $"{r.Case}: {r.Detail}").ToList();
        Assert.True(failed.Count == 0, $"{failed.Count} of {results.Count} failed\n" + string.Join('\n', failed.Take(40)));
        Assert.True(results.Count(r => r.Passed) > 2000);
    }
}
