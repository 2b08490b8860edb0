namespace Tunesmith.Runs;

/// <summary>Something failed while the work was under way. The program ends with exit code 1.</summary>
public sealed class RunException(string message, Exception? inner = null) : Exception(MessageText.Bounded(message), inner);
