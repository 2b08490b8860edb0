namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>The symbols of one piece while byte-pair merges are applied to it: lowest rank first, leftmost among equals.</summary>
internal sealed class BpeWord
{
    private const int Short = 48;

    private int[] _ids = new int[64];
    private int[] _starts = new int[64];
    private int[] _ends = new int[64];
    private int[] _next = new int[64];
    private int[] _previous = new int[64];
    private ulong[] _merges = new ulong[64];
    private ulong[] _heap = new ulong[64];
    private int _heapCount;

    public int Count { get; private set; }

    public void Clear() => Count = 0;

    public void Add(int id, int start, int end)
    {
        if (Count == _ids.Length) Grow();
        (_ids[Count], _starts[Count], _ends[Count]) = (id, start, end);
        Count++;
    }

    public void Merge(PairTable table)
    {
        if (Count < 2) return;
        if (Count <= Short) MergeShort(table);
        else MergeLong(table);
    }

    public void CopyTo(TokenBuffer output)
    {
        for (int i = 0; i < Count; i++) output.Add(_ids[i], _starts[i], _ends[i]);
    }

    /// <summary>Looks through all pairs each time: no bookkeeping, and the fastest for words.</summary>
    private void MergeShort(PairTable table)
    {
        var merges = _merges;
        var ids = _ids;
        int count = Count;
        for (int i = 0; i + 1 < count; i++) merges[i] = table.Get(ids[i], ids[i + 1]);
        while (count > 1)
        {
            ulong best = ulong.MaxValue;
            int at = -1;
            for (int i = 0; i < count - 1; i++)
            {
                // Ranks decide; the id below a rank is the same wherever the rank is.
                if (merges[i] < best)
                {
                    best = merges[i];
                    at = i;
                }
            }

            if (at < 0) break;
            ids[at] = (int)(uint)best;
            _ends[at] = _ends[at + 1];
            int tail = count - at - 2;
            if (tail > 0)
            {
                Array.Copy(ids, at + 2, ids, at + 1, tail);
                Array.Copy(_starts, at + 2, _starts, at + 1, tail);
                Array.Copy(_ends, at + 2, _ends, at + 1, tail);
                Array.Copy(merges, at + 2, merges, at + 1, tail);
            }

            count--;
            if (at > 0) merges[at - 1] = table.Get(ids[at - 1], ids[at]);
            if (at + 1 < count) merges[at] = table.Get(ids[at], ids[at + 1]);
        }

        Count = count;
    }

    /// <summary>A heap of (rank, position): pieces may be whole texts where nothing cuts them.</summary>
    private void MergeLong(PairTable table)
    {
        int count = Count;
        _heapCount = 0;
        for (int i = 0; i < count; i++)
        {
            _previous[i] = i - 1;
            _next[i] = i + 1;
            _merges[i] = i + 1 < count ? table.Get(_ids[i], _ids[i + 1]) : ulong.MaxValue;
            if (_merges[i] != ulong.MaxValue) Push(_merges[i] >> 32 << 32 | (uint)i);
        }

        while (_heapCount > 0)
        {
            ulong top = Pop();
            int at = (int)(uint)top;
            // An entry whose pair has changed since is stale.
            if (_merges[at] == ulong.MaxValue || _merges[at] >> 32 != top >> 32) continue;
            int right = _next[at];
            _ids[at] = (int)(uint)_merges[at];
            _ends[at] = _ends[right];
            _next[at] = _next[right];
            _merges[right] = ulong.MaxValue;
            if (_next[at] < count) _previous[_next[at]] = at;
            Renew(table, at, count);
            if (_previous[at] >= 0) Renew(table, _previous[at], count);
        }

        int kept = 0;
        for (int i = 0; i < count; i = _next[i], kept++)
        {
            (_ids[kept], _starts[kept], _ends[kept]) = (_ids[i], _starts[i], _ends[i]);
        }

        Count = kept;
    }

    private void Renew(PairTable table, int at, int count)
    {
        _merges[at] = _next[at] < count ? table.Get(_ids[at], _ids[_next[at]]) : ulong.MaxValue;
        if (_merges[at] != ulong.MaxValue) Push(_merges[at] >> 32 << 32 | (uint)at);
    }

    private void Push(ulong entry)
    {
        if (_heapCount == _heap.Length) Array.Resize(ref _heap, _heap.Length * 2);
        int at = _heapCount++;
        while (at > 0 && _heap[(at - 1) / 2] > entry)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = entry;
    }

    private ulong Pop()
    {
        ulong top = _heap[0];
        ulong entry = _heap[--_heapCount];
        int at = 0;
        while (true)
        {
            int child = at * 2 + 1;
            if (child >= _heapCount) break;
            if (child + 1 < _heapCount && _heap[child + 1] < _heap[child]) child++;
            if (_heap[child] >= entry) break;
            _heap[at] = _heap[child];
            at = child;
        }

        if (_heapCount > 0) _heap[at] = entry;
        return top;
    }

    private void Grow()
    {
        int size = _ids.Length * 2;
        Array.Resize(ref _ids, size);
        Array.Resize(ref _starts, size);
        Array.Resize(ref _ends, size);
        Array.Resize(ref _next, size);
        Array.Resize(ref _previous, size);
        Array.Resize(ref _merges, size);
    }
}
