namespace Tunesmith.Torch.Nn;

/// <summary>A part of a model: parameters, buffers and children under the names that checkpoints give them.</summary>
public abstract class Module : IDisposable
{
    private readonly List<(string Name, Module Module)> _children = [];
    private readonly List<(string Name, Parameter Parameter)> _parameters = [];
    private readonly List<(string Name, Tensor Buffer)> _buffers = [];
    private readonly TensorOwner _owner = new();

    /// <summary>True while training: dropout drops, NEFTune adds noise.</summary>
    public bool Training { get; private set; } = true;

    public IReadOnlyList<(string Name, Module Module)> Children => _children;

    public void Train() => SetTraining(true);

    public void Eval() => SetTraining(false);

    /// <summary>This module (under the empty name) and everything below it, parents first, in the order of declaration.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules() => NamedModules("");

    /// <summary>Every parameter below, in the order of declaration; a module's own before its children's.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters() =>
        NamedModules("").SelectMany(entry => entry.Module._parameters.Select(p => (Join(entry.Name, p.Name), p.Parameter)));

    /// <summary>Every buffer below: tensors that belong to the model but are never trained.</summary>
    public IEnumerable<(string Name, Tensor Buffer)> NamedBuffers() =>
        NamedModules("").SelectMany(entry => entry.Module._buffers.Select(b => (Join(entry.Name, b.Name), b.Buffer)));

    /// <summary>Puts another module in a child's place, at the same position; the old one is returned and stays alive.</summary>
    public Module ReplaceChild(string name, Module child)
    {
        var at = _children.FindIndex(c => c.Name == name);
        if (at < 0) throw Errors.UnknownChild(GetType().Name, name, _children.Select(c => c.Name));
        var old = _children[at].Module;
        _children[at] = (name, child);
        child.SetTraining(Training);
        return old;
    }

    public virtual void Dispose()
    {
        foreach (var (_, child) in _children) child.Dispose();
        _owner.Dispose();
        GC.SuppressFinalize(this);
    }

    protected T Add<T>(string name, T child)
        where T : Module
    {
        Remove(name);
        _children.Add((name, child));
        child.SetTraining(Training);
        return child;
    }

    /// <summary>Takes a child out; true where there was one. It is not disposed.</summary>
    protected bool Remove(string name) => _children.RemoveAll(c => c.Name == name) > 0;

    protected Parameter AddParameter(string name, Tensor data) => Add(name, new Parameter(data, _owner));

    /// <summary>One whose values are all `fill` until others take their place; it has no memory before it is used.</summary>
    protected Parameter AddParameter(string name, long[] shape, double fill = 0) => Add(name, new Parameter(shape, fill, _owner));

    protected Tensor AddBuffer(string name, Tensor data)
    {
        var buffer = _owner.Adopt(data.Detach());
        _buffers.Add((name, buffer));
        return buffer;
    }

    private Parameter Add(string name, Parameter parameter)
    {
        _parameters.Add((name, parameter));
        return parameter;
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private IEnumerable<(string Name, Module Module)> NamedModules(string path)
    {
        yield return (path, this);
        foreach (var (name, child) in _children)
        {
            foreach (var entry in child.NamedModules(Join(path, name))) yield return entry;
        }
    }

    private void SetTraining(bool training)
    {
        Training = training;
        foreach (var (_, child) in _children) child.SetTraining(training);
    }
}
