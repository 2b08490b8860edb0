using Tunesmith.Models;
using Tunesmith.Torch;
using Tunesmith.Training.Batches;
using Tunesmith.Training.Losses;

namespace Tunesmith.Training.Stages;

/// <summary>
/// Next-token prediction, of the answers (sft) or of everything (pt): which positions are trained on is in the labels. The output matrix is
/// multiplied only with positions that have a label, so that masked prompts cost no logits.
/// </summary>
public sealed class CausalStage : Stage
{
    private readonly string _name;
    private readonly TokenLoss _loss;
    private readonly double _parameter;
    private readonly bool _accuracy;

    private CausalStage(string name, TokenLoss loss, double parameter, TrainingOptions options, int padId)
        : base(new Collator(padId, Multiple(name, options)), loss == TokenLoss.Smoothed ? LossReduction.SummedMeans : LossReduction.Window) =>
        (_name, _loss, _parameter, _accuracy) = (name, loss, parameter, options.ComputeAccuracy);

    private enum TokenLoss { CrossEntropy, Smoothed, Dynamic, EntropyAdaptive }

    /// <summary>Stage sft.</summary>
    public static Stage Sft(TrainingOptions options, int padId)
    {
        if (options.UseDftLoss) return new CausalStage("sft", TokenLoss.Dynamic, 0, options, padId);
        if (options.UseEaftLoss) return new CausalStage("sft", TokenLoss.EntropyAdaptive, options.EaftAlpha, options, padId);
        return Plain("sft", options, padId);
    }

    /// <summary>Stage pt.</summary>
    public static Stage Pretrain(TrainingOptions options, int padId) => Plain("pt", options, padId);

    private static CausalStage Plain(string name, TrainingOptions options, int padId) => options.LabelSmoothingFactor > 0
        ? new CausalStage(name, TokenLoss.Smoothed, options.LabelSmoothingFactor, options, padId)
        : new CausalStage(name, TokenLoss.CrossEntropy, 0, options, padId);

    // LLaMA-Factory's sft collator rounds rows up to a multiple of 8 in runs that train (train/sft/workflow.py); its pt collator does not.
    private static int Multiple(string name, TrainingOptions options) => name == "sft" && options.DoTrain ? 8 : 1;

    public override void Check(Model model)
    {
        if (model is not CausalModel) throw Errors.WrongModel(_name, "a language model", model.Architecture);
    }

    /// <summary>Labels counted before the shift, as the reference counts tokens: in stage pt the first token of a row counts although nothing predicts it.</summary>
    public override double Terms(Batch batch) => batch.LabelCount;

    public override MetricSums Metrics(Model model) => _accuracy ? new TokenAccuracy() : new NoMetrics();

    public override LossSum Loss(Model model, Batch batch)
    {
        var (positions, labels) = Predictions(batch);
        if (labels.Length == 0) return Nothing(model);
        var (causal, hidden) = Hidden(model, batch, positions);
        return new LossSum(Sum(causal, hidden, Tensor.From(labels, labels.Length)), labels.Length);
    }

    public override LossSum Evaluate(Model model, Batch batch, MetricSums metrics)
    {
        var (positions, labels) = Predictions(batch);
        if (labels.Length == 0) return new LossSum(Tensor.Zeros([], DType.Float32), 0);
        var (causal, hidden) = Hidden(model, batch, positions);
        if (metrics is TokenAccuracy accuracy) Count(accuracy, batch, positions, labels, causal.Head(hidden).ArgMax(-1).ToLongs());
        return new LossSum(Sum(causal, hidden, Tensor.From(labels, labels.Length)), labels.Length);
    }

    private Tensor Sum(CausalModel model, Tensor hidden, Tensor labels) => _loss switch
    {
        TokenLoss.CrossEntropy => TokenLosses.CrossEntropy(hidden, model.HeadWeight, labels),
        TokenLoss.Smoothed => TokenLosses.Smoothed(model.Head(hidden).To(DType.Float32), labels, _parameter),
        TokenLoss.Dynamic => TokenLosses.Dynamic(model.Head(hidden).To(DType.Float32), labels),
        _ => TokenLosses.EntropyAdaptive(model.Head(hidden).To(DType.Float32), labels, _parameter),
    };

    // Hidden states of the positions that predict a label, [N, C].
    private (CausalModel Model, Tensor Hidden) Hidden(Model model, Batch batch, long[] positions)
    {
        var causal = (CausalModel)model;
        var hidden = causal.Hidden(Input(batch)); // [B, T, C]
        var rows = hidden.Reshape((long)batch.Rows * batch.Length, hidden.Size(-1)); // [B·T, C]
        return (causal, rows.IndexSelect(0, Tensor.From(positions, positions.Length)));
    }

    // Position t predicts label t + 1: the indices into [B·T] that predict one, and what they should predict.
    private static (long[] Positions, long[] Labels) Predictions(Batch batch)
    {
        var all = batch.Labels ?? throw Errors.MixedRows();
        var positions = new List<long>(all.Length);
        var labels = new List<long>(all.Length);
        for (var row = 0; row < batch.Rows; row++)
        {
            for (var at = 1; at < batch.Length; at++)
            {
                var index = row * batch.Length + at;
                if (all[index] == Batch.Ignored) continue;
                positions.Add(index - 1);
                labels.Add(all[index]);
            }
        }
        return ([.. positions], [.. labels]);
    }

    private static void Count(TokenAccuracy accuracy, Batch batch, long[] positions, long[] labels, long[] chosen)
    {
        var right = new long[batch.Rows];
        var count = new long[batch.Rows];
        for (var at = 0; at < positions.Length; at++)
        {
            var row = positions[at] / batch.Length;
            count[row]++;
            if (chosen[at] == labels[at]) right[row]++;
        }
        for (var row = 0; row < batch.Rows; row++) accuracy.Add(right[row], count[row]);
    }

    // A micro-batch without any label adds nothing, but its loss must still have a graph.
    private static LossSum Nothing(Model model) =>
        new(model.NamedParameters().First(entry => entry.Parameter.Trainable).Parameter.Value.Sum() * 0.0, 0);
}
