using Tunesmith.Text.Tokenizers.SentencePiece;

namespace Tunesmith.Proof.Kinds;

/// <summary>SentencePiece models against what the sentencepiece library made of the texts.</summary>
internal static class TokenizerModelProof
{
    public static IEnumerable<CaseResult> Verify(string folder, string file, GoldenTexts texts)
    {
        string name = Path.GetFileName(file)[..^".results.jsonl.gz".Length];
        SentencePieceProcessor? processor = null;
        string? broken = null;
        foreach (var row in GoldenFile.JsonLines(file))
        {
            var check = new ExactCheck();
            if (row.GetProperty("k").GetString() != "text")
            {
                string path = GoldenPaths.Resolve(folder, row.GetProperty("model").GetString()!);
                broken = TokenizerProof.Attempt(() => processor = SentencePieceProcessor.Load(path));
                if (processor is not null)
                {
                    check.Number("size", row.GetProperty("size"), processor.Count);
                    check.Number("unk", row.GetProperty("unk"), processor.UnkId);
                }

                yield return check.Result($"spm/{name}/model", broken);
                continue;
            }

            string id = row.GetProperty("id").GetString()!;
            string? error = broken ?? TokenizerProof.Attempt(() =>
            {
                string text = texts[id];
                var tokens = processor!.Encode(text);
                int[] ids = [.. tokens.Select(token => token.Id)];
                check.Text("norm", row.GetProperty("norm"), processor.Normalize(text));
                check.Ids("ids", row.GetProperty("ids"), ids);
                check.Texts("pieces", row.GetProperty("pieces"), [.. tokens.Select(token => token.Piece)]);
                check.Ids("off", row.GetProperty("off"), [.. tokens.SelectMany(token => (int[])[token.Start, token.End])]);
                check.Text("dec", row.GetProperty("dec"), processor.Decode(ids));
            });
            yield return check.Result($"spm/{name}/{id}", error);
        }
    }
}
