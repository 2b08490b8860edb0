using System.Runtime.InteropServices;
using System.Text.Json;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;
using Tunesmith.Training;
using Tunesmith.Training.Batches;

namespace Tunesmith.Proof.Kinds;

/// <summary>Looks at a run while it goes on: what is trained and where it starts, every batch, every micro-batch's loss, every order. What it saw is compared afterwards.</summary>
internal sealed class RunWatch(string folder) : IRunObserver
{
    private const double ComputedStart = 1e-4;
    private readonly JsonElement[] _micro = File.Exists(Path.Combine(folder, "steps.jsonl")) ? [.. GoldenFile.JsonLines(Path.Combine(folder, "steps.jsonl"))] : [];
    private readonly List<Action<Compare, RunTolerance>> _seen = [];
    private readonly List<long[]> _orders = [];
    private readonly List<float> _losses = [];
    private readonly List<(string Name, double Loss)> _measured = [];
    private int _batches;

    /// <summary>Whether the signs of low-rank factors are determined.</summary>
    public bool Signs { get; init; } = true;

    /// <summary>Whether the recorded evaluations decide in place of the run's own: which checkpoint is best, and when to stop.</summary>
    public bool Steered { get; init; }

    /// <summary>Losses of evaluations during training.</summary>
    public IReadOnlyList<(string Name, double Loss)> Measured => _measured;

    /// <summary>Losses of the micro-batches so far.</summary>
    public IReadOnlyList<float> Losses => _losses;

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
            OnMeasured = (prefix, step, result) =>
            {
                _measured.Add(($"{prefix} {step}", result.Loss));
                return Steered && Recorded(prefix, step) is JsonElement record ? Replaced(prefix, record, result) : result;
            },
        };
    }

    private static EvaluationResult Replaced(string prefix, JsonElement record, EvaluationResult result) => result with
    {
        Loss = record.Need(prefix + "_loss", "log_history").GetDouble(),
        Metrics = result.Metrics.ToDictionary(entry => entry.Key, entry => record.Maybe($"{prefix}_{entry.Key}")?.GetDouble() ?? entry.Value),
    };

    private JsonElement? Recorded(string prefix, long step)
    {
        string path = Path.Combine(folder, "out", "trainer_state.json");
        if (!File.Exists(path)) return null;
        var found = GoldenFile.Json(path).Need("log_history", path).EnumerateArray().Where(record => record.Maybe(prefix + "_loss") is not null && record.Need("step", "log_history").GetInt64() == step).ToList();
        return found.Count > 0 ? found[0] : null;
    }

    public void OnStep(StepEvent step) => _losses.AddRange(step.MicroLosses);

    /// <summary>Compares everything that was seen.</summary>
    public void Check(Compare compare, RunTolerance tolerance)
    {
        foreach (var check in _seen) check(compare, tolerance);
        compare.Exact("micro-batches", [_losses.Count], [_micro.Length]);
        for (int at = 0; at < Math.Min(_losses.Count, _micro.Length); at++)
            compare.Value($"loss of micro-batch {at}", _losses[at], _micro[at].Need("loss", "steps.jsonl").GetDouble(), tolerance.OfLoss($"loss of micro-batch {at}"));
        foreach (var (name, loss) in _measured)
        {
            string[] parts = name.Split(' ');
            if (Recorded(parts[0], long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)) is JsonElement record)
                compare.Value($"measured loss {name}", loss, record.Need(parts[0] + "_loss", "log_history").GetDouble(), tolerance.OfLoss($"measured loss {name}"));
        }
        string orders = Path.Combine(folder, "order.json");
        if (!File.Exists(orders) || GoldenFile.Json(orders).Maybe("sampler") is not JsonElement sampler) return;
        JsonElement[] recorded = [.. sampler.EnumerateArray().Where(entry => entry.Need("class", "sampler").GetString() == "SeedableRandomSampler")];
        for (int epoch = 0; epoch < Math.Min(recorded.Length, _orders.Count); epoch++)
            compare.Exact($"order of epoch {epoch}", _orders[epoch], [.. recorded[epoch].Need("order", "sampler").EnumerateArray().Select(index => index.GetInt64())]);
    }

    private void Parameters(TrainerInput input)
    {
        JsonElement wanted = GoldenFile.Json(Path.Combine(folder, "trainable.json"));
        bool peft = wanted.EnumerateObject().Any(entry => entry.Name.StartsWith("base_model.", StringComparison.Ordinal));
        var ours = input.Model.NamedParameters().Where(entry => entry.Parameter.Trainable).ToDictionary(entry => peft ? PeftName(entry.Name) : entry.Name, entry => entry.Parameter);
        string listed = Listed(ours.Select(entry => (entry.Key, entry.Value.Value.Shape)));
        _seen.Add((compare, _) => compare.Text("trainable parameters", listed, Listed(wanted.EnumerateObject().Select(entry => (entry.Name, entry.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray())))));
        string initial = Path.Combine(folder, "initial.safetensors");
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
    private void Initial(string name, float[] ours, float[] recorded, bool drawn) => _seen.Add((compare, _) =>
    {
        if (drawn) compare.Floats("initial " + name, ours, recorded, name.Contains("magnitude", StringComparison.Ordinal) ? 1e-6 : 0);
        else compare.Floats("initial " + name, Signs ? ours : Absolute(ours), Signs ? recorded : Absolute(recorded), ComputedStart);
    });

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
            if (_batches < _micro.Length) Same(batch, _micro[_batches], labels, _batches);
            _batches++;
        }
    }

    private void Same(Batch batch, JsonElement recorded, long labels, int number)
    {
        string at = $" of micro-batch {number}";
        JsonElement sums = recorded.Need("crc32", "step");
        var computed = new List<(string Name, long Sum, long Wanted)>();
        Sum("input_ids", batch.InputIds);
        Sum("labels", batch.Labels);
        Sum("position_ids", batch.PositionIds);
        if (batch.SequenceIds is null) Sum("attention_mask", batch.AttentionMask);
        int[] shape = [batch.Rows, batch.Length];
        _seen.Add((compare, _) =>
        {
            compare.Exact("shape" + at, shape, recorded.Need("shape", "step").Need("input_ids", "shape").Integers());
            if (recorded.Maybe("num_items") is JsonElement items) compare.Exact("num_items" + at, [labels], [items.GetInt64()]);
            foreach (var (name, sum, wanted) in computed) compare.Exact(name + at, [sum], [wanted]);
        });

        void Sum(string name, long[]? values)
        {
            if (values is not null && sums.Maybe(name) is JsonElement sum) computed.Add((name, Crc32(MemoryMarshal.AsBytes(values.AsSpan())), sum.GetInt64()));
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
