namespace Tunesmith.Models.Generation;

/// <summary>
/// What changes a row of logits before a token is drawn, in the reference's order: repetition penalty, minimum length,
/// temperature, top k, top p, min p (transformers' generation/logits_process.py, computed in float32 as there).
/// </summary>
internal static class LogitsFilter
{
    /// <summary>The two that also act on greedy decoding.</summary>
    public static void Process(Span<float> logits, ReadOnlySpan<int> seen, GenerationOptions options, int generated, IReadOnlyCollection<int> endIds)
    {
        if (options.RepetitionPenalty != 1.0)
        {
            Repetition(logits, seen, (float)options.RepetitionPenalty);
        }

        if (generated < options.MinNewTokens)
        {
            foreach (int id in endIds)
            {
                if ((uint)id < (uint)logits.Length)
                {
                    logits[id] = float.NegativeInfinity;
                }
            }
        }
    }

    /// <summary>The ones that only shape the distribution a token is drawn from; leaves probabilities in place of logits.</summary>
    public static void Shape(Span<float> logits, GenerationOptions options)
    {
        Warp(logits, options, 1);
        Softmax(logits);
    }

    /// <summary>As <see cref="Shape"/>, but leaves logits. At least <paramref name="keep"/> tokens stay possible.</summary>
    public static void Warp(Span<float> logits, GenerationOptions options, int keep)
    {
        float temperature = (float)options.Temperature;
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] /= temperature;
        }

        int topK = Math.Max(options.TopK, keep);
        if (options.TopK > 0 && topK < logits.Length)
        {
            TopK(logits, topK);
        }

        if (options.TopP < 1.0)
        {
            TopP(logits, options.TopP, keep);
        }

        if (options.MinP > 0)
        {
            MinP(logits, options.MinP);
        }
    }

    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best] || float.IsNaN(logits[best]))
            {
                best = i;
            }
        }

        return best;
    }

    private static void Repetition(Span<float> logits, ReadOnlySpan<int> seen, float penalty)
    {
        var done = new HashSet<int>();
        foreach (int id in seen)
        {
            if ((uint)id < (uint)logits.Length && done.Add(id))
            {
                logits[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
            }
        }
    }

    private static void TopK(Span<float> logits, int k)
    {
        // The k largest so far, smallest on top; ties with the k-th stay in, as in the reference.
        var largest = new PriorityQueue<float, float>(k + 1);
        foreach (float value in logits)
        {
            if (largest.Count < k)
            {
                largest.Enqueue(value, value);
            }
            else if (value > largest.Peek())
            {
                largest.EnqueueDequeue(value, value);
            }
        }

        float limit = largest.Peek();
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = logits[i] < limit ? float.NegativeInfinity : logits[i];
        }
    }

    private static void TopP(Span<float> logits, double p, int keep)
    {
        var kept = new List<int>();
        for (int i = 0; i < logits.Length; i++)
        {
            if (!float.IsNegativeInfinity(logits[i]))
            {
                kept.Add(i);
            }
        }

        float[] values = new float[kept.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = logits[kept[i]];
        }

        int[] order = [.. kept];
        Array.Sort(values, order);
        float[] probabilities = [.. values];
        Softmax(probabilities);
        double sum = 0;
        for (int i = 0; i < order.Length - keep; i++)
        {
            sum += probabilities[i];
            if ((float)sum > (float)(1 - p))
            {
                break;
            }

            logits[order[i]] = float.NegativeInfinity;
        }
    }

    private static void MinP(Span<float> logits, double minP)
    {
        float[] probabilities = logits.ToArray();
        Softmax(probabilities);
        float limit = probabilities.Max() * (float)minP;
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = probabilities[i] < limit ? float.NegativeInfinity : logits[i];
        }
    }

    private static void Softmax(Span<float> logits)
    {
        float max = float.NegativeInfinity;
        foreach (float value in logits)
        {
            max = Math.Max(max, value);
        }

        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = MathF.Exp(logits[i] - max);
            sum += logits[i];
        }

        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = (float)(logits[i] / sum);
        }
    }
}
