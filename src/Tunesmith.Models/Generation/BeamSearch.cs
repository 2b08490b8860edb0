using Tunesmith.Torch;

namespace Tunesmith.Models.Generation;

/// <summary>
/// Keeps the most probable beginnings of every row and continues them together (transformers' generation/utils.py, _beam_search): log-probabilities first, then the
/// filters, without renormalising; a finished answer counts its sum divided by its length to the power of length_penalty.
/// </summary>
internal sealed class BeamSearch
{
    // What the reference adds to a score to take it out of a choice.
    private const float Out = -1e9f;

    private readonly GenerationOptions _options;
    private readonly IReadOnlyCollection<int> _endIds;
    private readonly int _limit;
    private readonly Row[] _rows;
    private readonly int _beams;
    private readonly int _kept;
    private int _made;

    /// <param name="prompts">Rows with their padding, all of one length.</param>
    /// <param name="limit">The most new tokens.</param>
    public BeamSearch(IReadOnlyList<List<int>> prompts, GenerationOptions options, IReadOnlyCollection<int> endIds, int limit)
    {
        (_options, _endIds, _limit, _beams) = (options, endIds, limit, options.NumBeams);
        _kept = Math.Max(2, 1 + endIds.Count) * _beams;
        _rows = [.. prompts.Select(prompt => new Row(prompt, _beams))];
    }

    /// <summary>Whether some row may still become better.</summary>
    public bool Goes { get; private set; } = true;

    /// <summary>The beginnings that are continued now, row by row.</summary>
    public IReadOnlyList<List<int>> Running => [.. _rows.SelectMany(row => row.Running.Select(beam => beam.Ids))];

    /// <summary>The best answer of each row: new tokens with the one that ended it; of a search that was left before any had ended, the best beginning.</summary>
    public IReadOnlyList<int[]> Best => [.. _rows.Select(row => (row.Finished[0].Done ? row.Finished[0] : row.Running[0]).Ids.Skip(row.Width).ToArray())];

    /// <summary>Takes one step.</summary>
    /// <param name="logits">float32 [B·beams, V].</param>
    /// <param name="generator">Drawn from when sampling.</param>
    /// <returns>For each beginning that goes on, which of the rows of <paramref name="logits"/> it continues.</returns>
    public long[] Advance(Tensor logits, Generator generator)
    {
        int vocabulary = (int)logits.Size(1);
        float[] scores = logits.LogSoftmax(-1).ToFloats();
        for (int row = 0; row < _rows.Length; row++)
        {
            for (int beam = 0; beam < _beams; beam++)
            {
                Beam running = _rows[row].Running[beam];
                Span<float> line = scores.AsSpan(((row * _beams) + beam) * vocabulary, vocabulary);
                LogitsFilter.Process(line, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(running.Ids), _options, _made, _endIds);
                if (_options.Samples)
                {
                    LogitsFilter.Warp(line, _options, 1 + _endIds.Count);
                }

                for (int id = 0; id < vocabulary; id++)
                {
                    line[id] += running.Score;
                }
            }
        }

        int count = _beams * vocabulary;
        int kept = Math.Min(_kept, count);
        long[]? drawn = _options.Samples ? Tensor.From(scores, _rows.Length, count).Softmax(-1).Multinomial(kept, generator).ToLongs() : null;
        var origins = new long[_rows.Length * _beams];
        bool over = true;
        for (int row = 0; row < _rows.Length; row++)
        {
            float[] mine = scores[(row * count)..((row + 1) * count)];
            IEnumerable<int> chosen = drawn is null ? Largest(mine, kept) : drawn.Skip(row * kept).Take(kept).Select(index => (int)index);
            List<Candidate> candidates = [.. chosen.Select(index => Continue(_rows[row], index, vocabulary, mine[index]))];
            over &= candidates.TrueForAll(candidate => candidate.Stops);
            _rows[row].Take(candidates, _made + 1, _options);
            for (int beam = 0; beam < _beams; beam++)
            {
                origins[(row * _beams) + beam] = (row * _beams) + _rows[row].Origins[beam];
            }
        }

        _made++;
        bool improves = _rows.Any(row => row.Improves);
        bool full = _options.EarlyStopping == "true" && _rows.All(row => row.Full);
        Goes = improves && !full && !over;
        return origins;
    }

