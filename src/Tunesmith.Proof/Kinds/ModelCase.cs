using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Families;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Proof.Kinds;

/// <summary>What the kinds about models share: a case's files, its model, and the comparison of tensors and gradients.</summary>
internal sealed class ModelCase : IDisposable
{
    private readonly SafeTensorsFile _values;
    private readonly Dictionary<string, Parameter> _byName = new(StringComparer.Ordinal);

    public ModelCase(string folder, string goldenFolder, ModelKind? kind)
        : this(folder, goldenFolder, new LoadOptions { Kind = kind, Generator = new Generator(0) })
    {
    }

    public ModelCase(string modelFolder, string goldenFolder, LoadOptions options)
    {
        Golden = GoldenFile.Json(Path.Combine(goldenFolder, "golden.json"));
        _values = SafeTensorsFile.Open(Path.Combine(goldenFolder, "golden.safetensors"));
        LoadedModel loaded = ModelLoader.Load(modelFolder, options);
        Model = loaded.Model;
        foreach ((string name, Parameter parameter) in Model.NamedParameters())
        {
            _byName[name] = parameter;
            if (loaded.Sources.TryGetValue(name, out string? source))
            {
                _byName[source] = parameter;
            }
        }
    }

    /// <summary>Tolerances of tensors grow with the largest value where that exceeds 1; otherwise they are absolute.</summary>
    public bool RelativeToLargest { get; init; }

    public JsonElement Golden { get; }

    public Model Model { get; }

    public Compare Compare { get; } = new();

    public IEnumerable<string> Names => _values.Names;

    /// <summary>The family's model_type where it is not implemented, else null.</summary>
    public static string? UnknownFamily(string folder)
    {
        string type = GoldenFile.Json(Path.Combine(folder, "config.json")).Maybe("model_type")?.GetString() ?? "";
        return FamilyPlate.All.ContainsKey(type) ? null : type;
    }

    public static CaseResult NotImplemented(string kind, string folder, string what) => new(kind, Path.GetFileName(folder.TrimEnd('/')), false, $"{what} is not implemented");

    public bool Has(string name) => _values.Contains(name);

    public Tensor Read(string name) => _values.Read(name);

    public Tensor? Find(string name) => _values.Contains(name) ? _values.Read(name) : null;

    public double Tolerance(string name, double otherwise) => Golden.Maybe("tolerance")?.Maybe(name) is JsonElement { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : otherwise;

    /// <param name="name">Golden name.</param>
    /// <param name="actual">What was computed.</param>
    /// <param name="tolerance">Absolute, or relative to the largest value (<see cref="RelativeToLargest"/>).</param>
    /// <param name="rows">Not zero where a row of the last dimension counts; null: all.</param>
    public void Same(string name, Tensor actual, double tolerance, Tensor? rows = null)
    {
        Tensor expected = Read(name);
        float[] wanted = expected.ToFloats();
        double size = !RelativeToLargest || wanted.Length == 0 ? 1 : Math.Max(1, wanted.Max(value => Math.Abs(value)));
        Compare.Floats(name, actual.ToFloats(), wanted, tolerance * size, 0, expected.Shape, rows is null ? [] : Spread(rows, wanted.Length));
    }

    /// <summary>Compares the gradients in the file, and norms by name; names of one tied tensor are looked for among each other.</summary>
    public void Gradients(double absolute, double relativeNorm, JsonElement? norms, IReadOnlySet<string> withoutGradient)
    {
        foreach (string name in Names.Where(name => name.StartsWith("grad.", StringComparison.Ordinal)).ToList())
        {
            if (Parameter(name["grad.".Length..]) is { } parameter)
            {
                using var scope = Scope.Open();
                Same(name, parameter.Value.Grad ?? Tensor.Zeros(parameter.Value.Shape), absolute);
            }
            else
            {
                Compare.That(name, false, "the model has no such parameter");
            }
        }

        Norms(relativeNorm, norms, withoutGradient);
    }

    /// <summary>Compares the 2-norms of gradients by name.</summary>
    public void Norms(double relativeNorm, JsonElement? norms, IReadOnlySet<string> withoutGradient)
    {
        if (norms is null)
        {
            return;
        }

        foreach (JsonProperty entry in norms.Value.EnumerateObject())
        {
            if (withoutGradient.Contains(entry.Name))
            {
                continue;
            }

            if (Parameter(entry.Name) is { } parameter)
            {
                Compare.Value("norm of grad." + entry.Name, Norm(parameter), entry.Value.GetDouble(), 1e-6, relativeNorm);
            }
            else
            {
                Compare.That("grad." + entry.Name, false, "the model has no such parameter");
            }
        }
    }

    public void ClearGradients()
    {
        foreach (Parameter parameter in _byName.Values)
        {
            parameter.Value.ClearGrad();
        }
    }

    public static double Norm(Parameter parameter)
    {
        if (parameter.Value.Grad is not { } gradient)
        {
            return 0;
        }

        double sum = 0;
        foreach (double value in gradient.ToDoubles())
        {
            sum += value * value;
        }

        return Math.Sqrt(sum);
    }

    public CaseResult Result(string kind) => Compare.Result(kind, Golden.Need("case", "golden.json").GetString()!);

    public void Dispose()
    {
        _values.Dispose();
        Model.Dispose();
    }

    private Parameter? Parameter(string name)
    {
        if (_byName.TryGetValue(name, out Parameter? parameter))
        {
            return parameter;
        }

        foreach (JsonElement group in Golden.Maybe("ties")?.EnumerateArray().ToArray() ?? [])
        {
            string[] names = group.Texts();
            if (names.Contains(name) && Array.Find(names, _byName.ContainsKey) is string found)
            {
                return _byName[found];
            }
        }

        return null;
    }

    private static bool[] Spread(Tensor rows, int length)
    {
        long[] counted = rows.ToLongs();
        int width = length / counted.Length;
        var where = new bool[length];
        for (int i = 0; i < length; i++)
        {
            where[i] = counted[i / width] != 0;
        }

        return where;
    }
}
