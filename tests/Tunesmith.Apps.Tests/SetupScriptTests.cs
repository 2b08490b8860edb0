namespace Tunesmith.Tests;

/// <summary>The set-up's decisions, with a package manager that only writes down what it is asked.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class SetupScriptTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("set-up-").FullName;

    public SetupScriptTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "scripts"));
        Directory.CreateDirectory(Path.Combine(_root, "native"));
        Directory.CreateDirectory(Path.Combine(_root, "fake"));
        foreach (var name in new[] { "setup.sh", "dotnet.sh", "fresh.sh" }) File.Copy(Path.Combine(Repo.Root, "scripts", name), Path.Combine(_root, "scripts", name));
        File.WriteAllText(Path.Combine(_root, "native", "build.sh"), "echo native >&2\n");
        Fake("apt-get", "echo \"$*\" >> \"$TEST_ROOT/asked\"; exit ${TEST_APT:-0}");
        Fake("sudo", "exit 1");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Fake(string name, string body)
    {
        var path = Path.Combine(_root, "fake", name);
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // A compiler that is not there makes something missing, whatever this machine has.
    private Script Setup(string user, params (string Name, string Value)[] more) => Setup(user, "", more);

    private Script Setup(string user, string words, params (string Name, string Value)[] more)
    {
        Fake("id", $"echo {user}");
        var variables = new Dictionary<string, string?>
        {
            ["PATH"] = Path.Combine(_root, "fake") + ":" + Environment.GetEnvironmentVariable("PATH"),
            ["CXX"] = "no-such-compiler",
            ["TEST_ROOT"] = _root,
        };
        foreach (var (name, value) in more) variables[name] = value;
        return Script.Run("sh scripts/setup.sh " + words, variables, _root);
    }

    [Fact]
    public void Root_installs_what_is_missing_and_goes_on()
    {
        var run = Setup("0");
        Assert.Equal(0, run.Code);
        var asked = File.ReadAllText(Path.Combine(_root, "asked"));
        Assert.Contains("update", asked);
        Assert.Contains("install -y --no-install-recommends", asked);
        Assert.Contains("g++", asked);
        Assert.Contains("set-up: missing: a C++ compiler", run.Error);
        Assert.Contains("native", run.Error);
    }

    [Fact]
    public void Without_rights_the_one_line_to_run_is_printed()
    {
        var run = Setup("1000");
        Assert.Equal(1, run.Code);
        Assert.Contains("sudo sh -c \"apt-get update && apt-get install -y --no-install-recommends g++", run.Error);
        Assert.False(File.Exists(Path.Combine(_root, "asked")));
    }

    [Fact]
    public void Without_sudo_the_line_is_one_that_works_without_it()
    {
        File.Delete(Path.Combine(_root, "fake", "sudo"));
        foreach (var name in new[] { "sh", "mkdir", "dirname", "date", "flock", "cat", "cut", "readlink", "rm", "grep", "tail", "env" })
            File.CreateSymbolicLink(Path.Combine(_root, "fake", name), Script.Run($"command -v {name}").Out.Trim());
        var run = Setup("1000", ("PATH", Path.Combine(_root, "fake")));
        Assert.Equal(1, run.Code);
        Assert.Contains("su - -c \"apt-get update && apt-get install", run.Error);
        Assert.DoesNotContain("sudo", run.Error);
    }

    [Fact]
    public void An_installation_that_was_interrupted_is_finished_first()
    {
        // The first attempt is refused, as apt-get does after dpkg was stopped in the middle.
        Fake("apt-get", "echo \"apt-get $*\" >> \"$TEST_ROOT/asked\"; case \"$*\" in *\" -f \"*) : > \"$TEST_ROOT/mended\" ;; esac; [ -f \"$TEST_ROOT/mended\" ]");
        Fake("dpkg", "echo \"dpkg $*\" >> \"$TEST_ROOT/asked\"");
        Directory.CreateDirectory(Path.Combine(_root, "artifacts"));
        File.WriteAllText(Path.Combine(_root, "artifacts", "installing"), " g++ libtorch-dev\n");
        var run = Setup("0", ("CXX", "sh"));
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("interrupted", run.Error);
        var asked = File.ReadAllText(Path.Combine(_root, "asked"));
        Assert.True(asked.IndexOf("dpkg --configure -a", StringComparison.Ordinal) < asked.LastIndexOf("install -y --no-install-recommends", StringComparison.Ordinal), asked);
        Assert.False(File.Exists(Path.Combine(_root, "artifacts", "installing")));
    }

    [Fact]
    public void A_libtorch_of_one_s_own_that_brings_its_BLAS_needs_no_other()
    {
        Directory.CreateDirectory(Path.Combine(_root, "own", "lib"));
        File.WriteAllText(Path.Combine(_root, "own", "lib", "libtorch_cpu.so"), "libmkl");
        Assert.Equal(0, Setup("1000", ("CXX", "sh"), ("TUNESMITH_LIBTORCH", Path.Combine(_root, "own"))).Code);
    }

    [Fact]
    public void A_checkout_that_cannot_be_written_is_told()
    {
        File.WriteAllText(Path.Combine(_root, "artifacts"), "in the way");
        var run = Setup("0");
        Assert.Equal(1, run.Code);
        Assert.Contains("cannot be written", run.Error);
        Assert.Contains("git clone", run.Error);
    }

    [Fact]
    public void A_libtorch_folder_that_is_not_there_is_wrong_use()
    {
        var run = Script.Run("./dev help", new Dictionary<string, string?> { ["TUNESMITH_LIBTORCH"] = "no/such/folder" });
        Assert.Equal(2, run.Code);
        Assert.Contains("expected a folder with include/ and lib/", run.Error);
    }

    // The path is the machine's own, so another one is put in its place.
    private void Replace(string script, string old, string other)
    {
        var path = Path.Combine(_root, "scripts", script);
        var text = File.ReadAllText(path);
        Assert.Contains(old, text);
        File.WriteAllText(path, text.Replace(old, other, StringComparison.Ordinal));
    }

    [Fact]
    public void A_machine_without_certificates_gets_them_unless_what_they_are_for_is_there()
    {
        (string, string)[] variables = [("CXX", "sh"), ("HOME", _root), ("NUGET_PACKAGES", Path.Combine(_root, "packages")), ("SSL_CERT_FILE", ""), ("SSL_CERT_DIR", "")];
        Replace("setup.sh", "/etc/ssl/certs/ca-certificates.crt", Path.Combine(_root, "certificates.crt"));
        var run = Setup("1000", variables);
        Assert.Contains("certificates (NuGet", run.Error);
        Assert.Contains(" ca-certificates\"", run.Error);
        Assert.DoesNotContain("certificates", Setup("1000", [.. variables, ("SSL_CERT_FILE", "/somewhere")]).Error);
        File.WriteAllText(Path.Combine(_root, "certificates.crt"), "one");
        Assert.DoesNotContain("certificates", Setup("1000", variables).Error);
        File.Delete(Path.Combine(_root, "certificates.crt"));
        Directory.CreateDirectory(Path.Combine(_root, "packages", "yamldotnet"));
        Assert.DoesNotContain("certificates", Setup("1000", variables).Error);
    }

    [Fact]
    public void NuGet_out_of_reach_is_told_once_and_with_what_to_do()
    {
        Fake("dotnet", """
            case "$*" in
                publish*) for project in A B; do
                    echo "/x/$project.csproj : error NU1301: Unable to load the service index for source https://a/index.json. [/x/$project.csproj]"
                    echo "/x/$project.csproj : error NU1301:   The remote certificate is invalid. [/x/Cli.csproj]"
                    done; exit 1 ;;
                *) echo '10.0.100 [/somewhere]' ;;
            esac
            """);
        Replace("dotnet.sh", "/usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet", "");
        var run = Setup("0", "--program", ("CXX", "sh"), ("DOTNET_ROOT", "/nonexistent"), ("HOME", _root));
        Assert.Equal(1, run.Code);
        Assert.Equal(1, run.Error.Split("Unable to load the service index").Length - 1);
        Assert.Equal(1, run.Error.Split("The remote certificate is invalid").Length - 1);
        Assert.Contains("set-up: NuGet could not be reached", run.Error);
        Assert.Contains("~/.nuget/packages", run.Error);
    }

    [Fact]
    public void A_failed_installation_is_told_with_what_to_do()
    {
        var run = Setup("0", ("TEST_APT", "100"));
        Assert.Equal(1, run.Code);
        Assert.Contains("the packages could not be installed", run.Error);
    }

    [Fact]
    public void An_SDK_that_is_too_old_is_told_with_the_line_that_brings_a_newer_one()
    {
        Fake("dotnet", "echo '8.0.404 [/somewhere]'");
        // Only the candidate on the PATH, so that the machine's own SDK is not found.
        Replace("dotnet.sh", "/usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet", "");
        var run = Setup("0", ("DOTNET_ROOT", "/nonexistent"), ("HOME", _root));
        Assert.Equal(1, run.Code);
        Assert.Contains("the .NET SDK found is 8.0.404; 10.0 or newer is needed", run.Error);
        Assert.Contains("dotnet-install.sh", run.Error);
    }

    [Fact]
    public void An_unknown_word_to_the_developers_door_is_wrong_use() => Assert.Equal(2, Script.Run("./dev frobnicate").Code);

    [Fact]
    public void An_unknown_room_is_wrong_use_and_lists_the_rooms()
    {
        var run = Script.Run("./dev test atticc");
        Assert.Equal(2, run.Code);
        Assert.Contains("Runs", run.Error);
    }
}
