using System.Globalization;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Patterns;

/// <summary>Reads Oniguruma's (Ruby's) regular expressions, as far as tokenizer files use them, into a program.</summary>
internal sealed class PatternParser
{
    private const int MostInstructions = 20_000;
    private const int MostDepth = 100;

    private readonly string _source;
    private int _at;
    private int _marks;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotAll;
    private bool _extended;
    private bool _inClass;

    private PatternParser(string source) => _source = source;

    public static PatternProgram Compile(string source)
    {
        var parser = new PatternParser(source);
        var code = parser.Alternatives();
        if (parser._at < source.Length) throw parser.Bad("a ) without its (");
        code.Add(new Instruction(Step.Match));
        return new PatternProgram(source, [.. code], parser._marks);
    }

    private Exception Bad(string reason) => TokenizerErrors.BadPattern(_source, Math.Min(_at, _source.Length), reason);

    private bool More => _at < _source.Length;

    private bool Take(string text)
    {
        if (!_source.AsSpan(_at).StartsWith(text)) return false;
        _at += text.Length;
        return true;
    }

    private List<Instruction> Alternatives()
    {
        if (++_depth > MostDepth) throw Bad("groups nested too deeply");
        (bool ignoreCase, bool dotAll, bool extended) = (_ignoreCase, _dotAll, _extended);
        var code = Sequence();
        while (More && _source[_at] == '|')
        {
            _at++;
            var right = Sequence();
            // split L, R; L: code; jump end; R: right
            var joined = new List<Instruction> { new(Step.Split, 1, code.Count + 2) };
            Append(joined, code);
            joined.Add(new Instruction(Step.Jump, joined.Count + 1 + right.Count));
            Append(joined, right);
            code = joined;
        }

        (_ignoreCase, _dotAll, _extended) = (ignoreCase, dotAll, extended);
        _depth--;
        return code;
    }

    private List<Instruction> Sequence()
    {
        var code = new List<Instruction>();
        while (More && _source[_at] is not ('|' or ')'))
        {
            if (_extended && (char.IsWhiteSpace(_source[_at]) || _source[_at] == '#'))
            {
                if (_source[_at] == '#') while (More && _source[_at] != '\n') _at++;
                else _at++;
                continue;
            }

            var atom = Quantified(Atom());
            Append(code, atom);
            if (code.Count > MostInstructions) throw Bad("the pattern is too long");
        }

        return code;
    }

    /// <summary>Joins code and moves its jump targets.</summary>
    private static void Append(List<Instruction> to, List<Instruction> code)
    {
        int shift = to.Count;
        foreach (var at in code)
        {
            to.Add(at.Step switch
            {
                Step.Split => at with { A = at.A + shift, B = at.B + shift },
                Step.Jump => at with { A = at.A + shift },
                Step.Progress => at with { B = at.B + shift },
                _ => at,
            });
        }
    }

    private List<Instruction> Atom()
    {
        char c = _source[_at];
        switch (c)
        {
            case '(':
                _at++;
                return Group();
            case '[':
                _at++;
                return [new Instruction(Step.Set, Set: Class().Seal(_ignoreCase))];
            case '.':
                _at++;
                var any = new CharSet();
                bool all = _dotAll;
                any.Add(rune => all || rune != '\n');
                return [new Instruction(Step.Set, Set: any.Seal(false))];
            case '^':
                _at++;
                return [new Instruction(Step.LineStart)];
            case '$':
                _at++;
                return [new Instruction(Step.LineEnd)];
            case '\\':
                _at++;
                return Escape();
            case '*' or '+' or '?':
                throw Bad("nothing to repeat");
            default:
                int rune = Runes.At(_source, _at, out int length);
                _at += length;
                return [Literal(rune)];
        }
    }

    private Instruction Literal(int rune) => new(Step.Char, _ignoreCase ? CaseFolding.Fold(rune) : rune, Flag: _ignoreCase);

    private List<Instruction> Group()
    {
        if (Take("?#"))
        {
            while (More && _source[_at] != ')') _at++;
            return Closed([]);
        }

        if (Take("?=")) return Closed(Looking(Alternatives(), behind: false, negative: false));
        if (Take("?!")) return Closed(Looking(Alternatives(), behind: false, negative: true));
        if (Take("?<=")) return Closed(Looking(Alternatives(), behind: true, negative: false));
        if (Take("?<!")) return Closed(Looking(Alternatives(), behind: true, negative: true));
        if (Take("?>"))
        {
            return Closed([Enclosed(Step.Atomic, Alternatives())]);
        }

        if (Take("?:")) return Closed(Alternatives());
        if (Take("?<") || Take("?'"))
        {
            while (More && _source[_at] is not ('>' or '\'')) _at++;
            _at++;
            return Closed(Alternatives());
        }

        return Take("?") ? Options() : Closed(Alternatives());
    }

    private static List<Instruction> Looking(List<Instruction> code, bool behind, bool negative) =>
        [Enclosed(Step.Look, code) with { Flag = behind, Flag2 = negative }];

