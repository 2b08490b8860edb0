using System.Text.Json;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs.Files;
using Tunesmith.Torch;
using Tunesmith.Training.Optimizers;
using Tunesmith.Training.Results;

namespace Tunesmith.Training.Resume;

/// <summary>
/// What a checkpoint holds beside the model for others: the exact values of the trained parameters and the optimizer's state (optimizer.safetensors), the
/// schedule and the loop's position (scheduler.json), the random generator (rng_state.json) and the log (trainer_state.json). No pickles.
/// </summary>
internal static class CheckpointState
{
    public const string ProgressFile = "scheduler.json";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string RandomFile = "rng_state.json";
    private const string StateFile = "trainer_state.json";
    private const string ValueSuffix = "|value";
    private const string StepsKey = "steps";

    /// <summary>Writes it: whole, or no more than the best weights that are read back at the end.</summary>
    public static void Write(string folder, Optimizer optimizer, Progress progress, TrainerState state, bool whole, bool bestIsLoaded)
    {
        var values = optimizer.Parameters.Select(entry => (entry.Name + ValueSuffix, entry.Parameter.Value));
        if (!whole)
        {
            if (bestIsLoaded) SafeTensorsWriter.Write(Path.Combine(folder, OptimizerFile), values);
        }
        else
        {
            var tensors = values.Concat(optimizer.State);
            SafeTensorsWriter.Write(Path.Combine(folder, OptimizerFile), tensors, new Dictionary<string, string> { [StepsKey] = PythonJson.Write(optimizer.Steps) });
            AtomicFile.WriteAllText(Path.Combine(folder, ProgressFile), progress.ToJson());
            AtomicFile.WriteAllText(Path.Combine(folder, RandomFile), JsonSerializer.Serialize(new { torch = Convert.ToBase64String(Generator.Default.GetState()) }) + "\n");
        }
        AtomicFile.WriteAllText(Path.Combine(folder, StateFile), state.ToJson(saving: true));
    }

    /// <summary>Whether the folder has the exact values of the trained parameters.</summary>
    public static bool HasValues(string folder) => File.Exists(Path.Combine(folder, OptimizerFile));

    public static Progress ReadProgress(string folder) => Progress.FromJson(File.ReadAllText(Path.Combine(folder, ProgressFile)));

    public static void ReadGenerator(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, RandomFile)));
        Generator.Default.SetState(document.RootElement.GetProperty("torch").GetBytesFromBase64());
    }

    public static void ReadState(string folder, TrainerState state)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, StateFile)));
        TrainerStateReader.Read(document.RootElement, state);
    }

    /// <summary>Gives the trained parameters their values of the checkpoint, and the optimizer its state where one is given.</summary>
    public static void ReadTensors(string folder, IEnumerable<(string Name, Tunesmith.Torch.Nn.Parameter Parameter)> parameters, Optimizer? optimizer)
    {
        var path = Path.Combine(folder, OptimizerFile);
        using var file = SafeTensorsFile.Open(path);
        using var noGrad = Autograd.NoGrad();
        foreach (var (name, parameter) in parameters)
        {
            if (!file.Contains(name + ValueSuffix)) throw Errors.StateMissing(path, name);
            using var scope = Scope.Open();
            parameter.Value.CopyInPlace(file.Read(name + ValueSuffix));
        }
        if (optimizer is null) return;
        var steps = long.Parse(file.Header.Metadata[StepsKey], System.Globalization.CultureInfo.InvariantCulture);
        foreach (var name in file.Names.Where(name => !name.EndsWith(ValueSuffix, StringComparison.Ordinal)))
        {
            using var scope = Scope.Open();
            optimizer.Load(steps, [(name, file.Read(name))]);
        }
        if (!file.Names.Any(name => !name.EndsWith(ValueSuffix, StringComparison.Ordinal))) optimizer.Load(steps, []);
    }
}
