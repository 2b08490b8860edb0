using System.Globalization;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>The methods of Python's <c>str</c> that templates use.</summary>
internal static class StringMethods
{
    public static PyFunction? Get(string s, string name)
    {
        Func<Arguments, object?>? call = name switch
        {
            "upper" => _ => CaseMapping.Upper(s),
            "lower" => _ => CaseMapping.Lower(s),
            "casefold" => _ => CaseMapping.Lower(CaseMapping.Upper(s)).Replace('ς', 'σ'),
            "title" => _ => Title(s),
            "capitalize" => _ => Capitalize(s),
            "swapcase" => _ => CaseMapping.Swap(s),
            "strip" => a => Strip(s, a, true, true),
            "lstrip" => a => Strip(s, a, true, false),
            "rstrip" => a => Strip(s, a, false, true),
            "replace" => a => Replace(s, a),
            "startswith" => a => Affix(s, a, (x, y) => x.StartsWith(y, StringComparison.Ordinal)),
            "endswith" => a => Affix(s, a, (x, y) => x.EndsWith(y, StringComparison.Ordinal)),
            "removeprefix" => a => a.Bind("prefix").Text(0) is var p && s.StartsWith(p, StringComparison.Ordinal) ? s[p.Length..] : s,
            "removesuffix" => a => a.Bind("suffix").Text(0) is var p && p.Length > 0 && s.EndsWith(p, StringComparison.Ordinal) ? s[..^p.Length] : s,
            "find" => a => Find(s, a, last: false),
            "rfind" => a => Find(s, a, last: true),
            "index" => a => Find(s, a, last: false) is var at and >= 0 ? at : throw TemplateErrors.NotInText(),
            "rindex" => a => Find(s, a, last: true) is var at and >= 0 ? at : throw TemplateErrors.NotInText(),
            "count" => a => a.Bind("sub", "start", "end") is var b && Part(s, b) is { } part ? Count(part.Text, b.Text(0)) : 0L,
            "split" => a => Split(s, a, fromRight: false),
            "rsplit" => a => Split(s, a, fromRight: true),
            "splitlines" => a => SplitLines(s, a.Bind("keepends").Truth(0, false)),
            "partition" => a => Partition(s, a.Bind("sep").Text(0), last: false),
            "rpartition" => a => Partition(s, a.Bind("sep").Text(0), last: true),
            "join" => a => Join(s, Operators.Iterate(a.Bind("iterable").Needed(0), a.Budget), a.Budget),
            "format" => a => BraceFormat.Apply(s, a),
            "format_map" => a => BraceFormat.Apply(s, new Arguments(a.Name, [], a.Bind("mapping").Needed(0) is PyDict map ? [.. map.Where(p => p.Key is string).Select(p => KeyValuePair.Create((string)p.Key!, p.Value))] : throw TemplateErrors.NotAMapping(), a.Budget)),
            "zfill" => a => Pad(s, a, (t, n) => t.StartsWith('-') || t.StartsWith('+') ? t[0] + t[1..].PadLeft(Math.Max(n - 1, 0), '0') : t.PadLeft(n, '0')),
            "ljust" => a => Fill(s, a, (_, missing) => (0, missing)),
            "rjust" => a => Fill(s, a, (_, missing) => (missing, 0)),
            "center" => a => Fill(s, a, (width, missing) => missing / 2 + (missing & width & 1) is var left ? (left, missing - left) : default),
            "expandtabs" => a => ExpandTabs(s, a.Bind("tabsize").Count(0, 8), a.Budget),
            "isalpha" => _ => All(s, Rune.IsLetter),
            "isdecimal" => _ => All(s, rune => DecimalValue(rune) >= 0),
            "isdigit" => _ => All(s, rune => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0),
            "isnumeric" => _ => All(s, IsNumeric),
            "isalnum" => _ => All(s, rune => Rune.IsLetter(rune) || IsNumeric(rune)),
            "isidentifier" => _ => s.Length > 0 && !char.IsDigit(s[0]) && All(s, rune => rune.Value == '_' || Rune.IsLetterOrDigit(rune)),
            "isspace" => _ => s.Length > 0 && s.All(IsSpace),
            "islower" => _ => s.Any(char.IsLower) && !s.Any(char.IsUpper),
            "isupper" => _ => s.Any(char.IsUpper) && !s.Any(char.IsLower),
            "istitle" => _ => s.Any(char.IsLetter) && s == Title(s),
            "isascii" => _ => s.All(char.IsAscii),
            _ => null,
        };
        return call is null ? null : new PyFunction(name, a =>
        {
            a.Budget.Make(s.Length);
            return call(a) is var result && result is string text ? a.Budget.Made(text) : result;
        });
    }

