using System.Diagnostics.CodeAnalysis;

namespace Tunesmith.Cli.Commands;

/// <summary>Every command, sorted by name.</summary>
internal static class Plate
{
    public static IReadOnlyList<Command> All { get; } =
    [
        Chat.Command,
        Check.Command,
        EnvironmentReport.Command,
        Export.Command,
        Help.Command,
        Listing.Command,
        Predict.Command,
        Score.Command,
        Tokenize.Command,
        Train.Command,
        Verify.Command,
        Version.Command,
    ];

    public static IEnumerable<string> Names => All.Select(c => c.Name);

    public static bool TryFind(string name, [NotNullWhen(true)] out Command? command) => (command = All.FirstOrDefault(c => c.Name == name)) is not null;
}
