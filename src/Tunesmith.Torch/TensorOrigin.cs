using System.Diagnostics;

namespace Tunesmith.Torch;

/// <summary>Where a tensor was made, remembered only where tests ask for it: it costs a stack trace per tensor.</summary>
internal sealed class TensorOrigin
{
    private const int Most = 20;
    private static readonly List<string> s_leaks = [];
    private readonly StackTrace _trace = new(2, fNeedFileInfo: true);

    public static bool Enabled { get; set; }

    public static TensorOrigin? Here() => Enabled ? new TensorOrigin() : null;

    /// <summary>The traces of the tensors that leaked, then an empty list again.</summary>
    public static string[] TakeLeaks()
    {
        lock (s_leaks)
        {
            string[] leaks = [.. s_leaks];
            s_leaks.Clear();
            return leaks;
        }
    }

    public void Remember()
    {
        lock (s_leaks)
        {
            if (s_leaks.Count < Most) s_leaks.Add(_trace.ToString());
        }
    }
}