    public static string Title(string s)
    {
        var text = new StringBuilder(s.Length);
        bool inWord = false;
        foreach (var rune in s.EnumerateRunes())
        {
            text.Append(inWord ? CaseMapping.Lower(rune.ToString()) : CaseMapping.Title(rune.ToString()));
            inWord = Rune.IsUpper(rune) || Rune.IsLower(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter;
        }
        return text.ToString();
    }

    public static string Capitalize(string s) => First(s) is { Length: > 0 } first ? CaseMapping.Title(first) + CaseMapping.Lower(s)[CaseMapping.Lower(first).Length..] : s;

    /// <summary>The value of a decimal digit of any script, or -1.</summary>
    public static int DecimalValue(Rune rune) => Rune.IsDigit(rune) ? (int)Rune.GetNumericValue(rune) : -1;

    /// <summary>White space as Python sees it: the base library's and four separators.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    private static bool IsNumeric(Rune rune) => Rune.IsNumber(rune) || Rune.GetNumericValue(rune) >= 0;

    private static bool All(string s, Func<Rune, bool> holds) => s.Length > 0 && s.EnumerateRunes().All(holds);

    private static string First(string s) => s.Length > 1 && char.IsSurrogatePair(s[0], s[1]) ? s[..2] : s[..Math.Min(1, s.Length)];

    /// <summary>Python's str.center: of an odd remainder the left side gets one more where the width is odd.</summary>
    public static string Center(string s, int width)
    {
        int pad = width - s.Length;
        if (pad <= 0) return s;
        int left = pad / 2 + (pad & width & 1);
        return new string(' ', left) + s + new string(' ', pad - left);
    }

    public static string Join(string separator, IReadOnlyList<object?> items, Budget budget)
    {
        var parts = items.Select(i => i as string ?? throw TemplateErrors.JoinNeedsText(i)).ToArray();
        budget.Make(parts.Sum(p => (long)p.Length) + (long)separator.Length * parts.Length);
        return string.Join(separator, parts);
    }

    public static PyList SplitLines(string s, bool keepEnds = false)
    {
        var lines = new List<object?>();
        int from = 0;
        for (int i = 0; i < s.Length; i++)
        {
            if (s[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029')) continue;
            int end = i;
            if (s[i] == '\r' && i + 1 < s.Length && s[i + 1] == '\n') i++;
            lines.Add(s[from..(keepEnds ? i + 1 : end)]);
            from = i + 1;
        }
        if (from < s.Length) lines.Add(s[from..]);
        return new PyList(lines);
    }

    public static long Count(string s, string part)
    {
        if (part.Length == 0) return TextSink.CountCodePoints(s) + 1;
        long count = 0;
        for (int at = s.IndexOf(part, StringComparison.Ordinal); at >= 0; at = s.IndexOf(part, at + part.Length, StringComparison.Ordinal)) count++;
        return count;
    }

    public static string Replace(string s, string old, string with, long most, Budget budget)
    {
        long times = Count(s, old);
        if (most >= 0) times = Math.Min(times, most);
        budget.Make(s.Length + times * Math.Max(0, with.Length - old.Length));
        var text = new StringBuilder();
        int from = 0;
        for (long n = 0; n < times; n++)
        {
            int at = old.Length == 0 ? (n == 0 ? 0 : from + (char.IsHighSurrogate(s[from]) && from + 1 < s.Length ? 2 : 1)) : s.IndexOf(old, from, StringComparison.Ordinal);
            text.Append(s, from, at - from).Append(with);
            from = at + old.Length;
        }
        return text.Append(s, from, s.Length - from).ToString();
    }

    private static string Replace(string s, Arguments arguments)
    {
        var a = arguments.Bind("old", "new", "count");
        return Replace(s, a.Text(0), a.Text(1), a.Integer(2, -1), arguments.Budget);
    }

    private static string Strip(string s, Arguments arguments, bool start, bool end)
    {
        string? chars = arguments.Bind("chars").TextOrNone(0);
        bool Goes(char c) => chars is null ? IsSpace(c) : chars.Contains(c);
        int from = 0, to = s.Length;
        while (start && from < to && Goes(s[from])) from++;
        while (end && to > from && Goes(s[to - 1])) to--;
        return s[from..to];
    }

    private static object Affix(string s, Arguments arguments, Func<string, string, bool> matches)
    {
        var a = arguments.Bind("affix", "start", "end");
        object? affix = a.Needed(0);
        if (Part(s, a) is not { } part) return false;
        s = part.Text;
        return affix switch
        {
            string text => matches(s, text),
            PyList { Kind: ListKind.Tuple } tuple => tuple.Items.Any(i => i is string text && matches(s, text)),
            _ => throw TemplateErrors.WrongArgument(arguments.Name, 1, "a string or a tuple of strings", affix),
        };
    }

    private static long Find(string s, Arguments arguments, bool last)
    {
        var a = arguments.Bind("sub", "start", "end");
        string wanted = a.Text(0);
        if (Part(s, a) is not { } part) return -1;
        int at = last ? part.Text.LastIndexOf(wanted, StringComparison.Ordinal) : part.Text.IndexOf(wanted, StringComparison.Ordinal);
        return at < 0 ? -1 : part.Start + TextSink.CountCodePoints(part.Text[..at]);
    }

    /// <summary>The part between the arguments start and end, counted in code points; null where it would begin after its end.</summary>
    private static (string Text, long Start)? Part(string s, BoundArguments a)
    {
        if (a.Any(1, null) is null && a.Any(2, null) is null) return (s, 0);
        int[] places = [.. Enumerable.Range(0, s.Length + 1).Where(i => i == s.Length || i == 0 || !char.IsSurrogatePair(s[i - 1], s[i]))];
        long count = places.Length - 1;
        long Place(int index, long otherwise) => a.Any(index, null) is null ? otherwise : a.Integer(index, 0) is var given && given < 0 ? Math.Max(0, given + count) : given;
        long start = Place(1, 0), end = Math.Min(Place(2, count), count);
        return start > end ? null : (s[places[start]..places[end]], start);
    }

    private static PyList Split(string s, Arguments arguments, bool fromRight)
    {
        var a = arguments.Bind("sep", "maxsplit");
        string? separator = a.TextOrNone(0);
        int most = a.Count(1, -1);
        if (most < 0) most = int.MaxValue;
        if (separator is null) return SplitBlanks(s, most, fromRight);
        if (separator.Length == 0) throw TemplateErrors.EmptySeparator();
        var parts = new List<object?>();
        if (!fromRight)
        {
            int from = 0;
            for (int at; parts.Count < most && (at = s.IndexOf(separator, from, StringComparison.Ordinal)) >= 0; from = at + separator.Length) parts.Add(s[from..at]);
            parts.Add(s[from..]);
            return new PyList(parts);
        }
        string rest = s;
        for (int at; parts.Count < most && (at = rest.LastIndexOf(separator, StringComparison.Ordinal)) >= 0; rest = rest[..at])
        {
            arguments.Budget.Make(rest.Length);
            parts.Add(rest[(at + separator.Length)..]);
        }
        parts.Add(rest);
        parts.Reverse();
        return new PyList(parts);
    }

    private static PyList SplitBlanks(string s, int most, bool fromRight)
    {
        var spans = new List<(int From, int To)>();
        for (int i = 0; i < s.Length;)
        {
            while (i < s.Length && IsSpace(s[i])) i++;
            int from = i;
            while (i < s.Length && !IsSpace(s[i])) i++;
            if (i > from) spans.Add((from, i));
        }
        IEnumerable<object?> words = spans.Select(p => (object?)s[p.From..p.To]);
        if (spans.Count <= most) return new PyList([.. words]);
        // What is left over keeps the blanks at its far end.
        if (fromRight) return new PyList([s[..spans[spans.Count - most - 1].To], .. words.Skip(spans.Count - most)]);
        return new PyList([.. words.Take(most), s[spans[most].From..]]);
    }

    private static PyList Partition(string s, string separator, bool last)
    {
        if (separator.Length == 0) throw TemplateErrors.EmptySeparator();
        int at = last ? s.LastIndexOf(separator, StringComparison.Ordinal) : s.IndexOf(separator, StringComparison.Ordinal);
        object?[] parts = at >= 0 ? [s[..at], separator, s[(at + separator.Length)..]] : last ? ["", "", s] : [s, "", ""];
        return new PyList(parts, ListKind.Tuple);
    }

    private static string Fill(string s, Arguments arguments, Func<int, int, (int Left, int Right)> share)
    {
        var a = arguments.Bind("width", "fillchar");
        string fill = a.Text(1, " ");
        int width = a.Count(0, 0), missing = width - TextSink.CountCodePoints(s);
        if (TextSink.CountCodePoints(fill) != 1) throw TemplateErrors.WrongArgument(arguments.Name, 2, "one character", fill);
        if (missing <= 0) return s;
        arguments.Budget.Make((long)missing * fill.Length);
        var (left, right) = share(width, missing);
        return new StringBuilder().Insert(0, fill, left).Append(s).Append(new StringBuilder().Insert(0, fill, right)).ToString();
    }

    private static string ExpandTabs(string s, int size, Budget budget)
    {
        var text = new StringBuilder();
        int column = 0;
        foreach (var rune in s.EnumerateRunes())
        {
            if (rune.Value != '\t')
            {
                column = rune.Value is '\n' or '\r' ? 0 : column + 1;
                text.Append(rune);
                continue;
            }
            int spaces = size <= 0 ? 0 : size - column % size;
            budget.Make(text.Length + (long)spaces);
            text.Append(' ', spaces);
            column += spaces;
        }
        return text.ToString();
    }

    private static string Pad(string s, Arguments arguments, Func<string, int, string> pad)
    {
        int width = arguments.Bind("width").Count(0, 0);
        arguments.Budget.Make(width);
        return pad(s, Math.Max(width, 0));
    }
}
