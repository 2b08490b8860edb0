namespace Tunesmith.Runs;

/// <summary>Messages quote names and values of files, which may hold anything of any length: their middle is left out where they would fill screens.</summary>
internal static class MessageText
{
    public const int Most = 8000;
    private const int Head = 6000, Tail = 1500;

    public static string Bounded(string message) =>
        message.Length <= Most ? message : $"{message[..Head]} [... {message.Length - Head - Tail} characters ...] {message[^Tail..]}";
}
