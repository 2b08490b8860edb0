using System.Runtime.InteropServices;
using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>What is recorded for the backward pass, and functions whose backward is written here.</summary>
public static unsafe class Autograd
{
    /// <summary>True where operators are recorded.</summary>
    public static bool Enabled
    {
        get
        {
            Status.Check(Native.ts_grad_mode_get(out int enabled));
            return enabled != 0;
        }
    }

    /// <summary>Nothing is recorded until the guard is disposed.</summary>
    public static GradGuard NoGrad() => new(false);

    /// <summary>Operators are recorded until the guard is disposed.</summary>
    public static GradGuard WithGrad() => new(true);

    /// <summary>Gradients of the outputs' sum with respect to the inputs, without touching anyone's <see cref="Tensor.Grad"/>.</summary>
    /// <returns>One an input; null where the outputs do not depend on it.</returns>
    public static Tensor?[] Gradients(IReadOnlyList<Tensor> outputs, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor>? gradients = null, bool retainGraph = false)
    {
        using var from = new Leases([.. outputs]);
        using var to = new Leases([.. inputs]);
        using var given = new Leases(gradients is null ? [] : [.. gradients]);
        var results = new nint[inputs.Count];
        int status;
        fixed (nint* f = from.Pointers)
        fixed (nint* t = to.Pointers)
        fixed (nint* g = given.Pointers)
        fixed (nint* r = results) status = Native.ts_gradients(f, gradients is null ? null : g, outputs.Count, t, inputs.Count, retainGraph ? 1 : 0, 0, r);
        Status.Check(status);
        return Array.ConvertAll(results, h => h == 0 ? null : new Tensor(h));
    }

    /// <summary>A function with a backward of its own: one output, computed without recording.</summary>
    /// <param name="inputs">What gradients flow to.</param>
    /// <param name="forward">Computes the output; saves in the context what the backward pass needs.</param>
    /// <param name="backward">From the output's gradient to one gradient an input (null: none).</param>
    public static Tensor Custom(ReadOnlySpan<Tensor> inputs, Func<CustomContext, Tensor> forward, Func<CustomContext, Tensor, Tensor?[]> backward)
    {
        var recorded = false;
        if (Enabled)
        {
            foreach (var input in inputs) recorded |= input.RequiresGrad;
        }
        var context = new CustomContext(backward);
        using var scope = Scope.Open();
        Tensor output;
        using (NoGrad()) output = scope.Keep(forward(context).Detach());
        if (!recorded)
        {
            context.Free();
            return output;
        }
        using var handles = new Leases(inputs.ToArray());
        using var made = new Leases([output]);
        var pinned = GCHandle.Alloc(context);
        int status;
        fixed (nint* h = handles.Pointers)
        fixed (nint* m = made.Pointers) status = Native.ts_custom_attach(h, inputs.Length, m, 1, &RunBackward, &Release, GCHandle.ToIntPtr(pinned));
        if (status != 0)
        {
            pinned.Free();
            context.Free();
        }
        Status.Check(status);
        return output;
    }

    /// <summary>
    /// Computes f(x) without keeping what is inside, and again in the backward pass: the same numbers, less memory (1604.06174). Draws of the default generator are repeated.
    /// </summary>
    public static Tensor Checkpoint(Func<Tensor, Tensor> f, Tensor x)
    {
        if (!Enabled) return f(x);
        using var scope = Scope.Open();
        var random = Generator.Default.GetState();
        if (!x.RequiresGrad)
        {
            x = x.Detach();
            x.RequiresGrad = true;
        }
        return scope.Keep(Custom([x], context =>
        {
            context.Save(x);
            return f(x);
        }, (context, gradient) =>
        {
            var now = Generator.Default.GetState();
            Generator.Default.SetState(random);
            Tensor input = context.Saved[0].Detach();
            input.RequiresGrad = true;
            using (WithGrad()) f(input).Backward(gradient);
            Generator.Default.SetState(now);
            return [input.Grad];
        }));
    }

    [UnmanagedCallersOnly]
    private static int RunBackward(nint contextHandle, nint* gradients, int count, nint* results, int resultCount)
    {
        try
        {
            var context = (CustomContext)GCHandle.FromIntPtr(contextHandle).Target!;
            using var scope = Scope.Open();
            Tensor? gradient = null;
            for (var i = 0; i < count; i++)
            {
                if (gradients[i] == 0) continue;
                var given = new Tensor(gradients[i]);
                if (i == 0) gradient = given;
            }
            if (gradient is null) return 0;
            using var noGrad = NoGrad();
            var made = context.Backward(gradient);
            for (var i = 0; i < resultCount && i < made.Length; i++) results[i] = made[i] is { } tensor ? Leases.Alias(tensor) : 0;
            return 0;
        }
        catch (Exception e)
        {
            Status.Hold(e);
            return 1;
        }
    }

    [UnmanagedCallersOnly]
    private static void Release(nint contextHandle, int final)
    {
        var handle = GCHandle.FromIntPtr(contextHandle);
        ((CustomContext)handle.Target!).Free();
        if (final != 0) handle.Free();
    }
}

/// <summary>Sets whether operators are recorded, and puts back what was when it is disposed.</summary>
public ref struct GradGuard
{
    private readonly bool _was;
    private bool _done;

    internal GradGuard(bool on)
    {
        _was = Autograd.Enabled;
        Status.Check(Native.ts_grad_mode_set(on ? 1 : 0));
    }

    public void Dispose()
    {
        if (_done) return;
        _done = true;
        Status.Check(Native.ts_grad_mode_set(_was ? 1 : 0));
    }
}

/// <summary>What a function with its own backward keeps between the passes.</summary>
public sealed class CustomContext
{
    private readonly TensorOwner _owner = new();
    private readonly List<Tensor> _saved = [];
    private readonly Func<CustomContext, Tensor, Tensor?[]> _backward;

    internal CustomContext(Func<CustomContext, Tensor, Tensor?[]> backward) => _backward = backward;

    public IReadOnlyList<Tensor> Saved => _saved;

    /// <summary>Keeps a tensor until the graph lets go of it.</summary>
    public void Save(Tensor tensor)
    {
        using var scope = Scope.Open();
        _saved.Add(_owner.Adopt(Bytes.Alias(tensor)));
    }

    internal Tensor?[] Backward(Tensor gradient) => _backward(this, gradient);

    internal void Free()
    {
        _owner.Dispose();
        _saved.Clear();
    }
}
