using System.Text.Json.Nodes;

namespace Tunesmith.Models.Blocks;

/// <summary>
/// Angles per position of rotary embeddings: Su et al. 2021 (2104.09864), position interpolation (2306.15595), NTK-aware
/// dynamic scaling, YaRN (2309.00071), LongRoPE (2402.13753) and Llama 3.1's rule; field names, defaults and which field
/// wins over which as transformers' modeling_rope_utils.
/// </summary>
internal sealed class RopeFrequencies
{
    private static readonly string[] Kinds = ["default", "dynamic", "linear", "llama3", "longrope", "yarn"];

    private readonly string _kind;
    private readonly double _theta;
    private readonly double _factor;
    private readonly long _maxPositions;
    private readonly double[] _frequencies;
    private readonly double[] _longFrequencies;

    private RopeFrequencies(string kind, double theta, double factor, long maxPositions, int rotated, double[] frequencies, double[] longFrequencies, double attentionFactor)
    {
        _kind = kind;
        _theta = theta;
        _factor = factor;
        _maxPositions = maxPositions;
        Rotated = rotated;
        _frequencies = frequencies;
        _longFrequencies = longFrequencies;
        AttentionFactor = attentionFactor;
    }

    /// <summary>How many dimensions of a head turn.</summary>
    public int Rotated { get; }

    /// <summary>Factor on both cosine and sine (YaRN, LongRoPE); 1 otherwise.</summary>
    public double AttentionFactor { get; }

    /// <summary>Frequencies depend on the longest row of the batch.</summary>
    public bool DependsOnLength => _kind is "dynamic" or "longrope";

    /// <param name="config">The raw config.json, in the published form (rope_theta, rope_scaling) or transformers 5's (rope_parameters).</param>
    /// <param name="headDim">D.</param>
    /// <param name="maxPositions">max_position_embeddings.</param>
    public static RopeFrequencies Read(JsonObject config, int headDim, long maxPositions, double defaultTheta = 10000.0)
    {
        var fields = config["rope_scaling"] is JsonObject { Count: > 0 } scaling ? scaling : config["rope_parameters"] as JsonObject;
        double theta = Number(fields, "rope_theta") ?? Number(config, "rope_theta") ?? defaultTheta;
        string kind = Text(fields, "rope_type") ?? Text(fields, "type") ?? "default";
        int rotated = headDim;
        if ((Number(fields, "partial_rotary_factor") ?? Number(config, "partial_rotary_factor")) is double partial && partial != 1 && kind != "default")
        {
            // The plain kind turns the whole head whatever the field says, as the reference does; with a scaling the reference cannot run.
            throw Errors.PartialRotary(kind, partial);
        }

        double[] plain = Plain(theta, rotated);
        double factor = Number(fields, "factor") ?? 1.0;
        long original = (long)(Number(config, "original_max_position_embeddings") ?? Number(fields, "original_max_position_embeddings") ?? maxPositions);
        double attention = 1.0;
        double[] frequencies = plain, stretched = plain;
        switch (kind)
        {
            case "default":
                break;
            case "linear":
                Need(fields, kind, "factor");
                frequencies = Array.ConvertAll(plain, f => f / factor);
                break;
            case "dynamic":
                Need(fields, kind, "factor");
                break;
            case "llama3":
                frequencies = Llama3(plain, factor, fields!, original);
                break;
            case "longrope":
                frequencies = Divided(plain, fields!, "short_factor");
                stretched = Divided(plain, fields!, "long_factor");
                attention = LongAttention(Number(fields, "factor") ?? (double)maxPositions / original, original, fields!);
                maxPositions = original;
                break;
            case "yarn":
                if (Number(fields, "factor") is null)
                {
                    factor = (double)maxPositions / original;
                }

                frequencies = Yarn(plain, theta, rotated, factor, fields!, original);
                attention = YarnAttention(factor, fields!);
                break;
            default:
                throw Errors.RopeKind(kind, Kinds);
        }

        return new RopeFrequencies(kind, theta, factor, maxPositions, rotated, frequencies, stretched, attention);
    }

