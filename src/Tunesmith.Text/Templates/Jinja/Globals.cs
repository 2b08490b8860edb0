using System.Globalization;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>The functions that every chat template may call.</summary>
internal static class Globals
{
    // The reference's sandbox refuses longer ranges too (Jinja 3.1, sandbox.py, MAX_RANGE).
    private const long LongestRange = 100_000;

    public static void AddTo(NameScope names, TimeProvider clock)
    {
        names.Set("range", new PyFunction("range", Range));
        names.Set("dict", new PyFunction("dict", MakeDict));
        names.Set("namespace", new PyFunction("namespace", MakeNamespace));
        names.Set("joiner", new PyFunction("joiner", MakeJoiner));
        names.Set("cycler", new PyFunction("cycler", MakeCycler));
        names.Set("raise_exception", new PyFunction("raise_exception", a => throw new JinjaException(PythonText.Str(a.Bind("message").Needed(0), a.Budget), a.Budget.Line, raised: true)));
        names.Set("strftime_now", new PyFunction("strftime_now", a => Strftime(a.Bind("format").Text(0), clock.GetLocalNow(), a.Budget)));
    }

    private static object? Range(Arguments arguments)
    {
        var a = arguments.Bind("start", "stop", "step");
        long start = a.Has(1) ? a.Integer(0, 0) : 0;
        long stop = a.Has(1) ? a.Integer(1, 0) : a.Needed(0) is var _ ? a.Integer(0, 0) : 0;
        long step = a.Integer(2, 1);
        if (step == 0) throw TemplateErrors.ZeroStep();
        var span = (Int128)stop - start;
        var count = step > 0 ? (span + step - 1) / step : (span + step + 1) / step;
        if (count > LongestRange) throw TemplateErrors.RangeTooLong(LongestRange);
        arguments.Budget.Make((long)Int128.Max(0, count) * 8);
        var items = new List<object?>();
        for (long i = 0; i < count; i++) items.Add(start + i * step);
        return new PyList(items, ListKind.Range);
    }

    private static object? MakeDict(Arguments arguments)
    {
        var dict = new PyDict(arguments.Budget);
        foreach (object? source in arguments.Positional)
        {
            if (source is PyDict other)
            {
                arguments.Budget.Make(other.Count);
                foreach (var (key, value) in other) dict[key] = value;
                continue;
            }
            foreach (object? pair in Operators.Iterate(source, arguments.Budget))
                dict[(pair as PyList)?.Items is [var key, var value] ? key : throw TemplateErrors.NotAMapping()] = value;
        }
        foreach (var (key, value) in arguments.Named) dict[key] = value;
        return dict;
    }

    private static object? MakeNamespace(Arguments arguments)
    {
        var space = new Namespace();
        if (MakeDict(arguments) is PyDict dict)
            foreach (var (key, value) in dict) space.Attributes[key as string ?? throw TemplateErrors.NotAMapping()] = value;
        return space;
    }

    private static object? MakeJoiner(Arguments arguments)
    {
        string separator = PythonText.Str(arguments.Bind("sep").Any(0, ", "), arguments.Budget);
        bool used = false;
        return new PyFunction("joiner", _ =>
        {
            if (used) return separator;
            used = true;
            return "";
        });
    }

    private static object? MakeCycler(Arguments arguments)
    {
        if (arguments.Positional.Count == 0) throw TemplateErrors.NoItems("cycler");
        int at = 0;
        var cycler = new Namespace();
        cycler.Attributes["current"] = arguments.Positional[0];
        object? Move(int to)
        {
            object? value = arguments.Positional[at];
            at = to % arguments.Positional.Count;
            cycler.Attributes["current"] = arguments.Positional[at];
            return value;
        }
        cycler.Attributes["next"] = new PyFunction("next", _ => Move(at + 1));
        cycler.Attributes["reset"] = new PyFunction("reset", _ =>
        {
            Move(0);
            return null;
        });
        return cycler;
    }

    /// <summary>C's strftime in the C locale, with the GNU <c>-</c> flag that drops leading zeros.</summary>
    private static string Strftime(string format, DateTimeOffset now, Budget budget)
    {
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 >= format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            bool bare = format[++i] == '-' && i + 1 < format.Length;
            if (bare) i++;
            string part = Part(format[i], now);
            text.Append(bare ? part.TrimStart('0', ' ') is { Length: > 0 } kept ? kept : "0" : part);
            budget.Make(text.Length);
        }
        return text.ToString();
    }

    private static string Part(char code, DateTimeOffset now)
    {
        string? pattern = code switch
        {
            'a' => "ddd",
            'A' => "dddd",
            'b' or 'h' => "MMM",
            'B' => "MMMM",
            'd' => "dd",
            'D' => "MM/dd/yy",
            'F' => "yyyy-MM-dd",
            'H' => "HH",
            'I' => "hh",
            'm' => "MM",
            'M' => "mm",
            'p' => "tt",
            'R' => "HH:mm",
            'S' => "ss",
            'T' or 'X' => "HH:mm:ss",
            'x' => "MM/dd/yy",
            'y' => "yy",
            'Y' => "yyyy",
            'f' => "ffffff",
            _ => null,
        };
        if (pattern is not null) return now.ToString(pattern, CultureInfo.InvariantCulture);
        return code switch
        {
            'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'u' => (now.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'w' => ((int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'c' => $"{Part('a', now)} {Part('b', now)} {Part('e', now)} {Part('T', now)} {Part('Y', now)}",
            'C' => (now.Year / 100).ToString("00", CultureInfo.InvariantCulture),
            'g' => (ISOWeek.GetYear(now.DateTime) % 100).ToString("00", CultureInfo.InvariantCulture),
            'G' => ISOWeek.GetYear(now.DateTime).ToString(CultureInfo.InvariantCulture),
            'r' => now.ToString("hh:mm:ss tt", CultureInfo.InvariantCulture),
            's' => now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            'U' => ((now.DayOfYear + 6 - (int)now.DayOfWeek) / 7).ToString("00", CultureInfo.InvariantCulture),
            'V' => ISOWeek.GetWeekOfYear(now.DateTime).ToString("00", CultureInfo.InvariantCulture),
            'W' => ((now.DayOfYear + 6 - ((int)now.DayOfWeek + 6) % 7) / 7).ToString("00", CultureInfo.InvariantCulture),
            'n' => "\n",
            't' => "\t",
            'z' or 'Z' => "",
            '%' => "%",
            _ => "%" + code,
        };
    }
}
