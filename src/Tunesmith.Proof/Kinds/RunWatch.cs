using System.Runtime.InteropServices;
using System.Text.Json;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;
using Tunesmith.Training;
using Tunesmith.Training.Batches;

namespace Tunesmith.Proof.Kinds;

/// <summary>Looks at a run while it goes on: what is trained and where it starts, every batch, every micro-batch's loss, every order.</summary>
internal sealed class RunWatch : IRunObserver
{
    private readonly string _folder;
    private readonly Compare _compare;
    private readonly JsonElement[] _micro;
    private readonly List<long[]> _orders = [];
    private int _batches;
    private int _losses;

    public RunWatch(string folder, Compare compare, double tolerance)
    {
        (_folder, _compare, Tolerance) = (folder, compare, tolerance);
        _micro = [.. GoldenFile.JsonLines(Path.Combine(folder, "steps.jsonl"))];
    }

    public double Tolerance { get; }

    public TrainerInput Watch(TrainerInput input)
    {
        bool seen = false;
        return input with
        {
            OnWindow = window =>
            {
                if (!seen) Parameters(input); // a run that goes on has its checkpoint's values only now
                seen = true;
                Window(window);
            },
            OnOrder = (_, order) => _orders.Add(order),
        };
    }

    public void OnStep(StepEvent step)
    {
        foreach (float part in step.MicroLosses)
        {
            if (_losses < _micro.Length) _compare.Value($"loss of micro-batch {_losses}", part, _micro[_losses].Need("loss", "steps.jsonl").GetDouble(), Tolerance);
            _losses++;
        }
    }

    /// <summary>What can only be said at the end.</summary>
    public void Finish()
    {
        _compare.Exact("micro-batches", [_losses], [_micro.Length]);
        JsonElement[] recorded = [.. GoldenFile.Json(Path.Combine(_folder, "order.json")).Need("sampler", "order.json").EnumerateArray()
            .Where(entry => entry.Need("class", "sampler").GetString() == "SeedableRandomSampler")];
        for (int epoch = 0; epoch < Math.Min(recorded.Length, _orders.Count); epoch++)
            _compare.Exact($"order of epoch {epoch}", _orders[epoch], [.. recorded[epoch].Need("order", "sampler").EnumerateArray().Select(index => index.GetInt64())]);
    }

    private void Parameters(TrainerInput input)
    {
        JsonElement wanted = GoldenFile.Json(Path.Combine(_folder, "trainable.json"));
        bool peft = wanted.EnumerateObject().Any(entry => entry.Name.StartsWith("base_model.", StringComparison.Ordinal));
        var ours = input.Model.NamedParameters().Where(entry => entry.Parameter.Trainable).ToDictionary(entry => peft ? PeftName(entry.Name) : entry.Name, entry => entry.Parameter);
        _compare.Text("trainable parameters", Listed(ours.Select(entry => (entry.Key, entry.Value.Value.Shape))), Listed(wanted.EnumerateObject().Select(entry => (entry.Name, entry.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray()))));
        string initial = Path.Combine(_folder, "initial.safetensors");
        if (!File.Exists(initial)) return;
        using SafeTensorsFile file = SafeTensorsFile.Open(initial);
        bool drawn = !ours.Any(entry => entry.Key.Contains("lora_B", StringComparison.Ordinal) && AnyNonzero(entry.Value.Value));
        foreach (string name in file.Names)
        {
            using var scope = Scope.Open();
            if (ours.TryGetValue(name, out Parameter? parameter)) Initial(name, parameter.Value.ToFloats(), file.Read(name).ToFloats(), drawn);
        }
    }

    // Drawn values are equal to the bit; what was computed (norms of rows, singular vectors, an earlier training) is not, and a singular vector may have the other sign.
    private void Initial(string name, float[] ours, float[] recorded, bool drawn)
    {
        if (drawn) _compare.Floats("initial " + name, ours, recorded, name.Contains("magnitude", StringComparison.Ordinal) ? 1e-6 : 0);
        else _compare.Floats("initial " + name, Signs ? ours : Absolute(ours), Signs ? recorded : Absolute(recorded), Math.Max(Tolerance, 1e-4));
    }

    /// <summary>Whether the signs of low-rank factors are determined.</summary>
    public bool Signs { get; init; } = true;

    public static float[] Absolute(float[] values) => [.. values.Select(Math.Abs)];

    private static bool AnyNonzero(Tensor values)
    {
        using var scope = Scope.Open();
        return values.ToFloats().Any(value => value != 0);
    }

    private static string PeftName(string name)
    {
        int dot = name.LastIndexOf('.');
        string inner = name.Contains("lora_", StringComparison.Ordinal) ? ".default" : ".modules_to_save.default";
        return $"base_model.model.{name[..dot]}{inner}{name[dot..]}";
    }

    private static string Listed(IEnumerable<(string Name, long[] Shape)> parameters) =>
        string.Join('\n', parameters.OrderBy(entry => entry.Name, StringComparer.Ordinal).Select(entry => $"{entry.Name} [{string.Join(", ", entry.Shape)}]"));

    private void Window(IReadOnlyList<Batch> window)
    {
        long labels = window.Sum(batch => batch.LabelCount);
        foreach (Batch batch in window)
        {
            if (_batches < _micro.Length) Same(batch, _micro[_batches], labels);
            _batches++;
        }
    }

    private void Same(Batch batch, JsonElement recorded, long labels)
    {
        string at = $" of micro-batch {_batches}";
        _compare.Exact("shape" + at, [batch.Rows, batch.Length], recorded.Need("shape", "step").Need("input_ids", "shape").Integers());
        if (recorded.Maybe("num_items") is JsonElement items) _compare.Exact("num_items" + at, [labels], [items.GetInt64()]);
        JsonElement sums = recorded.Need("crc32", "step");
        Sum("input_ids", batch.InputIds);
        Sum("labels", batch.Labels);
        Sum("position_ids", batch.PositionIds);
        if (batch.SequenceIds is null) Sum("attention_mask", batch.AttentionMask);

        void Sum(string name, long[]? values)
        {
            if (values is not null && sums.Maybe(name) is JsonElement sum) _compare.Exact(name + at, [Crc32(MemoryMarshal.AsBytes(values.AsSpan()))], [sum.GetInt64()]);
        }
    }

    // CRC-32 of ISO 3309, as zlib computes it.
    private static long Crc32(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            sum ^= value;
            for (int bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? (sum >> 1) ^ 0xEDB88320 : sum >> 1;
        }
        return ~sum;
    }
}
