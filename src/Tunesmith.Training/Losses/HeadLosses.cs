using Tunesmith.Models;
using Tunesmith.Torch;

namespace Tunesmith.Training.Losses;

/// <summary>The loss that each of the reference's classes with a head computes from its own labels.</summary>
public static class HeadLosses
{
    public const long Ignored = -100;

    /// <summary>Mean cross entropy over labels other than -100.</summary>
    /// <param name="logits">[..., K].</param>
    /// <param name="labels">int64 [...].</param>
    /// <param name="ignored">Labels that do not count.</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, long ignored = Ignored)
    {
        Tensor flat = labels.Reshape(-1); // [N]
        Tensor counted = flat.Ne(ignored);
        Tensor picked = logits.Reshape(-1, logits.Size(-1)).To(DType.Float32).LogSoftmax(-1)
            .Gather(-1, flat.MaskedFill(counted.LogicalNot(), 0).Unsqueeze(-1)).Squeeze(-1); // [N]
        return -(picked * counted.To(DType.Float32)).Sum() / counted.To(DType.Float32).Sum();
    }

    /// <summary>Binary cross entropy with logits, mean over all elements: softplus(x) - x y in the form that cannot overflow.</summary>
    public static Tensor BinaryCrossEntropy(Tensor logits, Tensor targets) =>
        (logits.Clamp(0, null) - (logits * targets) + ((-logits.Abs()).Exp() + 1.0).Log()).Mean();

    public static Tensor SquaredError(Tensor values, Tensor targets)
    {
        Tensor difference = values.Reshape(-1) - targets.Reshape(-1);
        return (difference * difference).Mean();
    }

    /// <summary>By the problem type, or where it is not given by the number of labels and whether the labels are whole numbers.</summary>
    /// <param name="logits">[B, K].</param>
    /// <param name="labels">int64 [B], or float [B] or [B, K].</param>
    /// <param name="problemType">config.json's problem_type.</param>
    public static Tensor Sequence(Tensor logits, Tensor labels, string? problemType)
    {
        string type = problemType ?? (logits.Size(-1) == 1 ? "regression" : labels.DType == DType.Int64 ? "single_label_classification" : "multi_label_classification");
        return type switch
        {
            "regression" => SquaredError(logits, labels),
            "multi_label_classification" => BinaryCrossEntropy(logits, labels),
            _ => CrossEntropy(logits, labels),
        };
    }

    /// <summary>Mean of the cross entropies of start and end; positions outside the text are left out.</summary>
    /// <param name="start">[B, T].</param>
    /// <param name="end">[B, T].</param>
    /// <param name="startPositions">int64 [B].</param>
    /// <param name="endPositions">int64 [B].</param>
    public static Tensor Span(Tensor start, Tensor end, Tensor startPositions, Tensor endPositions)
    {
        long length = start.Size(1);
        Tensor One(Tensor logits, Tensor positions) => CrossEntropy(logits, positions.Clamp(0, length).To(DType.Int64), length);
        return (One(start, startPositions) + One(end, endPositions)) / 2.0;
    }

    /// <summary>What the class of this kind computes, from outputs under the reference's names.</summary>
    /// <param name="model">The model, for its kind and problem type.</param>
    /// <param name="outputs">Its outputs.</param>
    /// <param name="label">Labels by the reference's argument names.</param>
    public static Tensor Of(Model model, IReadOnlyDictionary<string, Tensor> outputs, Func<string, Tensor> label) => model.Kind switch
    {
        ModelKind.SequenceClassification => Sequence(outputs["logits"], label("labels"), model.Config.ProblemType),
        ModelKind.QuestionAnswering => Span(outputs["start_logits"], outputs["end_logits"], label("start_positions"), label("end_positions")),
        ModelKind.Pretraining => CrossEntropy(outputs["prediction_logits"], label("labels")) + CrossEntropy(outputs["seq_relationship_logits"], label("next_sentence_label")),
        _ => CrossEntropy(outputs["logits"], label("labels")),
    };
}