    private Candidate Continue(Row row, int index, int vocabulary, float score)
    {
        int origin = index / vocabulary, id = index % vocabulary;
        bool stops = _endIds.Contains(id) || _made + 1 >= _limit;
        return new Candidate(origin, [.. row.Running[origin].Ids, id], score, stops);
    }

    // Indices of the largest values, largest first; of equal ones the first.
    private static IEnumerable<int> Largest(float[] values, int count)
    {
        var queue = new PriorityQueue<int, (float, int)>(count + 1);
        for (int i = 0; i < values.Length; i++)
        {
            if (queue.Count < count)
            {
                queue.Enqueue(i, (values[i], -i));
            }
            else if (queue.TryPeek(out _, out (float Score, int Place) least) && values[i] > least.Score)
            {
                queue.EnqueueDequeue(i, (values[i], -i));
            }
        }

        var order = new int[queue.Count];
        for (int i = order.Length - 1; i >= 0; i--)
        {
            order[i] = queue.Dequeue();
        }

        return order;
    }

    private sealed record Beam(List<int> Ids, float Score, bool Done = false);

    private sealed record Candidate(int Origin, List<int> Ids, float Score, bool Stops);

    /// <summary>One prompt: what is continued, and the best that is finished.</summary>
    private sealed class Row
    {
        public Row(List<int> prompt, int beams)
        {
            Width = prompt.Count;
            Running = [.. Enumerable.Range(0, beams).Select(beam => new Beam(prompt, beam == 0 ? 0 : Out))];
            Finished = [.. Enumerable.Range(0, beams).Select(_ => new Beam(prompt, Out))];
            Origins = new int[beams];
        }

        public int Width { get; }

        public IReadOnlyList<Beam> Running { get; private set; }

        public IReadOnlyList<Beam> Finished { get; private set; }

        public int[] Origins { get; private set; }

        /// <summary>Whether what is continued may still beat what is finished.</summary>
        public bool Improves { get; private set; } = true;

        public bool Full => Finished.All(beam => beam.Done);

        public void Take(List<Candidate> candidates, int length, GenerationOptions options)
        {
            int beams = Running.Count;
            float divisor = (float)Math.Pow(length, options.LengthPenalty);
            bool closed = options.EarlyStopping == "true" && Full;
            var next = candidates.Select(candidate => (candidate.Origin, Beam: new Beam(candidate.Ids, candidate.Stops ? candidate.Score + Out : candidate.Score)))
                .OrderByDescending(entry => entry.Beam.Score).Take(beams).ToList();
            var ended = candidates.Select((candidate, place) =>
            {
                bool ends = candidate.Stops && place < beams;
                float score = candidate.Score / divisor;
                score += closed ? Out : 0;
                score += Improves ? 0 : Out;
                score += ends ? 0 : Out;
                return new Beam(candidate.Ids, score, ends);
            });
            Finished = [.. Finished.Concat(ended).OrderByDescending(beam => beam.Score).Take(beams)];
            Running = [.. next.Select(entry => entry.Beam)];
            Origins = [.. next.Select(entry => entry.Origin)];
            // The length that the best continuation is thought to end with.
            double hoped = options.EarlyStopping == "never" && options.LengthPenalty > 0 ? options.NewTokensFor(Width) : length;
            float best = Running[0].Score / (float)Math.Pow(hoped, options.LengthPenalty);
            float worst = Finished.Min(beam => beam.Score);
            Improves &= Finished.Any(beam => best > (beam.Done ? worst : Out));
        }
    }
}
