using System.Text;
using Tunesmith.Cli;

namespace Tunesmith.Tests;

/// <summary>What becomes of results and talk that cannot be written or read.</summary>
public sealed class OutputTests
{
    private const int TooLarge = 27; // EFBIG, which .NET tells in its own way

    private sealed class Broken(int code) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) =>
            throw (code == TooLarge ? new ArgumentOutOfRangeException("value", "Specified file length was too large for the file system.") : new IOException("No space left on device", code));
    }

    private static (int Code, string Error) Run(Stream results, TextReader? input = null, params string[] arguments)
    {
        using var error = new StringWriter { NewLine = "\n" };
        // Not disposed: it would try to write again.
        var output = new StreamWriter(new OutputStream(results, isTalk: false), bufferSize: 64) { NewLine = "\n" };
        var code = App.Run(arguments, new Terminal { In = input ?? TextReader.Null, Out = output, Error = error }, CancellationToken.None);
        return (code, error.ToString());
    }

    [Theory]
    [InlineData("version", 28, "No space left on device")]
    [InlineData("help", 28, "No space left on device")]
    [InlineData("help", TooLarge, "File too large")]
    public void Results_that_cannot_be_written_are_no_success(string command, int number, string problem)
    {
        var (code, error) = Run(new Broken(number), null, command);
        Assert.Equal((1, $"error: standard output: got '{problem}' when writing; expected room for the results. Free some space or write elsewhere.\n"), (code, error));
    }

    [Theory]
    [InlineData("version")]
    [InlineData("help")]
    public void A_reader_that_has_enough_is_no_error(string command) => Assert.Equal((0, ""), Run(new Broken(32), null, command));

    [Theory]
    [InlineData(28)]
    [InlineData(TooLarge)]
    public void Talk_that_cannot_be_written_ends_nothing(int number)
    {
        using var talk = new StreamWriter(new OutputStream(new Broken(number), isTalk: true));
        talk.WriteLine("loss 0.1");
        talk.Flush();
    }

    [Fact]
    public void Bytes_that_are_no_text_are_wrong_use()
    {
        using var bytes = new MemoryStream([0x63, 0x61, 0x66, 0xE9, 0x0A]);
        var (code, error) = Run(Stream.Null, new StreamReader(bytes, new UTF8Encoding(false, throwOnInvalidBytes: true)), "tokenize", Path.Combine(Repo.Root, "models", "stories260k"));
        Assert.Equal(2, code);
        Assert.StartsWith("error: input: got bytes that are not UTF-8; expected text in UTF-8.", error);
    }
}
