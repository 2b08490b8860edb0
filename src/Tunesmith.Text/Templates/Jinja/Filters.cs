using System.Globalization;
using System.Text.RegularExpressions;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Jinja's built-in filters (reference: Jinja 3.1, filters.py), sorted by name.</summary>
internal static partial class Filters
{
    private static readonly SortedDictionary<string, Func<object?, Arguments, object?>> Known = new(StringComparer.Ordinal)
    {
        ["abs"] = (v, _) => v switch { long n => n == long.MinValue ? throw TemplateErrors.IntegerTooLarge() : (object)Math.Abs(n), double d => Math.Abs(d), bool b => b ? 1L : 0L, _ => throw TemplateErrors.NotSupported("abs", v) },
        ["attr"] = (v, a) => Attributes.Attribute(v, a.Bind("name").Text(0), a.Budget),
        ["batch"] = SequenceFilters.Batch,
        ["capitalize"] = (v, a) => StringMethods.Capitalize(Text(v, a)),
        ["center"] = (v, a) => StringMethods.Center(Text(v, a), Width(a.Bind("width").Count(0, 80), a)),
        ["count"] = (v, _) => Length(v),
        ["d"] = Default,
        ["default"] = Default,
        ["dictsort"] = SequenceFilters.DictSort,
        ["e"] = (v, a) => Escape(Text(v, a)),
        ["escape"] = (v, a) => Escape(Text(v, a)),
        ["filesizeformat"] = FileSize,
        ["first"] = (v, a) => Operators.Iterate(v, a.Budget) is { Count: > 0 } items ? items[0] : new Undefined("No first item, sequence was empty."),
        ["float"] = Float,
        ["forceescape"] = (v, a) => Escape(Text(v, a)),
        ["format"] = (v, a) => PercentFormat.Apply(Text(v, a), a.Positional, NamedAsDict(a), a.Budget),
        ["groupby"] = SequenceFilters.GroupBy,
        ["indent"] = Indent,
        ["int"] = Integer,
        ["items"] = (v, _) => v is Undefined ? new PyList([], ListKind.Generator) : v is PyDict dict
            ? new PyList([.. dict.Select(p => new PyList([p.Key, p.Value], ListKind.Tuple))], ListKind.Generator) : throw TemplateErrors.NotAMapping(),
        ["join"] = SequenceFilters.Join,
        ["last"] = (v, a) => Operators.Iterate(v, a.Budget) is { Count: > 0 } items ? items[^1] : new Undefined("No last item, sequence was empty."),
        ["length"] = (v, _) => Length(v),
        ["list"] = (v, a) => new PyList([.. Operators.Iterate(v, a.Budget)]),
        ["lower"] = (v, a) => CaseMapping.Lower(Text(v, a)),
        ["map"] = SequenceFilters.Map,
        ["max"] = (v, a) => SequenceFilters.Extreme(v, a, 1),
        ["min"] = (v, a) => SequenceFilters.Extreme(v, a, -1),
        ["pprint"] = (v, a) => PythonText.Repr(v, a.Budget),
        ["reject"] = (v, a) => SequenceFilters.Select(v, a, keep: false, byAttribute: false),
        ["rejectattr"] = (v, a) => SequenceFilters.Select(v, a, keep: false, byAttribute: true),
        ["replace"] = Replace,
        ["reverse"] = (v, a) => v is string s ? Operators.Slice(s, null, null, -1, a.Budget) : new PyList([.. Operators.Iterate(v, a.Budget).Reverse()], ListKind.Generator),
        ["round"] = Round,
        ["safe"] = (v, a) => Text(v, a),
        ["select"] = (v, a) => SequenceFilters.Select(v, a, keep: true, byAttribute: false),
        ["selectattr"] = (v, a) => SequenceFilters.Select(v, a, keep: true, byAttribute: true),
        ["slice"] = SequenceFilters.Slices,
        ["sort"] = SequenceFilters.Sort,
        ["string"] = (v, a) => Text(v, a),
        ["striptags"] = (v, a) => string.Join(' ', Tags().Replace(Text(v, a), "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
        ["sum"] = SequenceFilters.Sum,
        ["title"] = (v, a) => TitleWords().Replace(Text(v, a), m => StringMethods.Capitalize(m.Value)),
        ["tojson"] = JsonText.Filter,
        ["trim"] = (v, a) => StringMethods.Get(Text(v, a), "strip")!.Call(a),
        ["truncate"] = Truncate,
        ["unique"] = SequenceFilters.Unique,
        ["upper"] = (v, a) => CaseMapping.Upper(Text(v, a)),
        ["urlencode"] = UrlEncode,
        ["wordcount"] = (v, a) => (long)Words().Count(Text(v, a)),
    };

    public static bool Exists(string name) => Known.ContainsKey(name);

    public static object? Apply(string name, object? value, Arguments arguments)
    {
        if (!Known.TryGetValue(name, out var filter)) throw TemplateErrors.NoFilter(name, 0);
        object? result = filter(value, arguments);
        if (result is string text) arguments.Budget.Make(text.Length);
        return result;
    }

    private static string Text(object? value, Arguments arguments)
    {
        string text = PythonText.Str(value, arguments.Budget);
        arguments.Budget.Make(text.Length);
        return text;
    }

    private static int Width(int width, Arguments arguments)
    {
        arguments.Budget.Make(width);
        return width;
    }

    private static object Length(object? value) => value switch
    {
        string s => (long)TextSink.CountCodePoints(s),
        PyList { Kind: not ListKind.Generator } list => (long)list.Items.Count,
        PyDict dict => (long)dict.Count,
        Undefined => 0L,
        _ => throw TemplateErrors.NoLength(value),
    };

    private static object? Default(object? value, Arguments arguments)
    {
        var a = arguments.Bind("default_value", "boolean");
        return value is Undefined || (a.Truth(1, false) && !Operators.IsTrue(value)) ? a.Any(0, "") : value;
    }

    private static PyDict? NamedAsDict(Arguments arguments)
    {
        if (arguments.Named.Count == 0) return null;
        if (arguments.Positional.Count > 0) throw TemplateErrors.MixedFormatArguments();
        var dict = new PyDict();
        foreach (var (key, value) in arguments.Named) dict[key] = value;
        return dict;
    }

    private static object? Float(object? value, Arguments arguments)
    {
        object? otherwise = arguments.Bind("default").Any(0, 0.0);
        if (value is Undefined undefined) throw TemplateErrors.UsedUndefined(undefined.Why);
        return Operators.Number(value) ?? (value is string s && ParseFloat(s.Trim()) is { } parsed ? parsed : otherwise);
    }

    private static double? ParseFloat(string text) => text.TrimStart('+', '-').ToLowerInvariant() switch
    {
        "inf" or "infinity" => text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
        "nan" => double.NaN,
        _ => double.TryParse(text.Replace("_", ""), NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) ? parsed : null,
    };

    private static object? Integer(object? value, Arguments arguments)
    {
        var a = arguments.Bind("default", "base");
        if (value is Undefined undefined) throw TemplateErrors.UsedUndefined(undefined.Why);
        object? otherwise = a.Any(0, 0L);
        if (value is string text) return ParseInteger(text.Trim(), a.Count(1, 10)) ?? otherwise;
        return Operators.Number(value) is { } number && Whole(number) is { } whole ? (value is long exact ? exact : whole) : otherwise;
    }

    private static object? ParseInteger(string text, int radix)
    {
        text = string.Concat(text.EnumerateRunes().Select(rune => StringMethods.DecimalValue(rune) is >= 0 and var digit ? digit.ToString(CultureInfo.InvariantCulture) : rune.ToString()));
        if (radix == 10 && long.TryParse(text.Replace("_", ""), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)) return value;
        if (radix is 2 or 8 or 16)
        {
            string digits = text.ToLowerInvariant();
            bool negative = digits.StartsWith('-');
            digits = digits.TrimStart('-', '+');
            string prefix = radix switch { 2 => "0b", 8 => "0o", _ => "0x" };
            if (digits.StartsWith(prefix, StringComparison.Ordinal)) digits = digits[2..];
            if (digits.Length is > 0 and < 16 && digits.All(c => char.IsAsciiHexDigit(c) && Convert.ToInt32(c.ToString(), 16) < radix))
                return Convert.ToInt64(digits, radix) * (negative ? -1 : 1);
        }
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && Whole(real) is { } whole ? whole : null;
    }

    private static long? Whole(double number) => double.IsFinite(number) && Math.Abs(number) < 9e18 ? (long)number : null;

    private static object? Round(object? value, Arguments arguments)
    {
        var a = arguments.Bind("precision", "method");
        int precision = Math.Clamp(a.Count(0, 0), -300, 300);
        string method = a.Text(1, "common");
        if (method is not ("common" or "ceil" or "floor")) throw TemplateErrors.WrongArgument("round", 2, "common, ceil or floor", method);
        if (Operators.Number(value) is not { } number) throw TemplateErrors.NotSupported("round", value);
        if (method != "common") return (method == "ceil" ? Math.Ceiling(number * Math.Pow(10, precision)) : Math.Floor(number * Math.Pow(10, precision))) / Math.Pow(10, precision);
        if (value is long && precision >= 0) return value;
        if (precision >= 0) return double.Parse(PythonText.Fixed(number, precision), CultureInfo.InvariantCulture);
        double scale = Math.Pow(10, -precision);
        double rounded = Math.Round(number / scale, MidpointRounding.ToEven) * scale;
        return value is long ? (object)(long)rounded : rounded; // boxed here: the branches must not become double
    }

    private static object? Replace(object? value, Arguments arguments)
    {
        var a = arguments.Bind("old", "new", "count");
        long most = a.Any(2, null) is null ? -1 : a.Integer(2, -1);
        return StringMethods.Replace(Text(value, arguments), Text(a.Needed(0), arguments), Text(a.Needed(1), arguments), most, arguments.Budget);
    }

    private static object? Indent(object? value, Arguments arguments)
    {
        var a = arguments.Bind("width", "first", "blank");
        string indentation = a.Any(0, 4L) is string given ? given : new string(' ', Width(Math.Max(0, a.Count(0, 4)), arguments));
        bool blank = a.Truth(2, false);
        string text = Text(value, arguments) + "\n";
        string[] lines = [.. StringMethods.SplitLines(text).Items.Select(l => (string)l!)];
        arguments.Budget.Make(text.Length + (long)lines.Length * indentation.Length);
        for (int i = 1; i < lines.Length; i++)
            if (blank || lines[i].Length > 0) lines[i] = indentation + lines[i];
        string result = string.Join('\n', lines);
        return a.Truth(1, false) ? indentation + result : result;
    }

    private static object? Truncate(object? value, Arguments arguments)
    {
        var a = arguments.Bind("length", "killwords", "end", "leeway");
        string text = Text(value, arguments), end = a.Text(2, "...");
        int length = a.Count(0, 255), leeway = a.Count(3, 5);
        if (length < end.Length || leeway < 0) throw TemplateErrors.WrongArgument("truncate", 1, $"a length of at least {end.Length}", (long)length);
        if (TextSink.CountCodePoints(text) <= length + leeway) return text;
        string cut = (string)Operators.Slice(text, 0, length - end.Length, 1, arguments.Budget)!;
        int blank = a.Truth(1, false) ? -1 : cut.LastIndexOf(' ');
        return (blank < 0 ? cut : cut[..blank]) + end;
    }

    private static object? UrlEncode(object? value, Arguments arguments)
    {
        string One(object? part, bool slash) => Uri.EscapeDataString(Text(part, arguments)) is var text && slash ? text.Replace("%2F", "/") : text;
        if (value is string) return One(value, slash: true);
        if (value is not (PyDict or PyList)) return One(value, slash: true);
        var pairs = value is PyDict dict ? dict.Select(pair => (pair.Key, pair.Value))
            : Operators.Iterate(value, arguments.Budget).Select(item => item is PyList { Items: [var key, var held] } ? (key, held) : throw TemplateErrors.NotAMapping());
        return string.Join('&', pairs.Select(pair => $"{One(pair.Item1, slash: false).Replace("%20", "+")}={One(pair.Item2, slash: false).Replace("%20", "+")}"));
    }

    private static object? FileSize(object? value, Arguments arguments)
    {
        bool binary = arguments.Bind("binary").Truth(0, false);
        double bytes = Operators.Number(Float(value, new Arguments("float", [], [], arguments.Budget))) ?? 0, unit = binary ? 1024 : 1000;
        if (bytes == 1) return "1 Byte";
        if (bytes < unit) return $"{(long)bytes} Bytes";
        string[] prefixes = binary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        int at = 0;
        for (bytes /= unit; bytes >= unit && at < prefixes.Length - 1; at++) bytes /= unit;
        return $"{PythonText.Fixed(bytes, 1)} {prefixes[at]}";
    }

    private static string Escape(string text) =>
        text.Replace("&", "&amp;").Replace(">", "&gt;").Replace("<", "&lt;").Replace("'", "&#39;").Replace("\"", "&#34;");

    [GeneratedRegex(@"<!--.*?-->|<[^>]*>", RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Tags();

    [GeneratedRegex(@"[^-\s({\[<]+", RegexOptions.NonBacktracking)]
    private static partial Regex TitleWords();

    [GeneratedRegex(@"\w+", RegexOptions.NonBacktracking)]
    private static partial Regex Words();
}
