using System.Runtime.CompilerServices;

namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>Merges of byte-pair encoding: a pair of ids gives its rank and the id of what they become.</summary>
internal sealed class PairTable
{
    private readonly ulong[] _pairs;
    private readonly ulong[] _results;
    private readonly int _mask;

    public PairTable(int count)
    {
        int size = 16;
        while (size < (long)count * 2 + 2) size *= 2;
        _pairs = new ulong[size];
        _results = new ulong[size];
        _mask = size - 1;
    }

    /// <summary>The last entry of a pair counts, as in the reference.</summary>
    public void Set(int left, int right, int rank, int id)
    {
        ulong key = Key(left, right);
        int slot = Slot(key);
        while (_pairs[slot] != 0 && _pairs[slot] != key) slot = (slot + 1) & _mask;
        _pairs[slot] = key;
        _results[slot] = (ulong)(uint)rank << 32 | (uint)id;
    }

    /// <summary>Rank in the upper and id in the lower half; all bits where the pair does not merge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Get(int left, int right)
    {
        ulong key = Key(left, right);
        int slot = Slot(key);
        while (true)
        {
            ulong found = _pairs[slot];
            if (found == key) return _results[slot];
            if (found == 0) return ulong.MaxValue;
            slot = (slot + 1) & _mask;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32 | (uint)right) + 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Slot(ulong key)
    {
        key *= 0x9E3779B97F4A7C15;
        return (int)(key >> 32) & _mask;
    }
}
