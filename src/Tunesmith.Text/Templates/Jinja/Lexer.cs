using System.Globalization;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>
/// Cuts a template into tokens, with trim_blocks and lstrip_blocks on as chat templates are rendered
/// (rules: Jinja 3.1, lexer.py, class Lexer).
/// </summary>
internal sealed class Lexer
{
    private static readonly string[] Operators =
        ["**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[", "]", "(", ")", "{", "}", "<", ">", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private bool _lineStarts = true;

    private Lexer(string source) => _source = source;

    public static List<Token> Read(string source)
    {
        var text = source.Replace("\r\n", "\n").Replace('\r', '\n');
        if (text.EndsWith('\n')) text = text[..^1];
        var lexer = new Lexer(text);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            int begin = NextTag(_at);
            if (begin < 0)
            {
                AddText(_source[_at..], _line);
                break;
            }
            ReadTag(begin);
        }
        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int NextTag(int from)
    {
        for (int i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
            if (_source[i + 1] is '{' or '%' or '#') return i;
        return -1;
    }

    private void ReadTag(int begin)
    {
        char kind = _source[begin + 1];
        int after = begin + 2;
        char sign = after < _source.Length && _source[after] is '-' or '+' ? _source[after++] : '\0';
        string text = _source[_at..begin];
        AddText(StripBefore(text, sign, kind == '{'), _line);
        CountLines(text);
        _at = after;
        if (kind == '#') ReadComment(begin);
        else if (kind == '%' && TryReadRaw()) return;
        else ReadCode(kind);
    }

    /// <summary>What is left of the text before a tag: <c>-</c> takes all blanks, lstrip_blocks those from the line's start.</summary>
    private string StripBefore(string text, char sign, bool output)
    {
        if (sign == '-') return text.TrimEnd();
        if (sign == '+' || output) return text;
        int lineStart = text.LastIndexOf('\n') + 1;
        bool blank = lineStart < text.Length && string.IsNullOrWhiteSpace(text[lineStart..]);
        return blank && (lineStart > 0 || _lineStarts) ? text[..lineStart] : text;
    }

    private void ReadComment(int begin)
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw TemplateErrors.Unclosed("comment", "#}", _line);
        CountLines(_source[begin..end]);
        char last = end > begin + 2 ? _source[end - 1] : '\0';
        _at = end + 2;
        SkipAfterTag(last, trim: true);
    }

    private bool TryReadRaw()
    {
        int i = SkipBlanks(_at);
        if (!StartsWithWord(i, "raw")) return false;
        i = SkipBlanks(i + 3);
        bool strip = i < _source.Length && _source[i] == '-';
        if (strip) i++;
        if (!Starts(i, "%}")) return false;
        CountLines(_source[_at..i]);
        _at = i + 2;
        if (strip) SkipAfterTag('-', trim: false);
        int from = _at;
        while (true)
        {
            int tag = _source.IndexOf("{%", from, StringComparison.Ordinal);
            if (tag < 0) throw TemplateErrors.Unclosed("raw block", "{% endraw %}", _line);
            int after = tag + 2;
            char sign = after < _source.Length && _source[after] is '-' or '+' ? _source[after++] : '\0';
            int word = SkipBlanks(after);
            if (StartsWithWord(word, "endraw"))
            {
                int end = SkipBlanks(word + 6);
                char last = end < _source.Length && _source[end] is '-' or '+' ? _source[end++] : '\0';
                if (Starts(end, "%}"))
                {
                    string text = _source[_at..tag];
                    AddText(StripBefore(text, sign, output: false), _line);
                    CountLines(_source[_at..end]);
                    _at = end + 2;
                    SkipAfterTag(last, trim: true);
                    return true;
                }
            }
            from = tag + 2;
        }
    }

    private void ReadCode(char kind)
    {
        bool output = kind == '{';
        string close = output ? "}}" : "%}";
        int beginLine = _line;
        _tokens.Add(new Token(output ? TokenKind.OutputBegin : TokenKind.BlockBegin, output ? "{{" : "{%", _line));
        var brackets = new Stack<char>();
        while (true)
        {
            SkipBlanksCounted();
            if (_at >= _source.Length) throw TemplateErrors.Unclosed(output ? "print statement" : "statement", close, beginLine);
            if (brackets.Count == 0 && EndsHere(close, output, out char sign))
            {
                _tokens.Add(new Token(output ? TokenKind.OutputEnd : TokenKind.BlockEnd, close, _line));
                SkipAfterTag(sign, trim: !output);
                return;
            }
            ReadToken(brackets);
        }
    }

    private bool EndsHere(string close, bool output, out char sign)
    {
        sign = _source[_at] == '-' || (_source[_at] == '+' && !output) ? _source[_at] : '\0';
        int at = sign == '\0' ? _at : _at + 1;
        if (!Starts(at, close)) return false;
        _at = at + 2;
        return true;
    }

    /// <summary>After a tag: <c>-</c> skips all blanks; trim_blocks skips one newline unless <c>+</c> forbids it.</summary>
    private void SkipAfterTag(char sign, bool trim)
    {
        int before = _at;
        if (sign == '-') while (_at < _source.Length && char.IsWhiteSpace(_source[_at])) _at++;
        else if (trim && sign != '+' && _at < _source.Length && _source[_at] == '\n') _at++;
        CountLines(_source[before.._at]);
        _lineStarts = _at > before && _source[_at - 1] == '\n';
    }

    private void ReadToken(Stack<char> brackets)
    {
        char c = _source[_at];
        if (c is '"' or '\'') ReadString(c);
        else if (char.IsAsciiDigit(c)) ReadNumber();
        else if (c == '_' || char.IsLetter(c)) ReadName();
        else ReadOperator(brackets);
    }

    private void ReadName()
    {
        int from = _at;
        while (_at < _source.Length && (_source[_at] == '_' || char.IsLetterOrDigit(_source[_at]))) _at++;
        _tokens.Add(new Token(TokenKind.Name, _source[from.._at], _line));
    }

    private void ReadOperator(Stack<char> brackets)
    {
        string? found = Operators.FirstOrDefault(o => Starts(_at, o));
        if (found is null) throw TemplateErrors.UnexpectedCharacter(_source[_at], _line);
        char c = found[0];
        if (c is '(' or '[' or '{') brackets.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        if (c is ')' or ']' or '}' && (!brackets.TryPop(out char expected) || expected != c)) throw TemplateErrors.UnexpectedCharacter(c, _line);
        _tokens.Add(new Token(TokenKind.Operator, found, _line));
        _at += found.Length;
    }

    private void ReadNumber()
    {
        int from = _at;
        if (_source[_at] == '0' && _at + 1 < _source.Length && char.ToLowerInvariant(_source[_at + 1]) is 'x' or 'o' or 'b')
        {
            int radix = char.ToLowerInvariant(_source[_at + 1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
            _at += 2;
            while (_at < _source.Length && (char.IsAsciiHexDigit(_source[_at]) || _source[_at] == '_')) _at++;
            AddInteger(from, _source[(from + 2).._at], radix);
            return;
        }
        SkipDigits();
        bool real = false;
        if (_at + 1 < _source.Length && _source[_at] == '.' && char.IsAsciiDigit(_source[_at + 1]))
        {
            real = true;
            _at++;
            SkipDigits();
        }
        if (_at < _source.Length && _source[_at] is 'e' or 'E')
        {
            int digits = _at + 1 < _source.Length && _source[_at + 1] is '+' or '-' ? _at + 2 : _at + 1;
            if (digits < _source.Length && char.IsAsciiDigit(_source[digits]))
            {
                real = true;
                _at = digits;
                SkipDigits();
            }
        }
        string text = _source[from.._at];
        if (!real) AddInteger(from, text, 10);
        else _tokens.Add(new Token(TokenKind.Float, text, _line, double.Parse(text.Replace("_", ""), CultureInfo.InvariantCulture)));
    }

    private void AddInteger(int from, string digits, int radix)
    {
        try
        {
            digits = digits.Replace("_", "");
            long value = radix == 10 ? long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) : Convert.ToInt64(digits, radix);
            _tokens.Add(new Token(TokenKind.Integer, _source[from.._at], _line, value));
        }
        catch (Exception e) when (e is OverflowException or FormatException or ArgumentException)
        {
            throw TemplateErrors.BadNumber(_source[from.._at], _line);
        }
    }

    private void SkipDigits()
    {
        while (_at < _source.Length && (char.IsAsciiDigit(_source[_at]) || (_source[_at] == '_' && _at + 1 < _source.Length && char.IsAsciiDigit(_source[_at + 1])))) _at++;
    }

    private void ReadString(char quote)
    {
        int line = _line;
        var text = new StringBuilder();
        int i = _at + 1;
        while (true)
        {
            if (i >= _source.Length) throw TemplateErrors.Unclosed("string", quote.ToString(), line);
            char c = _source[i++];
            if (c == quote) break;
            if (c == '\n') _line++;
            if (c != '\\' || i >= _source.Length) text.Append(c);
            else i = ReadEscape(i, text, line);
        }
        _at = i;
        _tokens.Add(new Token(TokenKind.String, text.ToString(), line));
    }

    /// <summary>Python's escapes; an unknown one keeps its backslash.</summary>
    private int ReadEscape(int i, StringBuilder text, int line)
    {
        char c = _source[i++];
        int simple = "abfnrtv\\'\"".IndexOf(c);
        if (simple >= 0) text.Append("\a\b\f\n\r\t\v\\'\""[simple]);
        else if (c == '\n') _line++;
        else if (c is 'x' or 'u' or 'U') return ReadHex(i, c == 'x' ? 2 : c == 'u' ? 4 : 8, text, line);
        else if (c is >= '0' and <= '7')
        {
            int value = c - '0';
            for (int n = 1; n < 3 && i < _source.Length && _source[i] is >= '0' and <= '7'; n++) value = value * 8 + (_source[i++] - '0');
            text.Append((char)value);
        }
        else text.Append('\\').Append(c);
        return i;
    }

    private int ReadHex(int i, int digits, StringBuilder text, int line)
    {
        if (i + digits > _source.Length || !int.TryParse(_source.AsSpan(i, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || value is < 0 or > 0x10FFFF)
            throw TemplateErrors.BadEscape(line);
        if (value > 0xFFFF) text.Append(char.ConvertFromUtf32(value));
        else text.Append((char)value);
        return i + digits;
    }

    private bool Starts(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private bool StartsWithWord(int at, string word) =>
        Starts(at, word) && (at + word.Length >= _source.Length || !(char.IsLetterOrDigit(_source[at + word.Length]) || _source[at + word.Length] == '_'));

    private int SkipBlanks(int at)
    {
        while (at < _source.Length && char.IsWhiteSpace(_source[at])) at++;
        return at;
    }

    private void SkipBlanksCounted()
    {
        int to = SkipBlanks(_at);
        CountLines(_source[_at..to]);
        _at = to;
    }

    private void AddText(string text, int line)
    {
        if (text.Length > 0) _tokens.Add(new Token(TokenKind.Text, text, line));
    }

    private void CountLines(string text) => _line += text.AsSpan().Count('\n');
}
