using System.Diagnostics.CodeAnalysis;

namespace Tunesmith.Cli.Commands;

/// <summary>Every command, sorted by name.</summary>
internal static class Plate
{
    public static IReadOnlyList<Command> All { get; } =
    [
        EnvironmentReport.Command,
        Help.Command,
        Verify.Command,
        Version.Command,
    ];

    public static IEnumerable<string> Names => All.Select(c => c.Name);

    public static bool TryFind(string name, [NotNullWhen(true)] out Command? command) => (command = All.FirstOrDefault(c => c.Name == name)) is not null;
}
