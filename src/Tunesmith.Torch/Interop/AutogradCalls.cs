using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tunesmith.Torch.Interop;

/// <summary>The native side of automatic differentiation.</summary>
internal static unsafe class AutogradCalls
{
    public static bool GradMode
    {
        get
        {
            Status.Check(Native.ts_grad_mode_get(out int enabled));
            return enabled != 0;
        }
        set => Status.Check(Native.ts_grad_mode_set(value ? 1 : 0));
    }

    public static NativeGuard EnterInference()
    {
        Status.Check(Native.ts_inference_enter(out nint guard));
        return new NativeGuard(guard);
    }

    public static void SetRequiresGrad(Tensor tensor, bool value)
    {
        using var lease = new Leases([tensor]);
        Status.Check(Native.ts_requires_grad_set(lease[0], value ? 1 : 0));
    }

    public static Tensor? GetGrad(Tensor tensor)
    {
        using var lease = new Leases([tensor]);
        Status.Check(Native.ts_grad_get(lease[0], out nint gradient));
        return gradient == 0 ? null : new Tensor(gradient);
    }

    public static void SetGrad(Tensor tensor, Tensor? gradient)
    {
        using var leases = new Leases([tensor, gradient]);
        Status.Check(Native.ts_grad_set(leases[0], leases[1]));
    }

    public static void Backward(Tensor[] roots, Tensor?[] gradients, bool retainGraph, bool createGraph)
    {
        using var outputs = new Leases(roots);
        using var incoming = new Leases(gradients);
        fixed (nint* first = outputs.Handles, second = incoming.Handles)
            Status.Check(Native.ts_backward_run(first, second, roots.Length, retainGraph ? 1 : 0, createGraph ? 1 : 0));
    }

    public static Tensor?[] Gradients(Tensor[] roots, Tensor?[] gradients, Tensor[] inputs, bool retainGraph, bool createGraph)
    {
        using var outputs = new Leases(roots);
        using var incoming = new Leases(gradients);
        using var wanted = new Leases(inputs);
        var results = new nint[inputs.Length];
        fixed (nint* first = outputs.Handles, second = incoming.Handles, third = wanted.Handles, made = results)
            Status.Check(Native.ts_gradients(first, second, roots.Length, third, inputs.Length, retainGraph ? 1 : 0, createGraph ? 1 : 0, made));
        return Array.ConvertAll(results, handle => handle == 0 ? null : new Tensor(handle));
    }

    /// <summary>Makes the outputs remember that they came from the inputs by the context's function.</summary>
    public static void Attach(Tensor?[] inputs, Tensor[] outputs, CustomContext context)
    {
        using var from = new Leases(inputs);
        using var to = new Leases(outputs);
        nint handle = GCHandle.ToIntPtr(GCHandle.Alloc(context));
        int status;
        fixed (nint* first = from.Handles, second = to.Handles)
            status = Native.ts_custom_attach(first, inputs.Length, second, outputs.Length, &RunBackward, &Release, handle);
        if (status == 0) return;
        GCHandle.FromIntPtr(handle).Free();
        Status.Check(status);
    }

    public static NativeKeeper AddLeafHook(Tensor leaf, Action hook)
    {
        using var lease = new Leases([leaf]);
        nint handle = GCHandle.ToIntPtr(GCHandle.Alloc(hook));
        int status = Native.ts_leaf_hook_add(lease[0], &RunHook, &ReleaseHook, handle, out nint keeper);
        if (status != 0)
        {
            GCHandle.FromIntPtr(handle).Free();
            Status.Check(status);
        }
        return new NativeKeeper(keeper);
    }

    // No exception may leave these four: they are called from native frames.

    [UnmanagedCallersOnly]
    private static int RunBackward(nint context, nint* gradients, int count, nint* results, int resultCount)
    {
        int taken = 0;
        try
        {
            using var scope = Scope.Open();
            var given = new Tensor?[count];
            for (; taken < count; taken++) given[taken] = gradients[taken] == 0 ? null : new Tensor(gradients[taken]);
            using GradGuard plain = Autograd.NoGrad();
            Tensor?[] made = ((CustomContext)GCHandle.FromIntPtr(context).Target!).Run(given, resultCount);
            for (int i = 0; i < resultCount; i++)
            {
                if (made[i] is not { } tensor) continue;
                using var lease = new Leases([tensor]);
                Status.Check(Native.ts_tensor_alias(lease[0], out results[i]));
            }
            return 0;
        }
        catch (Exception e)
        {
            for (taken++; taken < count; taken++)
                if (gradients[taken] != 0) _ = Native.ts_tensor_free(gradients[taken]);
            Status.Hold(e);
            return 1;
        }
    }

    [UnmanagedCallersOnly]
    private static void Release(nint context, int final)
    {
        var handle = GCHandle.FromIntPtr(context);
        try
        {
            ((CustomContext)handle.Target!).Release();
        }
        catch (Exception e)
        {
            Status.Hold(e);
        }
        if (final != 0) handle.Free();
    }

    [UnmanagedCallersOnly]
    private static int RunHook(nint context)
    {
        try
        {
            using var scope = Scope.Open();
            ((Action)GCHandle.FromIntPtr(context).Target!)();
            return 0;
        }
        catch (Exception e)
        {
            Status.Hold(e);
            return 1;
        }
    }

    [UnmanagedCallersOnly]
    private static void ReleaseHook(nint context, int final)
    {
        if (final != 0) GCHandle.FromIntPtr(context).Free();
    }
}

/// <summary>A mode that the native side entered on this thread.</summary>
internal readonly struct NativeGuard(nint guard)
{
    public void Leave() => Status.Check(Native.ts_inference_leave(guard));
}

/// <summary>What keeps a leaf's hook in force.</summary>
internal readonly struct NativeKeeper(nint keeper)
{
    public void Remove() => Status.Check(Native.ts_leaf_hook_remove(keeper));
}
