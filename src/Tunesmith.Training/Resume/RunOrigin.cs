using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tunesmith.Data;

namespace Tunesmith.Training.Resume;

/// <summary>
/// What the bits of a run depend on beside its recipe: the examples as the model sees them, the weights below what is trained, and what the machine computes
/// with. Every checkpoint keeps it, so that a run which goes on with others is not taken for the same run, and one that goes on with other arithmetic is told.
/// </summary>
/// <param name="Train">Number and hash of the training examples.</param>
/// <param name="Eval">Number and hash of the evaluation examples.</param>
/// <param name="Base">Fingerprint of the weights that training leaves as they are; empty where it changes all.</param>
/// <param name="Machine">The facts about the machine that decide how sums are rounded, by their names in environment.json.</param>
public sealed record RunOrigin(string Train, string Eval, string Base, IReadOnlyDictionary<string, string> Machine)
{
    // Another processor may have other caches, by which OpenBLAS cuts its blocks.
    private static readonly string[] s_decisive = ["tunesmith", "cpu", "libtorch", "blas", "threads", "cpu_capability", "kernel_level", "bf16_products"];

    /// <summary>The origin of a run that starts here.</summary>
    /// <param name="train">In stored order.</param>
    /// <param name="eval">All evaluation sets one after the other.</param>
    /// <param name="below">Fingerprint of the weights that stay as they are.</param>
    /// <param name="facts">What environment.json says of this machine.</param>
    public static RunOrigin Of(IReadOnlyList<TokenizedExample> train, IReadOnlyList<TokenizedExample>? eval, string below, IReadOnlyDictionary<string, object?> facts) => new(
        Fingerprint(train),
        Fingerprint(eval ?? []),
        below,
        s_decisive.Where(name => facts.GetValueOrDefault(name) is not null).ToDictionary(name => name, name => Convert.ToString(facts[name], CultureInfo.InvariantCulture)!, StringComparer.Ordinal));

    /// <summary>
    /// Compares with what a checkpoint keeps. Other examples or base weights are an error where the run is to go on as if it had never stopped, and a warning where the checkpoint was
    /// `named`; other arithmetic is a warning.
    /// </summary>
    public void Check(string checkpoint, bool named, Action<string> warn)
    {
        var earlier = CheckpointState.ReadProgress(checkpoint);
        foreach (var (what, then, now) in (ReadOnlySpan<(string, string, string)>)[("training examples", earlier.TrainExamples, Train), ("evaluation examples", earlier.EvalExamples, Eval), ("base weights", earlier.BaseWeights, Base)])
        {
            if (then.Length == 0 || then == now) continue; // a checkpoint of an older version does not say
            if (!named) throw Errors.OtherOrigin(what, checkpoint, then, now);
            warn($"{checkpoint} was made with other {what} ({then}) than these ({now}): the run goes on with these");
        }
        var changes = Machine.Select(fact => (fact.Key, fact.Value, Others: earlier.Machines.Select(machine => machine.GetValueOrDefault(fact.Key, fact.Value)).Where(value => value != fact.Value).Distinct().ToList()))
            .Where(change => change.Others.Count > 0)
            .Select(change => $"{change.Key.Replace('_', ' ')} {string.Join(" and ", change.Others)} before, {change.Value} now").ToList();
        if (changes.Count > 0) warn($"other arithmetic than before ({string.Join("; ", changes)}): the weights will differ in their last bits from those of a run that was never stopped");
    }

    /// <summary>Notes this origin in what the next checkpoints keep, beside those of earlier parts of the run.</summary>
    internal void NoteIn(Progress progress)
    {
        (progress.TrainExamples, progress.EvalExamples, progress.BaseWeights) = (Train, Eval, Base);
        if (!progress.Machines.Any(machine => machine.Count == Machine.Count && machine.All(fact => Machine.GetValueOrDefault(fact.Key) == fact.Value)))
            progress.Machines.Add(new Dictionary<string, string>(Machine));
    }

    private static string Fingerprint(IReadOnlyList<TokenizedExample> examples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var example in examples)
        {
            Add<int>(hash, example.InputIds);
            Add<int>(hash, example.Labels);
            Add<int>(hash, example.TokenTypeIds);
            Add<int>(hash, example.PositionIds);
            Add<int>(hash, example.SequenceIds);
            Add<float>(hash, example.Targets);
        }
        return string.Create(CultureInfo.InvariantCulture, $"{examples.Count:N0}, sha256 {Convert.ToHexStringLower(hash.GetHashAndReset())[..16]}");
    }

    // With its length, so that what ends one list cannot begin the next.
    private static void Add<T>(IncrementalHash hash, T[]? values) where T : struct
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, values?.Length ?? -1);
        hash.AppendData(length);
        if (values is not null) hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
    }
}
