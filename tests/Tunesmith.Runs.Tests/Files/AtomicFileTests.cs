using Tunesmith.Runs;
using Tunesmith.Runs.Files;

namespace Tunesmith.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("atomic-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        var path = Path.Combine(_folder, "a.txt");
        AtomicFile.WriteAllText(path, "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_full_disk_is_a_clear_error()
    {
        var failure = Assert.Throws<RunException>(() => AtomicFile.Write(Path.Combine(_folder, "a.txt"), _ => throw new IOException("No space left on device", 28)));
        Assert.Contains("the disk is full", failure.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_folder_appears_whole_and_replaces_the_old_one()
    {
        var path = Path.Combine(_folder, "checkpoint-1");
        AtomicFolder.Write(path, folder => File.WriteAllText(Path.Combine(folder, "old"), "1"));
        AtomicFolder.Write(path, folder => File.WriteAllText(Path.Combine(folder, "new"), "2"));
        Assert.Equal(["new"], Directory.GetFileSystemEntries(path).Select(Path.GetFileName));
        Assert.Throws<InvalidOperationException>(() => AtomicFolder.Write(path, _ => throw new InvalidOperationException()));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void What_a_killed_program_left_of_a_folder_is_cleared_and_nothing_else()
    {
        const string Dead = "2147483647"; // no process has this number
        foreach (var name in (string[])["." + "model." + Dead + "-1.part", $".model.{Environment.ProcessId}-2.part", ".other." + Dead + "-1.part", ".model.words.part", "model"])
            Directory.CreateDirectory(Path.Combine(_folder, name));
        Assert.Equal([$".model.{Dead}-1.part"], AtomicFolder.ClearLeftOvers(Path.Combine(_folder, "model")));
        Assert.Equal(4, Directory.EnumerateDirectories(_folder).Count());
        Assert.Empty(AtomicFolder.ClearLeftOvers(Path.Combine(_folder, "nowhere", "model")));
    }

    [Fact]
    public void A_left_over_is_known_by_its_name()
    {
        Assert.True(AtomicFile.IsLeftOver(AtomicFile.TemporaryName(Path.Combine(_folder, "model.safetensors"))));
        Assert.False(AtomicFile.IsLeftOver("model.safetensors"));
    }
}
