namespace Tunesmith.Tests;

/// <summary>What native/build.sh asks of the compiler, with one that only writes it down.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class NativeBuildTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("native-").FullName;

    public NativeBuildTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "native"));
        File.Copy(Path.Combine(Repo.Root, "native", "build.sh"), Path.Combine(_root, "native", "build.sh"));
        Directory.CreateDirectory(Path.Combine(_root, "native", "kernels"));
        foreach (var name in new[] { "one.cpp", "one.h", "kernels/level.cpp", "kernels/level.h" }) File.WriteAllText(Path.Combine(_root, "native", name), "// nothing\n");
        var compiler = Path.Combine(_root, "compiler");
        File.WriteAllText(compiler, $$"""
            #!/bin/sh
            case $1 in -dumpfullversion) echo 99; exit ;; esac
            echo "$*" >> {{_root}}/asked
            case "$*" in *"-std=$REFUSED"*) [ -z "$REFUSED" ] || { echo "refused $REFUSED"; exit 1; } ;; *-shared* | */kernels/*) ;; *) [ "$REFUSED" != all ] || { echo "refused $*"; exit 1; } ;; esac
            while [ $# -gt 0 ]; do if [ "$1" = -o ]; then echo built > "$2"; fi; shift; done
            """ + "\n");
        File.SetUnixFileMode(compiler, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // A libtorch as it is unpacked: include/ and lib/, of one version and one layout of std::string.
    private string Libtorch(string version, string symbol)
    {
        var folder = Path.Combine(_root, "libtorch");
        foreach (var header in new[] { "ATen/ATen.h", "torch/csrc/autograd/function.h" }) Put(Path.Combine(folder, "include", header), "");
        Put(Path.Combine(folder, "include", "torch/csrc/api/include/torch/version.h"), $"#define TORCH_VERSION_MAJOR {version}\n");
        Put(Path.Combine(folder, "lib", "libtorch_cpu.so"), "");
        Put(Path.Combine(folder, "lib", "libc10.so"), $"\0ELF\0_ZN3c105Error\0{symbol}\0more\0");
        return folder;

        static void Put(string path, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
    }

    private Script Build(string libtorch, string refused = "") => Script.Run("bash native/build.sh",
        new Dictionary<string, string?> { ["CXX"] = Path.Combine(_root, "compiler"), ["TUNESMITH_LIBTORCH"] = libtorch, ["REFUSED"] = refused }, _root);

    private string Asked => File.Exists(Path.Combine(_root, "asked")) ? File.ReadAllText(Path.Combine(_root, "asked")) : "";

    [Theory]
    [InlineData("_ZN3c106detail14torchCheckFailEPKcS2_jRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE", "=1")]
    [InlineData("_ZN3c106detail14torchCheckFailEPKcS2_jRKSs", "=0")]
    public void The_strings_are_those_of_the_libtorch_that_is_given(string symbol, string abi)
    {
        var run = Build(Libtorch("2", symbol));
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("-D_GLIBCXX_USE_CXX11_ABI" + abi, Asked);
        Assert.Contains($"-Wl,-rpath,{_root}/libtorch/lib", Asked);
        Assert.Contains($"-isystem {_root}/libtorch/include/torch/csrc/api/include", Asked);
    }

    [Theory]
    [InlineData("1", "", "-std=c++17")]
    [InlineData("2", "", "-std=c++20")]
    [InlineData("2", "c++20", "-std=c++17")]
    public void The_standard_is_what_the_version_s_headers_want_and_the_compiler_has(string version, string refused, string standard)
    {
        var run = Build(Libtorch(version, "x"), refused);
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains($"with {standard["-std=".Length..]}", run.Error);
    }

    [Fact]
    public void Nothing_is_compiled_twice_and_another_libtorch_is()
    {
        var folder = Libtorch("2", "x");
        Build(folder);
        var first = Asked;
        Build(folder);
        Assert.Equal(first, Asked);
        File.WriteAllText(Path.Combine(folder, "lib", "libtorch_cpu.so"), "another");
        Build(folder);
        Assert.NotEqual(first, Asked);
    }

    [Fact]
    public void Only_the_file_that_changed_is_compiled_again()
    {
        var folder = Libtorch("2", "x");
        File.WriteAllText(Path.Combine(_root, "native", "two.cpp"), "// two\n");
        Build(folder);
        File.WriteAllText(Path.Combine(_root, "native", "two.cpp"), "// changed\n");
        File.Delete(Path.Combine(_root, "asked"));
        Build(folder);
        var compiled = Asked.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Contains(" -c ", StringComparison.Ordinal)).ToList();
        Assert.Contains("two.cpp", Assert.Single(compiled));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_root, "artifacts", "native", "objects")).Length);
    }

    [Fact]
    public void A_failure_shows_what_the_compiler_said_of_the_right_standard()
    {
        var run = Build(Libtorch("2", "x"), "all");
        Assert.Equal(1, run.Code);
        Assert.Contains("refused -std=c++20", run.Error);
        Assert.DoesNotContain("refused -std=c++17", run.Error);
    }

    [Fact]
    public void A_folder_that_is_no_libtorch_is_told()
    {
        var run = Build(Path.Combine(_root, "native"));
        Assert.Equal(1, run.Code);
        Assert.Contains("expected a folder with include/ and lib/ of libtorch", run.Error);
        Assert.Equal("", Asked);
    }
}
