using System.Text.Json;
using Tunesmith.Training;
using Tunesmith.Training.Schedules;

namespace Tunesmith.Proof.Kinds;

/// <summary>Learning-rate curves, warm-up lengths and run lengths.</summary>
public static class ScheduleProof
{
    private const string Kind = "schedules";

    public static IEnumerable<CaseResult> Verify(string folder)
    {
        JsonElement golden = GoldenFile.Json(Path.Combine(folder, "golden.json"));
        double relative = golden.Maybe("tolerance")?.Maybe("lr_relative")?.GetDouble() ?? 1e-12;
        double absolute = golden.Maybe("tolerance")?.Maybe("lr_absolute")?.GetDouble() ?? 1e-18;
        foreach (JsonElement row in Rows(folder, "curves.jsonl")) yield return Curve(row, relative, absolute);
        foreach (JsonElement row in Rows(folder, "plateau.jsonl")) yield return Plateau(row, relative, absolute);
        if (GoldenFile.Exists(Path.Combine(folder, "warmup_steps.jsonl"))) yield return Warmup(Rows(folder, "warmup_steps.jsonl"));
        if (GoldenFile.Exists(Path.Combine(folder, "run_steps.jsonl"))) yield return RunSteps(Rows(folder, "run_steps.jsonl"));
    }

    private static IEnumerable<JsonElement> Rows(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        return GoldenFile.Exists(path) ? GoldenFile.JsonLines(path) : [];
    }

    private static CaseResult Curve(JsonElement row, double relative, double absolute)
    {
        string id = row.Need("id", "curve").GetString()!;
        return Guarded(id, compare =>
        {
            double[] wanted = row.Need("lr", id).Numbers();
            var request = new ScheduleRequest(row.Need("base_lr", id).GetDouble(), row.Need("warmup_steps", id).GetInt64(), row.Need("total_steps", id).GetInt64(), Arguments(row));
            Schedule schedule = Schedules.Create(row.Need("scheduler", id).GetString()!, request);
            compare.Values("lr", [.. Enumerable.Range(0, wanted.Length).Select(step => schedule.Rate(step))], wanted, absolute, relative);
        });
    }

    private static CaseResult Plateau(JsonElement row, double relative, double absolute)
    {
        string id = row.Need("id", "plateau").GetString()!;
        return Guarded(id, compare =>
        {
            Schedule schedule = Schedules.Create("reduce_lr_on_plateau", new ScheduleRequest(row.Need("base_lr", id).GetDouble(), 0, 0, Arguments(row)));
            var rates = new List<double>();
            foreach (double metric in row.Need("metrics", id).Numbers())
            {
                schedule.Observe(metric);
                rates.Add(schedule.Rate(rates.Count));
            }
            compare.Values("lr", [.. rates], row.Need("lr_after_each", id).Numbers(), absolute, relative);
        });
    }

    private static CaseResult Warmup(IEnumerable<JsonElement> rows) => Guarded("warmup_steps", compare =>
    {
        foreach (JsonElement row in rows)
        {
            long total = row.Need("total_steps", "row").GetInt64();
            double value = row.Need("warmup", "row").GetDouble();
            compare.Exact($"warm-up {value} of {total}", [RunLength.WarmupSteps(value, total)], [row.Need("steps", "row").GetInt64()]);
        }
    });

    private static CaseResult RunSteps(IEnumerable<JsonElement> rows) => Guarded("run_steps", compare =>
    {
        foreach (JsonElement row in rows)
        {
            RunLength length = RunLength.Of(row.Need("rows", "row").GetInt64(), row.Need("per_device_train_batch_size", "row").GetInt32(),
                row.Need("gradient_accumulation_steps", "row").GetInt32(), row.Need("num_train_epochs", "row").GetDouble(), row.Need("max_steps_argument", "row").GetInt64());
            compare.Exact($"{length.Rows} rows", [length.MicroBatchesPerEpoch, length.StepsPerEpoch, length.TotalSteps, length.Epochs],
                [row.Need("micro_batches_per_epoch", "row").GetInt64(), row.Need("update_steps_per_epoch", "row").GetInt64(), row.Need("max_steps", "row").GetInt64(), row.Need("epochs", "row").GetInt64()]);
        }
    });

    private static CaseResult Guarded(string name, Action<Compare> run) => ProofRunner.Guarded(Kind, name, () =>
    {
        var compare = new Compare();
        run(compare);
        return compare.Result(Kind, name);
    });

    private static Dictionary<string, object?> Arguments(JsonElement row)
    {
        var arguments = new Dictionary<string, object?>();
        if (row.Maybe("kwargs") is not JsonElement given) return arguments;
        foreach (JsonProperty entry in given.EnumerateObject())
            arguments[entry.Name] = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : entry.Value.GetDouble();
        return arguments;
    }
}
