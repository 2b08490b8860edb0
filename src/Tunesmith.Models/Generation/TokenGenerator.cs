using Tunesmith.Torch;

namespace Tunesmith.Models.Generation;

/// <summary>One finished row: the new tokens without padding, and whether an end token stopped it.</summary>
public sealed record GeneratedTokens(IReadOnlyList<int> Ids, bool Stopped)
{
    /// <summary>The end token that stopped it.</summary>
    public int? EndId { get; init; }
}

/// <summary>Continues token sequences: greedy, sampled or by beam search, several rows at once, with or without a cache.</summary>
public sealed class TokenGenerator(CausalModel model, GenerationOptions options, IReadOnlyCollection<int> endIds, int padId)
{
    /// <summary>Rows are padded to a multiple of this.</summary>
    public int PadToMultipleOf { get; init; } = 1;

    /// <summary>Ends every row where it is, in the midst of a beam search with the best that it has; unlike the cancellation of a run, which gives nothing.</summary>
    public CancellationToken Stop { get; init; }

    /// <param name="prompts">Rows of any length; shorter ones are padded on the left.</param>
    /// <param name="generator">Drawn from when sampling.</param>
    /// <param name="onToken">Told each new token of an unfinished row; false stops that row.</param>
    /// <param name="cancellation">Checked before every token.</param>
    public IReadOnlyList<GeneratedTokens> Run(IReadOnlyList<IReadOnlyList<int>> prompts, Generator generator, Func<int, int, bool>? onToken = null, CancellationToken cancellation = default)
    {
        Check(prompts);
        int width = prompts.Max(prompt => prompt.Count);
        width = (width + PadToMultipleOf - 1) / PadToMultipleOf * PadToMultipleOf;
        int limit = options.NewTokensFor(width);
        if (model.Config.HasPositionTable)
        {
            limit = (int)Math.Min(limit, Math.Max(model.Config.MaxLength - width, 0));
        }

        var rows = prompts.Select(prompt => new Row(prompt, width, padId)).ToList();
        bool wasTraining = model.Training;
        model.Eval();
        using var guard = Autograd.NoGrad();
        using KvCache? cache = options.UseKvCache ? new KvCache(model.Config.LayerCount) : null;
        var forward = new RowForward(model, cache);
        int[] paddings = [.. rows.Select(row => row.Padding)];
        if (options.NumBeams > 1)
        {
            Search(rows, paddings, forward, cache, limit, generator, onToken, cancellation);
        }
        else
        {
            for (int step = 0; step < limit && !Stop.IsCancellationRequested && rows.Exists(row => !row.Done); step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = Scope.Open();
                Choose(forward.Last([.. rows.Select(row => row.Ids)], paddings), rows, step, generator, onToken);
            }
        }

        if (wasTraining)
        {
            model.Train();
        }

        return rows.Select(row => new GeneratedTokens(row.New, row.Stopped) { EndId = row.EndId }).ToList();
    }

    // The tokens of a row are known when its search ends.
    private void Search(List<Row> rows, int[] paddings, RowForward forward, KvCache? cache, int limit, Generator generator, Func<int, int, bool>? onToken, CancellationToken cancellation)
    {
        if (limit <= 0)
        {
            return;
        }

        var search = new BeamSearch([.. rows.Select(row => row.Ids)], options, endIds, limit);
        int[] spread = [.. paddings.SelectMany(padding => Enumerable.Repeat(padding, options.NumBeams))];
        long[]? origins = null;
        while (search.Goes && !Stop.IsCancellationRequested)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = Scope.Open();
            if (origins is not null)
            {
                cache?.Reorder(origins);
            }

            origins = search.Advance(forward.Last(search.Running, spread), generator);
        }

        foreach (var (answer, row) in search.Best.Select((answer, row) => (answer, row)))
        {
            foreach (int id in answer)
            {
                bool end = endIds.Contains(id);
                rows[row].Add(id, end);
                if (onToken is not null && !end && !onToken(row, id))
                {
                    break;
                }
            }
        }
    }

    private void Check(IReadOnlyList<IReadOnlyList<int>> prompts)
    {
        if (prompts.Count == 0 || prompts.Any(prompt => prompt.Count == 0))
        {
            throw Errors.EmptyPrompt();
        }

        foreach (int id in prompts.SelectMany(prompt => prompt))
        {
            if ((uint)id >= (uint)model.Config.VocabSize)
            {
                throw Errors.TokenOutside(id, model.Config.VocabSize);
            }
        }
    }

    private void Choose(Tensor logits, List<Row> rows, int step, Generator generator, Func<int, int, bool>? onToken)
    {
        int vocabulary = (int)logits.Size(1);
        float[] values = logits.ToFloats();
        for (int r = 0; r < rows.Count; r++)
        {
            Span<float> row = values.AsSpan(r * vocabulary, vocabulary);
            LogitsFilter.Process(row, rows[r].Seen, options, step, endIds);
            if (options.Samples)
            {
                LogitsFilter.Shape(row, options);
            }
        }

        // All rows are drawn together, finished ones too, so that the draws are those of the reference.
        long[]? drawn = options.Samples ? Tensor.From(values, rows.Count, vocabulary).Multinomial(1, generator).ToLongs() : null;
        for (int r = 0; r < rows.Count; r++)
        {
            Row row = rows[r];
            if (row.Done)
            {
                row.Ids.Add(padId);
                continue;
            }

            int id = drawn is null ? LogitsFilter.ArgMax(values.AsSpan(r * vocabulary, vocabulary)) : (int)drawn[r];
            row.Ids.Add(id);
            row.Add(id, endIds.Contains(id));
            if (onToken is not null && !row.Stopped && !onToken(r, id))
            {
                row.Done = true;
            }
        }
    }

    /// <summary>One row with its padding on the left.</summary>
    private sealed class Row
    {
        private readonly List<int> _seen;

        public Row(IReadOnlyList<int> prompt, int width, int padId)
        {
            Padding = width - prompt.Count;
            Ids = [.. Enumerable.Repeat(padId, Padding), .. prompt];
            _seen = [.. Ids];
        }

        public int Padding { get; }

        public List<int> Ids { get; }

        public List<int> New { get; } = [];

        public bool Stopped { get; private set; }

        public int? EndId { get; private set; }

        public bool Done { get; set; }

        /// <summary>What the repetition penalty looks at: the row as the reference has it, padding included.</summary>
        public ReadOnlySpan<int> Seen => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_seen);

        public void Add(int id, bool end)
        {
            _seen.Add(id);
            Stopped = end;
            Done |= end;
            if (end)
            {
                EndId = id;
            }
            else
            {
                New.Add(id);
            }
        }
    }
}
