using Tunesmith.Proof.Kinds;
using Tunesmith.Tests;

namespace Tunesmith.Proof.Tests;

public sealed class TokenizerProofTests
{
    [SharedFact("golden/tokenizers")]
    public void Every_recorded_row_of_every_tokenizer_is_met()
    {
        AllPass(TokenizerProof.Verify(Repo.SharedPath("golden", "tokenizers")!), 8000);
    }

    [Fact]
    public void The_small_tokenizers_beside_the_tests_give_their_recorded_rows()
    {
        AllPass(TokenizerProof.Verify(Path.Combine(Repo.Fixtures, "tokenizers")), 500);
    }

    [Fact]
    public void A_changed_recorded_id_is_noticed()
    {
        string folder = Directory.CreateTempSubdirectory("tokenizers").FullName;
        try
        {
            string from = Path.Combine(Repo.Fixtures, "tokenizers");
            Directory.CreateDirectory(Path.Combine(folder, "zoo"));
            File.Copy(Path.Combine(from, "texts.jsonl"), Path.Combine(folder, "texts.jsonl"));
            File.Copy(Path.Combine(from, "words.json"), Path.Combine(folder, "words.json"));
            File.Copy(Path.Combine(from, "zoo", "wordlevel-punct.tokenizer.json.gz"), Path.Combine(folder, "zoo", "wordlevel-punct.tokenizer.json.gz"));
            File.WriteAllText(Path.Combine(folder, "zoo", "wordlevel-punct.results.jsonl"), """{"k":"tokenizer","name":"x","size":801,"size_without_added":800}""" + "\n");
            var result = Assert.Single(TokenizerProof.Verify(folder));
            Assert.False(result.Passed);
            Assert.Contains("size", result.Detail, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static void AllPass(IEnumerable<CaseResult> results, int least)
    {
        int count = 0;
        var failed = new List<string>();
        foreach (var result in results)
        {
            count++;
            if (!result.Passed) failed.Add($"{result.Case}: {result.Detail}");
        }

        Assert.Empty(failed);
        Assert.True(count >= least, $"only {count} rows were checked");
    }
}