    /// <summary>One frequency a pair, for a batch whose longest row has <paramref name="length"/> positions.</summary>
    public float[] At(long length)
    {
        double[] frequencies = _kind == "longrope" && length > _maxPositions ? _longFrequencies : _frequencies;
        if (_kind == "dynamic" && length > _maxPositions)
        {
            double stretch = (_factor * length / _maxPositions) - (_factor - 1);
            frequencies = Plain(_theta * Math.Pow(stretch, Rotated / (Rotated - 2.0)), Rotated);
        }

        return Array.ConvertAll(frequencies, f => (float)f);
    }

    private static double[] Plain(double theta, int rotated)
    {
        var result = new double[rotated / 2];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Math.Pow(theta, -2.0 * i / rotated);
        }

        return result;
    }

    private static double[] Llama3(double[] plain, double factor, JsonObject fields, long original)
    {
        Need(fields, "llama3", "factor");
        double low = Need(fields, "llama3", "low_freq_factor");
        double high = Need(fields, "llama3", "high_freq_factor");
        return Array.ConvertAll(plain, f =>
        {
            double wavelength = 2 * Math.PI / f;
            if (wavelength < original / high)
            {
                return f;
            }

            if (wavelength > original / low)
            {
                return f / factor;
            }

            double smooth = ((original / wavelength) - low) / (high - low);
            return ((1 - smooth) * f / factor) + (smooth * f);
        });
    }

    private static double[] Yarn(double[] plain, double theta, int rotated, double factor, JsonObject fields, long original)
    {
        double Dimension(double turns) => rotated * Math.Log(original / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
        double lo = Dimension(Number(fields, "beta_fast") is double fast and not 0 ? fast : 32);
        double hi = Dimension(Number(fields, "beta_slow") is double slow and not 0 ? slow : 1);
        if (fields["truncate"] is not JsonValue truncate || !truncate.TryGetValue(out bool rounded) || rounded)
        {
            lo = Math.Floor(lo);
            hi = Math.Ceiling(hi);
        }

        lo = Math.Max(lo, 0);
        hi = Math.Min(hi, rotated - 1);
        if (lo == hi)
        {
            hi += 0.001;
        }

        var result = new double[plain.Length];
        for (int i = 0; i < result.Length; i++)
        {
            double ramp = Math.Clamp((i - lo) / (hi - lo), 0, 1);
            result[i] = (ramp * plain[i] / factor) + ((1 - ramp) * plain[i]);
        }

        return result;
    }

    private static double YarnAttention(double factor, JsonObject fields)
    {
        double Scale(double mscale) => factor <= 1 ? 1.0 : (0.1 * mscale * Math.Log(factor)) + 1.0;
        if (Number(fields, "attention_factor") is double given)
        {
            return given;
        }

        double? mscale = Number(fields, "mscale");
        double? all = Number(fields, "mscale_all_dim");
        return mscale is not 0 and double m && all is not 0 and double a ? Scale(m) / Scale(a) : Scale(1);
    }

    private static double[] Divided(double[] plain, JsonObject fields, string field)
    {
        if (fields[field] is not JsonArray list || list.Count != plain.Length)
        {
            throw Errors.RopeFactors(field, plain.Length, (fields[field] as JsonArray)?.Count);
        }

        var result = new double[plain.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = list[i] is JsonValue value && value.TryGetValue(out double by) && by != 0 ? plain[i] / by : throw Errors.RopeFactors(field, plain.Length, null);
        }

        return result;
    }

    private static double LongAttention(double factor, long original, JsonObject fields) =>
        Number(fields, "attention_factor") ?? (factor <= 1 ? 1.0 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original))));

    private static double Need(JsonObject? fields, string kind, string field) => Number(fields, field) ?? throw Errors.RopeField(kind, field);

    // A number that was put in rather than read keeps its own type: a long is no double to TryGetValue.
    private static double? Number(JsonObject? fields, string key) =>
        fields?[key] is not JsonValue value ? null : value.TryGetValue(out double number) ? number : value.TryGetValue(out long whole) ? whole : value.TryGetValue(out int small) ? small : null;

    private static string? Text(JsonObject? fields, string key) => fields?[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
