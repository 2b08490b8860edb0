using Tunesmith.Data;
using Tunesmith.Evaluation.Prediction;
using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;

namespace Tunesmith.Tests.Evaluation.Prediction;

public sealed class ClassPredictorTests
{
    private static readonly int[][] Texts = [[5, 9, 7, 3], [4, 8], [11, 2, 6, 10, 3, 7]];

    [SharedFact("golden/encoders/bert_seqcls_single")]
    public void A_batch_gives_what_its_texts_give_alone_in_their_order()
    {
        using var loaded = ModelLoader.Load(Repo.SharedPath("golden", "encoders", "bert_seqcls_single")!, new LoadOptions { Kind = ModelKind.SequenceClassification }).Model;
        var model = (SequenceClassifier)loaded;
        TokenizedExample[] rows = [.. Texts.Select(ids => new TokenizedExample { InputIds = ids, Labels = [] })];
        var together = new ClassPredictor(model, padId: 0, batchSize: 3).Predict(rows);
        for (var i = 0; i < rows.Length; i++)
        {
            var alone = new ClassPredictor(model, padId: 0, batchSize: 1).Predict([rows[i]])[0];
            Assert.Equal(alone.Labels, together[i].Labels);
            for (var k = 0; k < alone.Scores.Count; k++) Assert.Equal(alone.Scores[k], together[i].Scores[k], 1e-5);
        }
        Assert.All(together, answer => Assert.Equal(1, answer.Scores.Sum(), 6));
        Assert.All(together, answer => Assert.Equal(answer.Score, answer.Scores[model.Id2Label.ToList().IndexOf(answer.Labels[0])]));
    }
}