    /// <summary>One instruction that holds a program of its own.</summary>
    private static Instruction Enclosed(Step step, List<Instruction> code)
    {
        code.Add(new Instruction(Step.Match));
        (int least, int most) = PatternWidth.Of(code);
        return new Instruction(step, least, most, Inner: [.. code]);
    }

    private List<Instruction> Closed(List<Instruction> code)
    {
        if (!More || _source[_at] != ')') throw Bad("a ( without its )");
        _at++;
        return code;
    }

    private List<Instruction> Options()
    {
        (bool ignoreCase, bool dotAll, bool extended) = (_ignoreCase, _dotAll, _extended);
        bool on = true;
        for (; More; _at++)
        {
            switch (_source[_at])
            {
                case '-': on = false; break;
                case 'i': _ignoreCase = on; break;
                case 'm' or 's': _dotAll = on; break;
                case 'x': _extended = on; break;
                case ':':
                    _at++;
                    var code = Closed(Alternatives());
                    (_ignoreCase, _dotAll, _extended) = (ignoreCase, dotAll, extended);
                    return code;
                case ')':
                    // The options hold to the end of the group around.
                    _at++;
                    return [];
                default: throw Bad("an option that is not known");
            }
        }

        throw Bad("a ( without its )");
    }

    private List<Instruction> Quantified(List<Instruction> atom)
    {
        while (More)
        {
            int least;
            int most;
            bool braces = false;
            if (Take("*")) (least, most) = (0, int.MaxValue);
            else if (Take("+")) (least, most) = (1, int.MaxValue);
            else if (Take("?")) (least, most) = (0, 1);
            else if (_source[_at] == '{' && Braces(out least, out most)) braces = true;
            else return atom;
            bool lazy = Take("?");
            bool possessive = !lazy && !braces && Take("+");
            atom = Repeat(atom, least, most, lazy, possessive);
        }

        return atom;
    }

