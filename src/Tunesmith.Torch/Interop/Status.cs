using System.Text;

namespace Tunesmith.Torch.Interop;

/// <summary>The one place where the status of a native call becomes an exception.</summary>
internal static unsafe class Status
{
    // What managed code threw inside a native call (a custom backward); it becomes the inner exception.
    private static Exception? s_pending;

    public static void Check(int status)
    {
        if (status != 0) throw Failure(null);
    }

    public static TorchException Failure(string? where)
    {
        string text = Text();
        return Errors.Native(where, text, Interlocked.Exchange(ref s_pending, null));
    }

    /// <summary>Keeps an exception of managed code on its way through native frames.</summary>
    public static void Hold(Exception exception)
    {
        Interlocked.CompareExchange(ref s_pending, exception, null);
        byte[] text = Encoding.UTF8.GetBytes(exception.Message);
        fixed (byte* first = text) Native.ts_error_set(first, text.Length);
    }

    private static string Text()
    {
        int length = Native.ts_error_text(null, 0);
        byte[] buffer = new byte[length + 1];
        fixed (byte* first = buffer) Native.ts_error_text(first, buffer.Length);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    public delegate int ReadText(byte* buffer, int capacity, out int length);

    /// <summary>Text that the native side writes into a buffer of ours.</summary>
    public static string Read(ReadText read)
    {
        Check(read(null, 0, out int length));
        byte[] buffer = new byte[length + 1];
        fixed (byte* first = buffer) Check(read(first, buffer.Length, out length));
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    public static byte[] ZeroEnded(string text) => Encoding.UTF8.GetBytes(text + '\0');
}
