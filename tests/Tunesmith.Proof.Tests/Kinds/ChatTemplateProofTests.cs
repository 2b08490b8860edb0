using Tunesmith.Proof.Kinds;
using Tunesmith.Tests;

namespace Tunesmith.Proof.Tests.Kinds;

public sealed class ChatTemplateProofTests
{
    [SharedFact("golden/chat-templates")]
    public void Every_recorded_chat_renders_as_the_reference_rendered_it()
    {
        var results = ChatTemplateProof.Verify(Repo.SharedPath("golden", "chat-templates")!).ToList();
        var failed = results.Where(r => !r.Passed).Select(r => $"{r.Case}: {r.Detail}").ToList();
        Assert.True(failed.Count == 0, $"{failed.Count} of {results.Count} failed\n" + string.Join('\n', failed.Take(40)));
        Assert.True(results.Count > 1000);
    }
}