    private bool Braces(out int least, out int most)
    {
        (least, most) = (0, int.MaxValue);
        int close = _source.IndexOf('}', _at);
        if (close < 0) return false;
        var parts = _source[(_at + 1)..close].Split(',');
        if (parts.Length > 2 || parts is [""] or ["", ""]) return false;
        if (parts[0].Length > 0 && !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out least)) return false;
        if (parts.Length == 1) most = least;
        else if (parts[1].Length > 0 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out most)) return false;
        _at = close + 1;
        if (most < least) throw Bad("a repetition whose numbers are the wrong way round");
        return true;
    }

    private List<Instruction> Repeat(List<Instruction> atom, int least, int most, bool lazy, bool possessive)
    {
        if (atom.Count == 0) return atom;
        if (atom is [{ Step: Step.Set or Step.Char } one])
        {
            return [new Instruction(Step.Loop, least, most, SetOf(one), Flag: lazy, Flag2: possessive)];
        }

        long size = (long)atom.Count * (most == int.MaxValue ? least + 1 : most);
        if (size > MostInstructions) throw Bad("a repetition that is too large");
        var code = new List<Instruction>();
        for (int i = 0; i < least; i++) Append(code, atom);
        if (most == int.MaxValue)
        {
            // top: split body, end; body: mark; atom; progress (else end); jump top
            int mark = _marks++;
            int top = code.Count;
            int end = top + atom.Count + 4;
            code.Add(lazy ? new Instruction(Step.Split, end, top + 1) : new Instruction(Step.Split, top + 1, end));
            code.Add(new Instruction(Step.Mark, mark));
            Append(code, atom);
            code.Add(new Instruction(Step.Progress, mark, end));
            code.Add(new Instruction(Step.Jump, top));
        }
        else
        {
            int end = code.Count + (most - least) * (atom.Count + 1);
            for (int i = least; i < most; i++)
            {
                int next = code.Count + 1;
                code.Add(lazy ? new Instruction(Step.Split, end, next) : new Instruction(Step.Split, next, end));
                Append(code, atom);
            }
        }

        return possessive ? [Enclosed(Step.Atomic, code)] : code;
    }

    private static CharSet SetOf(Instruction one)
    {
        if (one.Step == Step.Set) return one.Set!;
        var set = new CharSet();
        if (one.Flag) set.Add(rune => CaseFolding.Fold(rune) == one.A);
        else set.Add(one.A, one.A);
        return set.Seal(false);
    }

    private List<Instruction> Escape()
    {
        if (!More) throw Bad("a backslash at the end");
        char c = _source[_at];
        Step? edge = c switch
        {
            'b' => Step.WordEdge,
            'B' => Step.NoWordEdge,
            'A' => Step.TextStart,
            'z' => Step.TextEnd,
            'Z' => Step.TextEndOrLine,
            _ => null,
        };
        if (edge is { } step)
        {
            _at++;
            return [new Instruction(step)];
        }

        if (c is 'G' or 'K' or 'k' or 'g' or 'X' or 'R' || char.IsAsciiDigit(c) && c != '0') throw Bad($"\\{c} is not supported");
        var set = new CharSet();
        int? rune = EscapedInto(set);
        return [rune is { } literal ? Literal(literal) : new Instruction(Step.Set, Set: set.Seal(_ignoreCase))];
    }

    /// <summary>Reads what follows a backslash: a character (returned) or a set (added).</summary>
    private int? EscapedInto(CharSet set)
    {
        char c = _source[_at++];
        switch (c)
        {
            case 'p' or 'P':
                AddProperty(set, c == 'P');
                return null;
            case 's': set.Add(CharClasses.IsWhiteSpace); return null;
            case 'S': set.Add(rune => !CharClasses.IsWhiteSpace(rune)); return null;
            case 'd': set.Add(CharSet.Property("nd")!); return null;
            case 'D': set.Add(rune => Runes.Category(rune) != UnicodeCategory.DecimalDigitNumber); return null;
            case 'w': set.Add(_inClass ? CharSet.ClassWord : CharSet.Word); return null;
            case 'W':
                Func<int, bool> word = _inClass ? CharSet.ClassWord : CharSet.Word;
                set.Add(rune => !word(rune));
                return null;
            case 'h': set.Add(rune => rune < 128 && char.IsAsciiHexDigit((char)rune)); return null;
            case 'H': set.Add(rune => rune >= 128 || !char.IsAsciiHexDigit((char)rune)); return null;
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return 7;
            case 'e': return 27;
            case '0': return Digits(2, 8);
            case 'x' when More && _source[_at] == '{':
                int close = _source.IndexOf('}', _at);
                if (close < 0 || !int.TryParse(_source.AsSpan(_at + 1, close - _at - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int code) || code is < 0 or > 0x10FFFF) throw Bad("a code point that does not exist");
                _at = close + 1;
                return code;
            case 'x': return Digits(2, 16);
            case 'u': return Digits(4, 16);
            default:
                _at--;
                int rune = Runes.At(_source, _at, out int length);
                _at += length;
                return rune;
        }
    }

    private int Digits(int most, int radix)
    {
        int value = 0;
        for (int i = 0; i < most && More && char.IsAsciiHexDigit(_source[_at]) && (radix == 16 || _source[_at] is >= '0' and < '8'); i++)
        {
            value = value * radix + Convert.ToInt32(_source[_at++].ToString(), 16);
        }

        return value;
    }

    private void AddProperty(CharSet set, bool negated)
    {
        if (!More) throw Bad("\\p without a property");
        string name;
        if (_source[_at] == '{')
        {
            int close = _source.IndexOf('}', _at);
            if (close < 0) throw Bad("\\p{ without its }");
            name = _source[(_at + 1)..close];
            _at = close + 1;
        }
        else
        {
            name = _source[_at++].ToString();
        }

        if (name.StartsWith('^'))
        {
            negated = !negated;
            name = name[1..];
        }

        var test = CharSet.Property(name) ?? throw Bad($"the property {name} is not known");
        if (negated) set.Add(rune => !test(rune));
        else set.Add(test);
    }

    /// <summary>Reads a bracketed class after its opening bracket.</summary>
    private CharSet Class()
    {
        if (++_depth > MostDepth) throw Bad("classes nested too deeply");
        var set = new CharSet();
        if (More && _source[_at] == '^')
        {
            set.Negated = true;
            _at++;
        }

        var side = new CharSet();
        List<CharSet>? sides = null;
        bool first = true;
        while (true)
        {
            if (!More) throw Bad("a [ without its ]");
            if (_source[_at] == ']' && !first) break;
            first = false;
            if (Take("&&"))
            {
                (sides ??= []).Add(side);
                side = new CharSet();
            }
            else
            {
                ClassItem(side);
            }
        }

        _at++;
        _depth--;
        set.Add(side);
        foreach (var other in sides ?? []) set.Intersect(other);
        return set;
    }

    private void ClassItem(CharSet set)
    {
        if (Take("[:"))
        {
            int close = _source.IndexOf(":]", _at, StringComparison.Ordinal);
            if (close < 0) throw Bad("a [: without its :]");
            string name = _source[_at..close];
            _at = close + 2;
            bool negated = name.StartsWith('^');
            var test = CharSet.Property(negated ? name[1..] : name) ?? throw Bad($"the class {name} is not known");
            set.Add(negated ? rune => !test(rune) : test);
            return;
        }

        if (Take("["))
        {
            set.Add(Class());
            return;
        }

        if (ClassRune(set) is not { } low) return;
        if (_at + 1 < _source.Length && _source[_at] == '-' && _source[_at + 1] != ']')
        {
            _at++;
            if (ClassRune(set) is not { } high) throw Bad("a range that ends in a class");
            if (high < low) throw Bad("a range that runs backwards");
            set.Add(low, high);
            return;
        }

        set.Add(low, low);
    }

    private int? ClassRune(CharSet set)
    {
        if (!More) throw Bad("a [ without its ]");
        if (_source[_at] == '\\')
        {
            _at++;
            if (!More) throw Bad("a backslash at the end");
            if (_source[_at] != 'b')
            {
                _inClass = true;
                int? escaped = EscapedInto(set);
                _inClass = false;
                return escaped;
            }

            _at++;
            return 8;
        }

        int rune = Runes.At(_source, _at, out int length);
        _at += length;
        return rune;
    }
}
