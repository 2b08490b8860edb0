using Tunesmith.Training.Resume;

namespace Tunesmith.Tests;

public sealed class CheckpointFoldersTests
{
    [Fact]
    public void The_best_stays_alone_where_it_is_the_run_s_own()
    {
        using var folder = new TempFolder();
        foreach (var step in (long[])[4, 8, 12]) Directory.CreateDirectory(CheckpointFolders.PathOf(folder.Path, step));
        CheckpointFolders.KeepBest(folder.Path, "/another/run/checkpoint-8");
        Assert.Equal(3, CheckpointFolders.All(folder.Path).Count);
        CheckpointFolders.KeepBest(folder.Path, CheckpointFolders.PathOf(folder.Path, 8));
        Assert.Equal([8], CheckpointFolders.All(folder.Path).Select(entry => entry.Step));
    }
}
