namespace Tunesmith.Torch;

/// <summary>What went wrong below: libtorch's own words with the operator and its arguments, or a wrong use of this room.</summary>
public sealed class TorchException(string message, Exception? inner = null) : Exception(message, inner);
