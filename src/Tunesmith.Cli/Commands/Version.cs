using System.Reflection;

namespace Tunesmith.Cli.Commands;

/// <summary><c>version</c>.</summary>
internal static class Version
{
    public static Command Command { get; } = new()
    {
        Name = "version",
        Usage = "[--json]",
        Summary = "prints the program's version",
        Flags = [new("--json", null, "one JSON object")],
        Run = run =>
        {
            run.Arguments.None("version");
            run.Out.WriteLine(run.Json ? System.Text.Json.JsonSerializer.Serialize(new { tunesmith = Text }) : $"tunesmith {Text}");
            return App.Done;
        },
    };

    /// <summary>The version without the commit.</summary>
    public static string Text { get; } = typeof(Version).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
