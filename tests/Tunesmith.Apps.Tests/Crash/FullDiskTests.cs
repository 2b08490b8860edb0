namespace Tunesmith.Tests.Crash;

/// <summary>A disk that is full: one error, nothing half-written, nothing lost, and the same command goes on when there is room.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class FullDiskTests : IDisposable
{
    private readonly ToyRun _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void Full_at_a_few_moments_of_a_run_it_goes_on_with_room() => Fill(points: 1, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public void Full_at_forty_moments_of_a_run_it_goes_on_with_room() => Fill(points: 40, seed: 2);

    private void Fill(int points, int seed)
    {
        string log = Path.Combine(_toy.Home, "changes.log");
        Assert.Equal(0, FaultyProcess.Start(_toy.Output, _toy.Command, log).End().Code);
        var straight = _toy.Result();
        // Only what needs room can fail for want of it: the moments are spread over these calls, the last ones (the final save) always among them.
        long[] needing = [.. File.ReadLines(log).Select(line => line.Split(' ')).Where(words => words[1] is "create" or "write" or "pwrite" or "mkdir").Select(words => long.Parse(words[0]))];
        var chance = new Random(seed);
        for (int point = 0; point < points; point++)
        {
            _toy.Clear();
            long at = needing[point == 0 ? needing.Length - 5 : chance.Next(needing.Length)];
            var full = FaultyProcess.Start(_toy.Output, _toy.Command, at: at, kind: "full").End();
            Assert.True(full.Code == 1, $"full at change {at}: exit code {full.Code}\n{full.Error}");
            string error = Assert.Single(full.Error.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
            Assert.True(error.Contains("the disk is full", StringComparison.Ordinal), $"full at change {at}: {error}");
            if (Directory.Exists(_toy.Output))
                Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_toy.Output, "*.part", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }), _ => true);
            string[] checkpoints = _toy.Checkpoints();
            var again = FaultyProcess.Start(_toy.Output, _toy.Command).End();
            Assert.True(again.Code == 0, $"full at change {at}, then room: {again.Error}");
            if (checkpoints.Length > 0 && !again.Error.Contains("finished", StringComparison.Ordinal)) Assert.Contains($"Goes on from {checkpoints[^1]}.", again.Error);
            var result = _toy.Result();
            foreach (string file in straight.Keys) Assert.True(straight[file] == result.GetValueOrDefault(file), $"full at change {at}: {file} differs");
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void An_export_onto_a_full_disk_leaves_nothing_and_works_with_room()
    {
        Assert.Equal(0, FaultyProcess.Start(_toy.Output, _toy.Command).End().Code);
        string target = Path.Combine(_toy.Home, "exported");
        string[] command = ["export", _toy.Output, $"export_dir={target}"];
        string log = Path.Combine(_toy.Home, "changes.log");
        string hidden = Path.Combine(_toy.Home, ".exported");
        var full = FaultyProcess.Start(hidden, command, log, at: 6, kind: "full").End();
        Assert.Equal(1, full.Code);
        Assert.Contains("the disk is full", full.Error);
        Assert.False(Directory.Exists(target));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_toy.Home, ".exported*"), _ => true);
        var again = FaultyProcess.Start(hidden, command).End();
        Assert.True(again.Code == 0, again.Error);
        Assert.True(File.Exists(Path.Combine(target, "model.safetensors")));
    }

    [Theory]
    [InlineData("version")]
    [InlineData("list")]
    [InlineData("help keys")]
    [InlineData("check recipes/shakespeare_lora.yaml")]
    public void Results_that_cannot_be_written_are_one_error(string command)
    {
        var run = Script.Run($"dotnet {AppContext.BaseDirectory}/tunesmith.dll {command} > /dev/full");
        Assert.Equal(1, run.Code);
        string error = Assert.Single(run.Error.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
        Assert.Contains("standard output: got 'No space left on device", error);
    }

    [Fact]
    public void Talk_that_cannot_be_written_ends_no_run()
    {
        var run = Script.Run($"dotnet {AppContext.BaseDirectory}/tunesmith.dll train {_toy.Recipe} num_train_epochs=1 2> /dev/full");
        Assert.Equal(0, run.Code);
        Assert.Contains("The model is in", run.Out);
    }

    // Several times: a signal that is answered late ends the program only now and then.
    [Fact]
    [Trait("Category", "Slow")]
    public void A_limit_on_the_size_of_files_is_told_too()
    {
        for (int time = 0; time < 5; time++)
        {
            _toy.Clear();
            // What the launcher sets under such a limit; without it .NET does not start.
            var run = Script.Run($"ulimit -f 16; DOTNET_EnableWriteXorExecute=0 OMP_NUM_THREADS=1 dotnet {AppContext.BaseDirectory}/tunesmith.dll train {_toy.Recipe}");
            Assert.True(run.Code == 1, $"exit code {run.Code}\n{run.Error}");
            Assert.Contains("the size that files may have here", Assert.Single(run.Error.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Results_past_a_limit_on_the_size_of_files_are_one_error()
    {
        var run = Script.Run($"ulimit -f 1; DOTNET_EnableWriteXorExecute=0 dotnet {AppContext.BaseDirectory}/tunesmith.dll help keys > {_toy.Home}/keys");
        Assert.Equal((1, "error: standard output: got 'File too large' when writing; expected room for the results. Free some space or write elsewhere.\n"), (run.Code, run.Error));
    }

    // Nothing can be written, not even what went wrong: what is left is the exit code.
    [Fact]
    public void Without_any_room_for_results_or_talk_the_program_still_ends_by_itself()
    {
        var run = Script.Run($"ulimit -f 0; DOTNET_EnableWriteXorExecute=0 dotnet {AppContext.BaseDirectory}/tunesmith.dll help keys > {_toy.Home}/keys 2> {_toy.Home}/talk");
        Assert.Equal(1, run.Code);
    }

    [Fact]
    public void The_launcher_starts_the_program_under_a_limit_on_the_size_of_files()
    {
        string app = Path.Combine(_toy.Home, "artifacts", "app", "tunesmith");
        foreach (string folder in new[] { "src", "native", "scripts", "artifacts/app", "artifacts/native" }) Directory.CreateDirectory(Path.Combine(_toy.Home, folder));
        foreach (string file in new[] { "tunesmith", "scripts/fresh.sh", "scripts/environment.sh" }) File.Copy(Path.Combine(Repo.Root, file), Path.Combine(_toy.Home, file));
        foreach (string file in new[] { "Directory.Build.props", "Directory.Packages.props", "artifacts/native/libtunesmith.so" }) File.WriteAllText(Path.Combine(_toy.Home, file), "");
        File.WriteAllText(app, $"#!/bin/sh\nexec dotnet {AppContext.BaseDirectory}/tunesmith.dll \"$@\"\n");
        File.SetUnixFileMode(app, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(_toy.Home, "artifacts", "ready"), "/\n\n");
        var run = Script.Run($"ulimit -f 16; {_toy.Home}/tunesmith version");
        Assert.Equal((0, ""), (run.Code, run.Error));
    }
}
