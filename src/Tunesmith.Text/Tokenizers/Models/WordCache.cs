using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>
/// The ids of words seen before, for one thread. Bounded: when it is full it starts anew, so its size never depends on the text.
/// </summary>
internal sealed class WordCache
{
    private const int LongestWord = 64;
    private const int MostEntries = 1 << 16;
    private const int MostChars = 1 << 20;
    private const int MostIds = 1 << 19;

    private Entry[] _entries = new Entry[1 << 10];
    private char[] _chars = new char[1 << 12];
    private int[] _ids = new int[1 << 11];
    private int _count;
    private int _charCount;
    private int _idCount;

    private struct Entry
    {
        public ulong Hash;
        public int Chars;
        public int Ids;
        public ushort CharCount;
        public ushort IdCount;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        if (word.Length <= LongestWord)
        {
            ulong hash = Hash(word);
            var entries = _entries;
            for (uint slot = (uint)hash & (uint)(entries.Length - 1); ; slot = (slot + 1) & (uint)(entries.Length - 1))
            {
                ref var entry = ref entries[slot];
                if (entry.Hash == 0) break;
                if (entry.Hash != hash || entry.CharCount != word.Length) continue;
                if (!word.SequenceEqual(_chars.AsSpan(entry.Chars, entry.CharCount))) continue;
                ids = _ids.AsSpan(entry.Ids, entry.IdCount);
                return true;
            }
        }

        ids = default;
        return false;
    }

    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        if (word.Length > LongestWord || ids.Length > ushort.MaxValue) return;
        if (_count * 2 >= _entries.Length) Grow();
        if (_charCount + word.Length > MostChars || _idCount + ids.Length > MostIds) Forget();
        if (_charCount + word.Length > _chars.Length) Array.Resize(ref _chars, _chars.Length * 2);
        while (_idCount + ids.Length > _ids.Length) Array.Resize(ref _ids, _ids.Length * 2);
        word.CopyTo(_chars.AsSpan(_charCount));
        ids.CopyTo(_ids.AsSpan(_idCount));
        Place(new Entry { Hash = Hash(word), Chars = _charCount, CharCount = (ushort)word.Length, Ids = _idCount, IdCount = (ushort)ids.Length });
        _charCount += word.Length;
        _idCount += ids.Length;
        _count++;
    }

    /// <summary>Drops everything; called when the vocabulary changes and when the cache is full.</summary>
    public void Forget()
    {
        Array.Clear(_entries);
        _count = _charCount = _idCount = 0;
    }

    private void Place(Entry entry)
    {
        uint mask = (uint)(_entries.Length - 1);
        uint slot = (uint)entry.Hash & mask;
        while (_entries[slot].Hash != 0) slot = (slot + 1) & mask;
        _entries[slot] = entry;
    }

    private void Grow()
    {
        if (_count >= MostEntries)
        {
            Forget();
            return;
        }

        var old = _entries;
        _entries = new Entry[old.Length * 2];
        foreach (var entry in old)
        {
            if (entry.Hash != 0) Place(entry);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hash(ReadOnlySpan<char> word)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        ref byte start = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(word));
        int bytes = word.Length * 2;
        ulong hash = (ulong)bytes * Multiplier;
        int i = 0;
        for (; i + 8 <= bytes; i += 8)
        {
            hash = BitOperations.RotateLeft(hash ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref start, i)), 29) * Multiplier;
        }

        ulong rest = 0;
        if ((bytes & 4) != 0)
        {
            rest = Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref start, i));
            i += 4;
        }

        if ((bytes & 2) != 0) rest = (rest << 16) | Unsafe.ReadUnaligned<ushort>(ref Unsafe.AddByteOffset(ref start, i));
        hash = (hash ^ rest) * Multiplier;
        hash ^= hash >> 32;
        return hash | 1UL << 63;
    }
}
