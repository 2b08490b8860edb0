namespace Tunesmith.Text.Tokenizers;

/// <summary>Truncation into windows, joining, and padding of encodings.</summary>
internal static class EncodingWindows
{
    public static (Encoding First, Encoding? Second) Truncate(Encoding first, Encoding? second, int maxLength, EncodeOptions options, bool left)
    {
        int total = first.Count + (second?.Count ?? 0);
        int surplus = total - maxLength;
        if (maxLength == 0) return (Cut(first, 0, options.Stride, left), second is null ? null : Cut(second, 0, options.Stride, left));
        if (surplus <= 0) return (first, second);
        if (options.Truncation == TruncationStrategy.LongestFirst)
        {
            if (second is null) return (Cut(first, maxLength, options.Stride, left), null);
            (int a, int b) = Shares(first.Count, second.Count, maxLength);
            return (Cut(first, a, options.Stride, left), Cut(second, b, options.Stride, left));
        }

        bool cutsFirst = options.Truncation == TruncationStrategy.OnlyFirst;
        var target = cutsFirst ? first : second ?? throw TokenizerErrors.NoSecondSequence();
        if (target.Count <= surplus) throw TokenizerErrors.NothingLeftToCut(options.MaxLength ?? maxLength);
        var cut = Cut(target, target.Count - surplus, options.Stride, left);
        return cutsFirst ? (cut, second) : (first, cut);
    }

    /// <summary>The longer of two is shortened until both are equal, then both.</summary>
    private static (int First, int Second) Shares(int first, int second, int maxLength)
    {
        bool swapped = first > second;
        int small = Math.Min(first, second);
        int large = small > maxLength ? small : Math.Max(small, maxLength - small);
        if (small + large > maxLength)
        {
            small = maxLength / 2;
            large = small + maxLength % 2;
        }

        return swapped ? (large, small) : (small, large);
    }

    private static Encoding Cut(Encoding encoding, int length, int stride, bool left)
    {
        int count = encoding.Count;
        if (length >= count) return encoding;
        if (length == 0) return new Encoding([], [encoding]);
        if (stride >= length) throw TokenizerErrors.StrideTooLarge(stride, length, 0);
        var windows = new List<Encoding>();
        int step = length - stride;
        if (left)
        {
            for (int stop = count; stop > 0; stop -= step)
            {
                int start = Math.Max(0, stop - length);
                windows.Add(new Encoding(encoding.Parts[start..stop], []));
                if (start == 0) break;
            }
        }
        else
        {
            for (int start = 0; start < count; start += step)
            {
                int stop = Math.Min(count, start + length);
                windows.Add(new Encoding(encoding.Parts[start..stop], []));
                if (stop == count) break;
            }
        }

        windows[0].Overflowing = windows[1..];
        return windows[0];
    }

    /// <summary>Joins two encodings; each window of one is joined with each window of the other, in the reference's order.</summary>
    public static Encoding Join(Encoding left, Encoding right)
    {
        var overflowing = new List<Encoding>();
        foreach (var window in left.Overflowing)
        {
            overflowing.Add(Plain(window, right));
            foreach (var other in right.Overflowing) overflowing.Add(Plain(window, other));
        }

        foreach (var other in right.Overflowing) overflowing.Add(Plain(left, other));
        var joined = Plain(left, right);
        joined.Overflowing = overflowing;
        return joined;
    }

    private static Encoding Plain(Encoding left, Encoding right) => new([.. left.Parts, .. right.Parts], []);

    /// <summary>Changes every token of an encoding and of its windows.</summary>
    public static Encoding Map(Encoding encoding, Func<EncodedToken, int, EncodedToken> change)
    {
        var parts = new List<EncodedToken>(encoding.Count);
        for (int i = 0; i < encoding.Count; i++) parts.Add(change(encoding.Parts[i], i));
        return new Encoding(parts, [.. encoding.Overflowing.Select(window => Map(window, change))]);
    }

    public static Encoding Pad(Encoding encoding, int length, EncodedToken padding, bool left)
    {
        var padded = new Encoding(PadParts(encoding.Parts, length, padding, left), []);
        padded.Overflowing = [.. encoding.Overflowing.Select(window => Pad(window, length, padding, left))];
        return padded;
    }

    private static List<EncodedToken> PadParts(List<EncodedToken> parts, int length, EncodedToken padding, bool left)
    {
        if (parts.Count >= length) return parts;
        var fill = Enumerable.Repeat(padding, length - parts.Count);
        return left ? [.. fill, .. parts] : [.. parts, .. fill];
    }
}
