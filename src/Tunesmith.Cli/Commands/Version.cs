using System.Reflection;

namespace Tunesmith.Cli.Commands;

/// <summary><c>version</c>.</summary>
internal static class Version
{
    public static Command Command { get; } = new()
    {
        Name = "version",
        Usage = "",
        Summary = "prints the program's version",
        Run = run =>
        {
            run.Out.WriteLine($"tunesmith {Text}");
            return App.Done;
        },
    };

    /// <summary>The version without the commit.</summary>
    public static string Text { get; } = typeof(Version).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
