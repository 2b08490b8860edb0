using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tunesmith.Tests.Crash;

/// <summary>A real run of a second or two: a LoRA with dropout on stories260k, shuffled, accumulated, evaluated, with the best model kept.</summary>
internal sealed class ToyRun : IDisposable
{
    /// <summary>What depends on the clock.</summary>
    private static readonly string[] s_times = ["_runtime", "_per_second", "elapsed_time", "remaining_time", "throughput", "effective_tokens_per_sec", "seconds", "started", "ended", "time", "sha256", "bytes"];

    public ToyRun(int rows = 30)
    {
        Recipe = Path.Combine(Home, "toy.yaml");
        Output = Path.Combine(Home, "out");
        var examples = Enumerable.Range(0, rows).Select(row => new { instruction = $"Tell {row * 7 % 11} stories", input = "", output = string.Concat(Enumerable.Repeat($"once upon day {row} ", 1 + row % 4)) });
        File.WriteAllText(Path.Combine(Home, "toy.json"), JsonSerializer.Serialize(examples));
        File.WriteAllText(Path.Combine(Home, "dataset_info.json"), """{"toy": {"file_name": "toy.json"}}""");
        File.WriteAllText(Recipe, $"""
            model_name_or_path: models/stories260k
            stage: sft
            do_train: true
            finetuning_type: lora
            lora_rank: 4
            lora_target: all
            lora_dropout: 0.1
            dataset_dir: {Home}
            dataset: toy
            template: alpaca
            cutoff_len: 64
            val_size: 0.2
            eval_strategy: steps
            eval_steps: 3
            per_device_train_batch_size: 2
            per_device_eval_batch_size: 3
            gradient_accumulation_steps: 2
            learning_rate: 5.0e-3
            lr_scheduler_type: cosine
            warmup_steps: 2
            num_train_epochs: 3.0
            logging_steps: 2
            save_steps: 3
            save_total_limit: 2
            load_best_model_at_end: true
            plot_loss: true
            output_dir: {Output}
            """);
    }

    public string Home { get; } = Directory.CreateTempSubdirectory("crash-").FullName;

    public string Recipe { get; }

    public string Output { get; }

    public string[] Command => ["train", Recipe];

    public void Clear()
    {
        if (Directory.Exists(Output)) Directory.Delete(Output, recursive: true);
    }

    /// <summary>Checkpoints under their names, the newest last.</summary>
    public string[] Checkpoints() => !Directory.Exists(Output) ? []
        : [.. Directory.EnumerateDirectories(Output, "checkpoint-*").Select(path => Path.GetFileName(path)).OrderBy(name => int.Parse(name["checkpoint-".Length..]))];

    /// <summary>Everything that the run left, without what depends on the clock: a line a file.</summary>
    public SortedDictionary<string, string> Result()
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(Output, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
        {
            string name = Path.GetRelativePath(Output, path);
            if (name is ".lock" or ".lock-owner" or "environment.json") continue;
            files[name] = Path.GetFileName(name) switch
            {
                // What happened is told as it happened; each line must be whole.
                "events.jsonl" => File.ReadAllText(path).EndsWith('\n') && File.ReadAllLines(path).All(line => JsonNode.Parse(line) is JsonObject) ? "whole lines" : "torn",
                var file when file.EndsWith(".jsonl", StringComparison.Ordinal) => string.Join('\n', File.ReadAllLines(path).Select(Steady)),
                var file when file.EndsWith(".json", StringComparison.Ordinal) => Steady(File.ReadAllText(path)),
                var file when file.EndsWith(".md", StringComparison.Ordinal) || file.EndsWith(".yaml", StringComparison.Ordinal) => File.ReadAllText(path),
                _ => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))),
            };
        }
        return files;
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);

    private static string Steady(string json)
    {
        var root = JsonNode.Parse(json)!;
        Strip(root);
        return root.ToJsonString();
    }

    private static void Strip(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list) Strip(item);
        }
        else if (node is JsonObject entries)
        {
            foreach (string name in entries.Select(entry => entry.Key).ToList())
            {
                if (Array.Exists(s_times, time => name == time || time[0] == '_' && name.EndsWith(time, StringComparison.Ordinal))) entries.Remove(name);
                else Strip(entries[name]);
            }
        }
    }
}
