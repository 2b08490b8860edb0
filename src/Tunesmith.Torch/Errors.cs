namespace Tunesmith.Torch;

/// <summary>Every message of this room.</summary>
internal static class Errors
{
    public static TorchException NativeLibraryMissing(IEnumerable<string> looked) =>
        new($"libtunesmith.so: got no file; expected it at one of {string.Join(", ", looked)}. `./dev setup` builds it.");

    public static TorchException NativeLibraryUnloadable(string file, Exception cause) =>
        new($"{file}: got a library that does not load ({cause.Message.ReplaceLineEndings(" ")}); expected one built for the libtorch of this machine. "
            + "`./dev setup` installs what is missing and builds it again.", cause);

    public static TorchException Native(string? where, string text, Exception? inner) =>
        new(where is null ? text : $"{where}: {text}", inner);

    public static TorchException NoResult(string op) => new($"{op}: got no tensor back; expected one. Check the arguments.");

    public static TorchException TensorFreed() =>
        new("tensor: got one that was freed; expected a living one. Rescue results with scope.Keep, or give long-lived tensors to a TensorOwner.");

    public static TorchException NoScope() =>
        new("tensor: got no open scope on this thread; expected one. Open it with `using var scope = Scope.Open();`.");

    public static TorchException NoOuterScope() =>
        new("Scope.Keep: got no enclosing scope; expected one. Open an outer scope, or give the tensor to a TensorOwner.");

    public static TorchException ForeignTensor() =>
        new("Scope.Keep: got a tensor that another scope or owner holds; expected one made in this scope. Keep it where it was made.");

    public static TorchException ScopeOrder() =>
        new("scope: got a close out of order; expected the innermost scope first. Open scopes with `using var`.");

    public static TorchException GraphFreed() =>
        new("backward: got a graph whose saved tensors were freed; expected one backward pass per graph. Compute the forward again.");

    public static TorchException OwnerClosed() => new("owner: got a tensor after it was disposed; expected an owner in use. Make a new TensorOwner.");

    public static TorchException WrongCount(string what, long got, string expected, string next) => new($"{what}: got {got}; expected {expected}. {next}");

    public static TorchException WrongShape(string what, Tensor got, string expected, string next) => new($"{what}: got {got}; expected {expected}. {next}");

    public static TorchException UnknownChild(string owner, string name, IEnumerable<string> known) =>
        new($"{owner}: got no child {name}; expected one of {string.Join(", ", known)}. Check the name.");
}
