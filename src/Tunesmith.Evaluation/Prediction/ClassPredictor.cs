using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Torch;

namespace Tunesmith.Evaluation.Prediction;

/// <summary>What a classifier says of one text.</summary>
/// <param name="Labels">The label, or every label that applies; empty for a regression.</param>
/// <param name="Scores">A probability for each of the model's labels, or the values of a regression.</param>
public sealed record ClassPrediction(IReadOnlyList<string> Labels, IReadOnlyList<double> Scores)
{
    /// <summary>The probability of the most probable label; the value of a regression.</summary>
    public double Score => Scores.Max();
}

/// <summary>Classifies tokenized texts in batches of similar length; the answers come in the order of the texts.</summary>
/// <param name="padId">The id that fills shorter rows; the attention mask hides it.</param>
public sealed class ClassPredictor(SequenceClassifier model, int padId, int batchSize)
{
    /// <summary>One label a text, many, or values; as config.json says it, or as one output alone implies.</summary>
    public string Problem => model.ProblemType ?? (model.NumLabels == 1 ? LabelSet.Regression : LabelSet.Single);

    public IReadOnlyList<ClassPrediction> Predict(IReadOnlyList<TokenizedExample> texts, CancellationToken cancel = default)
    {
        var answers = new ClassPrediction[texts.Count];
        int[] order = [.. Enumerable.Range(0, texts.Count).OrderBy(i => texts[i].InputIds.Length)];
        bool training = model.Training;
        model.Eval();
        try
        {
            using var noGrad = Autograd.NoGrad();
            foreach (var batch in order.Chunk(batchSize))
            {
                cancel.ThrowIfCancellationRequested();
                using var scope = Scope.Open();
                double[] logits = model.Logits(Collate([.. batch.Select(i => texts[i])])).ToDoubles(); // [B, K]
                int labels = logits.Length / batch.Length;
                for (var row = 0; row < batch.Length; row++) answers[batch[row]] = Answer(logits.AsSpan(row * labels, labels));
            }
        }
        finally
        {
            if (training) model.Train();
        }
        return answers;
    }

    private ModelInput Collate(IReadOnlyList<TokenizedExample> rows)
    {
        int length = rows.Max(row => row.InputIds.Length);
        long[] ids = new long[rows.Count * length], mask = new long[ids.Length], types = new long[ids.Length];
        Array.Fill(ids, padId);
        for (var row = 0; row < rows.Count; row++)
            for (var at = 0; at < rows[row].InputIds.Length; at++)
            {
                ids[row * length + at] = rows[row].InputIds[at];
                mask[row * length + at] = 1;
                types[row * length + at] = rows[row].TokenTypeIds?[at] ?? 0;
            }
        return new ModelInput
        {
            InputIds = Tensor.From(ids, rows.Count, length),
            AttentionMask = Tensor.From(mask, rows.Count, length),
            TokenTypeIds = rows.Any(row => row.TokenTypeIds is not null) ? Tensor.From(types, rows.Count, length) : null,
        };
    }

    private ClassPrediction Answer(ReadOnlySpan<double> logits)
    {
        var scores = logits.ToArray();
        switch (Problem)
        {
            case LabelSet.Regression:
                return new ClassPrediction([], scores);
            case LabelSet.Multi:
                double[] each = [.. scores.Select(score => 1 / (1 + Math.Exp(-score)))];
                return new ClassPrediction([.. model.Id2Label.Where((_, k) => each[k] > 0.5)], each);
            default:
                double most = scores.Max(), sum = scores.Sum(score => Math.Exp(score - most));
                return new ClassPrediction([model.Id2Label[Array.IndexOf(scores, most)]], [.. scores.Select(score => Math.Exp(score - most) / sum)]);
        }
    }
}
