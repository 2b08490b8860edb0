namespace Tunesmith.Torch.Interop;

/// <summary>Texts about the library, and the environment that it will read.</summary>
internal static unsafe class InfoText
{
    public static string Read(int what) =>
        Status.Read((byte* buffer, int capacity, out int length) => Native.ts_info_text(what, buffer, capacity, out length));

    /// <summary>Sets a variable for native code: the runtime's own setter does not reach getenv.</summary>
    public static void SetEnvironment(string name, string value)
    {
        fixed (byte* first = Status.ZeroEnded(name), second = Status.ZeroEnded(value)) Status.Check(Native.ts_environment_set(first, second));
    }
}
