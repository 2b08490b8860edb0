using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Automatic differentiation.</summary>
public static class Autograd
{
    /// <summary>Whether operators of this thread record what they do.</summary>
    public static bool Enabled
    {
        get => AutogradCalls.GradMode;
        internal set => AutogradCalls.GradMode = value;
    }

    /// <summary>Records nothing until disposed: <c>using var _ = Autograd.NoGrad();</c></summary>
    public static GradGuard NoGrad() => new(false);

    /// <summary>Records again inside a <see cref="NoGrad"/>.</summary>
    public static GradGuard WithGrad() => new(true);

    /// <summary>Like <see cref="NoGrad"/> and cheaper; what is made here can never take part in a graph.</summary>
    public static InferenceGuard InferenceMode() => new(AutogradCalls.EnterInference());

    /// <summary>Adds the gradients of the leaves below the roots.</summary>
    public static void Backward(IReadOnlyList<Tensor> roots, IReadOnlyList<Tensor?>? gradients = null, bool retainGraph = false) =>
        AutogradCalls.Backward([.. roots], gradients is null ? new Tensor?[roots.Count] : [.. gradients], retainGraph, createGraph: false);

    /// <summary>Gradients of the outputs' sum with respect to the inputs; null where an input is not below them.</summary>
    public static Tensor?[] Gradients(IReadOnlyList<Tensor> outputs, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor?>? gradients = null,
        bool retainGraph = false, bool createGraph = false) =>
        AutogradCalls.Gradients([.. outputs], gradients is null ? new Tensor?[outputs.Count] : [.. gradients], [.. inputs], retainGraph || createGraph, createGraph);

    /// <summary>
    /// A function with a backward of its own. <paramref name="forward"/> runs unrecorded and returns new tensors (no views of the inputs);
    /// <paramref name="backward"/> gets the outputs' gradients (null where there is none) and returns one gradient, or null, per input.
    /// </summary>
    public static Tensor[] Custom(Tensor?[] inputs, Func<CustomContext, Tensor[]> forward, Func<CustomContext, Tensor?[], Tensor?[]> backward)
    {
        bool[] needed = Array.ConvertAll(inputs, input => input is { RequiresGrad: true });
        bool recording = Enabled && needed.AsSpan().Contains(true);
        var context = new CustomContext(backward, recording ? needed : new bool[inputs.Length]);
        bool attached = false;
        try
        {
            using var scope = Scope.Open();
            Tensor[] outputs;
            using (NoGrad()) outputs = forward(context);
            if (recording)
            {
                AutogradCalls.Attach(inputs, outputs, context);
                attached = true;
            }
            return scope.Keep(outputs);
        }
        finally
        {
            if (!attached) context.Release();
        }
    }

    /// <summary>A function of one result with a backward of its own.</summary>
    public static Tensor Custom(ReadOnlySpan<Tensor?> inputs, Func<CustomContext, Tensor> forward, Func<CustomContext, Tensor, Tensor?[]> backward) =>
        Custom(inputs.ToArray(), context => [forward(context)], (context, gradients) => backward(context, gradients[0]!))[0];

    /// <summary>
    /// Runs a part of a model without keeping what its backward needs, and runs it again in the backward pass, with the same random draws.
    /// </summary>
    /// <param name="body">The part. Tensors that it captures must live until the backward pass: give shorter-lived ones as inputs.</param>
    /// <param name="inputs">What it takes; null entries are passed on.</param>
    /// <param name="generators">The generators it draws from, beside the default one.</param>
    public static Tensor[] Checkpoint(Func<Tensor?[], Tensor[]> body, Tensor?[] inputs, params Generator?[] generators)
    {
        if (!Enabled) return body(inputs);
        Generator[] sources = [Generator.Default, .. generators.OfType<Generator>()];
        byte[][] states = Array.ConvertAll(sources, source => source.GetState());
        using var scope = Scope.Open();
        // A leaf of no elements makes the node part of the graph where only captured parameters need gradients.
        Tensor anchor = Tensor.Empty([0], DType.Float32);
        anchor.RequiresGrad = true;
        Tensor[] outputs = Custom([anchor, .. inputs], context =>
        {
            context.Save(inputs);
            return body(inputs);
        }, (context, gradients) => Replay(context, body, inputs.Length, sources, states, gradients));
        return scope.Keep(outputs);
    }

    /// <summary>The common case: hidden states in, hidden states out.</summary>
    public static Tensor Checkpoint(Func<Tensor, Tensor> body, Tensor input, params Generator?[] generators) =>
        Checkpoint(given => [body(given[0]!)], [input], generators)[0];

    private static Tensor?[] Replay(CustomContext context, Func<Tensor?[], Tensor[]> body, int count, Generator[] sources, byte[][] states, Tensor?[] gradients)
    {
        byte[][] now = Array.ConvertAll(sources, source => source.GetState());
        var leaves = new Tensor?[count];
        for (int i = 0; i < count; i++)
        {
            leaves[i] = context.SavedOrNull[i]?.Detach();
            if (context.Needs(i + 1)) leaves[i]!.RequiresGrad = true;
        }
        for (int i = 0; i < sources.Length; i++) sources[i].SetState(states[i]);
        try
        {
            using (WithGrad())
            {
                Tensor[] outputs = body(leaves);
                var pairs = outputs.Zip(gradients).Where(pair => pair.Second is not null && pair.First.RequiresGrad).ToArray();
                if (pairs.Length > 0)
                    AutogradCalls.Backward([.. pairs.Select(pair => pair.First)], [.. pairs.Select(pair => pair.Second)], retainGraph: false, createGraph: false);
            }
        }
        finally
        {
            for (int i = 0; i < sources.Length; i++) sources[i].SetState(now[i]);
        }
        return [null, .. leaves.Select(leaf => leaf is { RequiresGrad: true } ? leaf.Grad : null)];
    }

    /// <summary>Calls <paramref name="hook"/> after each time that the gradient of a leaf was added to. Keep what it returns; disposing that ends it.</summary>
    public static LeafHook OnGradient(Tensor leaf, Action hook) => new(AutogradCalls.AddLeafHook(leaf, hook));
}

/// <summary>Sets recording back to what it was.</summary>
public readonly ref struct GradGuard : IDisposable
{
    private readonly bool _before;

    internal GradGuard(bool enabled)
    {
        _before = Autograd.Enabled;
        Autograd.Enabled = enabled;
    }

    public void Dispose() => Autograd.Enabled = _before;
}

/// <summary>Leaves inference mode.</summary>
public readonly ref struct InferenceGuard : IDisposable
{
    private readonly NativeGuard _guard;

    internal InferenceGuard(NativeGuard guard) => _guard = guard;

    public void Dispose() => _guard.Leave();
}

/// <summary>A hook on a leaf's gradient, in force while the leaf lives.</summary>
public sealed class LeafHook : IDisposable
{
    private NativeKeeper? _keeper;

    internal LeafHook(NativeKeeper keeper) => _keeper = keeper;

    public void Dispose()
    {
        _keeper?.Remove();
        _keeper = null;
    }
}
