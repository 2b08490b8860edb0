namespace Tunesmith.Runs;

/// <summary>Wrong use or wrong input: the person can mend it. The program ends with exit code 2.</summary>
public sealed class UsageException(string message, Exception? inner = null) : Exception(MessageText.Bounded(message), inner);
