using System.Reflection;
using Tunesmith.Torch;
using Xunit.Sdk;

namespace Tunesmith.Tests;

/// <summary>
/// Opens a scope around each test of a class and fails a test that leaves more tensors alive than it found. Tests of such a class must not run beside others
/// that make tensors: the assembly switches parallel runs off.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NoTensorLeaksAttribute : BeforeAfterTestAttribute
{
    private long _before;
    private long _leaked;

    public override void Before(MethodInfo methodUnderTest)
    {
        Collect();
        _before = TorchInfo.TensorsLive;
        _leaked = TorchInfo.TensorsLeaked;
    }

    public override void After(MethodInfo methodUnderTest)
    {
        Collect();
        long leaked = TorchInfo.TensorsLeaked - _leaked;
        if (leaked != 0) throw new XunitException($"{methodUnderTest.Name}: {leaked} tensors were freed by no scope and no owner");
        long left = TorchInfo.TensorsLive - _before;
        if (left != 0) throw new XunitException($"{methodUnderTest.Name}: {left} tensors more are alive than before");
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Scope.Open().Dispose(); // frees what finalizers left
    }
}
