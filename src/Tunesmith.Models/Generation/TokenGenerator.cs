using Tunesmith.Torch;

namespace Tunesmith.Models.Generation;

/// <summary>One finished row: the new tokens without padding, and whether an end token stopped it.</summary>
public sealed record GeneratedTokens(IReadOnlyList<int> Ids, bool Stopped);

/// <summary>Continues token sequences: greedy or sampled, several rows at once, with or without a cache.</summary>
public sealed class TokenGenerator(CausalModel model, GenerationOptions options, IReadOnlyCollection<int> endIds, int padId)
{
    /// <param name="prompts">Rows of any length; shorter ones are padded on the left.</param>
    /// <param name="generator">Drawn from when sampling.</param>
    /// <param name="onToken">Told each new token of an unfinished row; false stops that row.</param>
    /// <param name="cancellation">Checked before every token.</param>
    public IReadOnlyList<GeneratedTokens> Run(IReadOnlyList<IReadOnlyList<int>> prompts, Generator generator, Func<int, int, bool>? onToken = null, CancellationToken cancellation = default)
    {
        Check(prompts);
        int width = prompts.Max(prompt => prompt.Count);
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
        for (int step = 0; step < limit && rows.Exists(row => !row.Done); step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = Scope.Open();
            Tensor logits = LastLogits(rows, cache); // [B, V]
            Choose(logits, rows, step, generator, onToken);
        }

        if (wasTraining)
        {
            model.Train();
        }

        return rows.Select(row => new GeneratedTokens(row.New, row.Stopped)).ToList();
    }

    private void Check(IReadOnlyList<IReadOnlyList<int>> prompts)
    {
        if (options.NumBeams != 1)
        {
            throw Errors.BeamSearch(options.NumBeams);
        }

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

    private Tensor LastLogits(List<Row> rows, KvCache? cache)
    {
        int total = rows[0].Ids.Count;
        int first = cache is null ? 0 : (int)cache.Length;
        int columns = total - first;
        var ids = new long[rows.Count * columns];
        var positions = new long[rows.Count * columns];
        var mask = new long[rows.Count * total];
        for (int r = 0; r < rows.Count; r++)
        {
            Row row = rows[r];
            for (int t = 0; t < total; t++)
            {
                mask[(r * total) + t] = t >= row.Padding ? 1 : 0;
                if (t >= first)
                {
                    ids[(r * columns) + t - first] = row.Ids[t];
                    positions[(r * columns) + t - first] = Math.Max(t - row.Padding, 0);
                }
            }
        }

        bool padded = rows.Exists(row => row.Padding > 0);
        var input = new ModelInput
        {
            InputIds = Tensor.From(ids, rows.Count, columns),
            PositionIds = padded ? Tensor.From(positions, rows.Count, columns) : null,
            AttentionMask = padded ? Tensor.From(mask, rows.Count, total) : null,
            Cache = cache,
        };
        Tensor hidden = model.Hidden(input); // [B, T, C]
        return model.Head(hidden.Narrow(1, columns - 1, 1)).Squeeze(1).To(DType.Float32); // [B, V]
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

        public bool Done { get; set; }

        /// <summary>What the repetition penalty looks at: the row as the reference has it, padding included.</summary>
        public ReadOnlySpan<int> Seen => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_seen);

        public void Add(int id, bool end)
        {
            _seen.Add(id);
            Stopped = end;
            Done |= end;
            if (!end)
            {
                New.Add(id);
            }
        }
    }
}
