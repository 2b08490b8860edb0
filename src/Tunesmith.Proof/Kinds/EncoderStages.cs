using Tunesmith.Models;
using Tunesmith.Torch;
using Tunesmith.Training;
using Tunesmith.Training.Batches;
using Tunesmith.Training.Losses;
using Tunesmith.Training.Stages;

namespace Tunesmith.Proof.Kinds;

/// <summary>Ways of training that recorded runs have and no recipe does yet: transformers' Trainer over the task heads.</summary>
internal static class EncoderStages
{
    /// <summary>The stage of a recorded encoder run, by what its model computes; null where there is none.</summary>
    public static Stage? For(ModelKind kind, int padId, double labelSmoothing) => kind switch
    {
        ModelKind.SequenceClassification => Classification.AsTransformers(padId, labelSmoothing),
        ModelKind.TokenClassification when labelSmoothing == 0 => new TokenLabels(padId),
        ModelKind.QuestionAnswering => new AnswerSpans(padId),
        _ => null,
    };

    /// <summary>One label a token, -100 for none; the means of micro-batches are added up, as for every head with labels.</summary>
    private sealed class TokenLabels(int padId) : Stage(new Collator(padId, multipleOf: 1), LossReduction.SummedMeans)
    {
        public override void Check(Model model)
        {
        }

        public override double Terms(Batch batch) => batch.LabelCount;

        public override MetricSums Metrics(Model model) => new NoMetrics();

        public override LossSum Loss(Model model, Batch batch)
        {
            Tensor labels = Tensor.From(batch.Labels!, batch.Rows, batch.Length); // [B, T]
            return new LossSum(HeadLosses.CrossEntropy(model.Outputs(Input(batch))["logits"], labels) * batch.LabelCount, batch.LabelCount);
        }

        public override LossSum Evaluate(Model model, Batch batch, MetricSums metrics) => Loss(model, batch);
    }

    /// <summary>Where an answer starts and ends (the two targets of a row); such batches have no labels, so their means are averaged.</summary>
    private sealed class AnswerSpans(int padId) : Stage(new Collator(padId, multipleOf: 1), LossReduction.AveragedMeans)
    {
        public override void Check(Model model)
        {
        }

        public override double Terms(Batch batch) => batch.Rows;

        public override MetricSums Metrics(Model model) => new NoMetrics();

        public override LossSum Loss(Model model, Batch batch)
        {
            Tensor places = Tensor.From(batch.Targets!, batch.Rows, 2).To(DType.Int64); // [B, 2]
            IReadOnlyDictionary<string, Tensor> outputs = model.Outputs(Input(batch));
            return new LossSum(HeadLosses.Span(outputs["start_logits"], outputs["end_logits"], places.Select(1, 0), places.Select(1, 1)) * batch.Rows, batch.Rows);
        }

        public override LossSum Evaluate(Model model, Batch batch, MetricSums metrics) => Loss(model, batch);
    }
}
