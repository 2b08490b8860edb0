using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Training.Optimizers;

/// <summary>Changes parameters by their gradients. State is kept per parameter under a name, so that a checkpoint can hold it as tensors.</summary>
public abstract class Optimizer(IReadOnlyList<ParameterGroup> groups) : IDisposable
{
    private readonly TensorOwner _owner = new();
    private readonly Dictionary<string, Tensor> _state = new(StringComparer.Ordinal);

    /// <summary>Who is trained, at which rate.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; } = groups;

    /// <summary>Updates done.</summary>
    public long Steps { get; private set; }

    /// <summary>Every trained parameter.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> Parameters => Groups.SelectMany(group => group.Parameters);

    /// <summary>One update from the gradients that are there; a parameter without one stays as it is.</summary>
    public void Step()
    {
        Steps++;
        using var noGrad = Autograd.NoGrad();
        foreach (var group in Groups)
        {
            foreach (var (name, parameter) in group.Parameters)
            {
                using var scope = Scope.Open();
                if (parameter.Value.Grad is Tensor gradient) Update(group, name, parameter.Value, gradient);
            }
        }
    }

    /// <summary>State tensors by name: `{parameter}|{state}`.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _state.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => (entry.Key, entry.Value));

    /// <summary>Takes back the state of a checkpoint.</summary>
    public void Load(long steps, IEnumerable<(string Name, Tensor Tensor)> state)
    {
        Steps = steps;
        foreach (var (name, tensor) in state)
        {
            if (_state.TryGetValue(name, out var mine)) mine.CopyInPlace(tensor);
            else _state[name] = _owner.Adopt(tensor.Clone());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _owner.Dispose();
        _state.Clear();
    }

    /// <summary>Changes one parameter.</summary>
    protected abstract void Update(ParameterGroup group, string name, Tensor parameter, Tensor gradient);

    /// <summary>A state tensor like the parameter, made of zeros the first time.</summary>
    protected Tensor Zeros(string name, string state, Tensor like) => Find(name, state) ?? Keep(name, state, Tensor.Zeros(like.Shape, like.DType));

    /// <summary>A state tensor, or null the first time.</summary>
    protected Tensor? Find(string name, string state) => _state.GetValueOrDefault($"{name}|{state}");

    /// <summary>Keeps a state tensor from here on.</summary>
    protected Tensor Keep(string name, string state, Tensor tensor) => _state[$"{name}|{state}"] = _owner.Adopt(tensor);
}
