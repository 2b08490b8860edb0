using Tunesmith.Proof.Kinds;

namespace Tunesmith.Proof;

/// <summary>The plate of what <c>verify</c> knows. Kinds without a verifier are named so that they fail by name.</summary>
internal static class KindPlate
{
    public static IReadOnlyList<Kind> All { get; } =
    [
        Golden("adapters", AdapterProof.Verify),
        new("chat-templates", marks => marks.HasAny("rendered.jsonl", "features.jsonl", "masks.jsonl", "llamafactory-jinja.jsonl"), ChatTemplateProof.Verify),
        new("data-pipeline", marks => marks.Has("cases.jsonl") && marks.GoldenKind is null, DataPipelineProof.Verify),
        Golden("decoders", DecoderProof.Verify),
        Golden("encoders", EncoderProof.Verify),
        new("llamafactory-runs", marks => marks.Has("run.yaml") && marks.Has("case.json"), LlamaFactoryRunProof.Verify),
        Golden("losses", LossProof.Verify),
        new("metrics", MetricProof.Recognises, MetricProof.Verify),
        Golden("models", ModelProof.Verify),
        Golden("optimizers", OptimizerProof.Verify),
        Golden("quantization", null),
        Golden("schedules", ScheduleProof.Verify),
        Golden("seq2seq", null),
        new("templates", marks => marks.HasAny("templates.jsonl", "processing.jsonl"), TemplateProof.Verify),
        new("tokenizers", marks => marks.Has("texts.jsonl") || marks.Has("components.jsonl"), TokenizerProof.Verify),
        Golden("training", TrainingProof.Verify),
        Golden("vision", null),
    ];

    private static Kind Golden(string name, Func<string, IEnumerable<CaseResult>>? verify) =>
        new(name, marks => marks.GoldenKind == name, verify);
}
