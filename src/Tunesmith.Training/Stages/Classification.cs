using Tunesmith.Models;
using Tunesmith.Torch;
using Tunesmith.Training.Batches;
using Tunesmith.Training.Losses;

namespace Tunesmith.Training.Stages;

/// <summary>Sequence classification: one label, many labels or values, as the model's config says (`problem_type`).</summary>
public sealed class Classification : Stage
{
    private readonly double _smoothing;

    private Classification(int padId, LossReduction reduction, double smoothing) : base(new Collator(padId, multipleOf: 1), reduction) => _smoothing = smoothing;

    /// <summary>Stage cls: 1x8 and 8x1 give the same update.</summary>
    public static Stage Cls(TrainingOptions options, int padId) => new Classification(padId, LossReduction.Window, options.LabelSmoothingFactor);

    /// <summary>The same with transformers' reduction, which adds up the means of the micro-batches.</summary>
    public static Stage AsTransformers(int padId, double labelSmoothing = 0) => new Classification(padId, LossReduction.SummedMeans, labelSmoothing);

    public override void Check(Model model)
    {
        if (model is not SequenceClassifier) throw Errors.WrongModel("cls", "a sequence classifier", model.Architecture);
    }

    public override double Terms(Batch batch) => batch.Targets!.Length;

    public override MetricSums Metrics(Model model) => model is SequenceClassifier classifier
        ? new ClassMetrics(Problem(classifier), classifier.NumLabels)
        : new NoMetrics();

    public override LossSum Loss(Model model, Batch batch)
    {
        var (classifier, logits) = Logits(model, batch);
        return Loss(classifier, logits, batch);
    }

    public override LossSum Evaluate(Model model, Batch batch, MetricSums metrics)
    {
        var (classifier, logits) = Logits(model, batch);
        (metrics as ClassMetrics)?.Add(logits.ToFloats(), batch.Targets!, batch.Rows);
        return Loss(classifier, logits, batch);
    }

    /// <summary>What the labels of this model are.</summary>
    public static ProblemType Problem(SequenceClassifier model) => model.ProblemType switch
    {
        "regression" => ProblemType.Regression,
        "multi_label_classification" => ProblemType.ManyLabels,
        "single_label_classification" => ProblemType.OneLabel,
        _ => model.NumLabels == 1 ? ProblemType.Regression : ProblemType.OneLabel,
    };

    private static (SequenceClassifier Model, Tensor Logits) Logits(Model model, Batch batch)
    {
        var classifier = (SequenceClassifier)model;
        return (classifier, classifier.Logits(Input(batch)).To(DType.Float32)); // [B, K]
    }

    private LossSum Loss(SequenceClassifier model, Tensor logits, Batch batch)
    {
        var targets = batch.Targets ?? throw Errors.MixedRows();
        var problem = Problem(model);
        if (problem == ProblemType.OneLabel)
        {
            var classes = new long[targets.Length];
            for (var row = 0; row < classes.Length; row++)
            {
                classes[row] = (long)targets[row];
                if (classes[row] < 0 || classes[row] >= model.NumLabels) throw Errors.TargetRange(targets[row], model.NumLabels);
            }
            var wanted = Tensor.From(classes, classes.Length);
            return _smoothing > 0 ? new LossSum(TokenLosses.Smoothed(logits, wanted, _smoothing), batch.Rows) : ClassLosses.OneLabel(logits, wanted);
        }
        var values = Tensor.From(targets, batch.Rows, targets.Length / batch.Rows);
        return problem == ProblemType.Regression ? ClassLosses.Regression(logits, values) : ClassLosses.ManyLabels(logits, values);
    }
}

/// <summary>What the labels of a classifier are.</summary>
public enum ProblemType
{
    /// <summary>One class a row.</summary>
    OneLabel,

    /// <summary>Any number of classes a row.</summary>
    ManyLabels,

    /// <summary>Values.</summary>
    Regression,
}
