using System.Text;
using System.Text.Json;

namespace Tunesmith.Tests;

/// <summary>Damaged copies of good files: bytes flipped, lost, doubled and repeated, broken UTF-8, odd pieces; in JSON also values of other kinds, doubled keys and deep nests.</summary>
internal sealed class Damage(int seed, IReadOnlyList<byte[]> good, IReadOnlyList<string> pieces, bool json = false)
{
    private static readonly byte[][] s_bytes =
    [
        [0], [0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xef, 0xbb, 0xbf], [0xff, 0xfe], [0x1f, 0x8b], "\r"u8.ToArray(), "\n"u8.ToArray(), "€"u8.ToArray(), "\u2028"u8.ToArray(),
    ];

    private static readonly string[] s_values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "0.5", "-0.0", "1e308", "1e999", "-1e-999", "2147483647", "2147483648", "-2147483649", "4294967296", "9007199254740993", "1000000000000000000", "9223372036854775807", "-9223372036854775808",
        "18446744073709551616", "123456789012345678901234567890", "\"\"", "\"0\"", "\"-1\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u202e\\ufeff\"", "\"NaN\"", "\"../../../etc/passwd\"", "\"/dev/zero\"", "\" \"", "\"é😀\"", "[]", "{}", "[null]", "[[]]",
        "[0, 0]", "[-1, 1]", "[1000000000000000000, 1000000000000000000]", "{\"type\": null}", "{\"\": {}}", "\"(a+)+$\"", "\"(?:a|a|aa)+$\"", "\"(?<=a{1000})b\"", "\"(\"", "\"a{1,1000000000}\"", "\"((((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}\"",
    ];

    // The same damage every time, unless TUNESMITH_FUZZ_SEED asks for other damage.
    private readonly Random _random = new(seed + 1000 * (int.TryParse(Environment.GetEnvironmentVariable("TUNESMITH_FUZZ_SEED"), out int other) ? other : 0));

    public byte[] Next()
    {
        byte[] file = good[_random.Next(good.Count)];
        // One in thirty stays whole, so that reading is tested where hardly any damage is forgiven.
        for (int times = _random.Next(30) == 0 ? 0 : _random.Next(1, 5); times > 0; times--)
            file = json && _random.Next(3) > 0 && Spans(file) is { Count: > 0 } spans ? Structure(file, spans) : Bytes(file);
        return file;
    }

    private byte[] Bytes(byte[] file)
    {
        int at = _random.Next(file.Length + 1), length = Math.Min(_random.Next(1, 16), file.Length - at);
        switch (_random.Next(9))
        {
            case 0 when at < file.Length: return [.. file[..at], (byte)(file[at] ^ 1 << _random.Next(8)), .. file[(at + 1)..]];
            case 1: return [.. file[..at], .. file[(at + length)..]];
            case 2: return [.. file[..at], .. file[at..(at + length)], .. file[at..]];
            case 3: return [.. file[..at], .. s_bytes[_random.Next(s_bytes.Length)], .. file[at..]];
            case 4: return [.. file[..at], (byte)_random.Next(256), .. file[at..]];
            case 5 when _random.Next(3) == 0: return file[..at];
            case 6: return [.. file[..at], .. Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Piece(), Few()))), .. file[at..]];
            default: return [.. file[..at], .. Encoding.UTF8.GetBytes(Piece()), .. file[Math.Min(file.Length, at + _random.Next(4))..]];
        }
    }

    private string Piece() => pieces.Count == 0 ? "\"" : pieces[_random.Next(pieces.Count)];

    // Mostly a few, sometimes thousands.
    private int Few() => _random.Next(20) == 0 ? _random.Next(1000, 20_000) : _random.Next(1, 60);

    private byte[] Structure(byte[] file, List<(int Start, int End, int Key)> spans)
    {
        var (start, end, key) = spans[_random.Next(spans.Count)];
        byte[] value = file[start..end];
        switch (_random.Next(9))
        {
            case 0: // another value of the same file
                var (from, to, _) = spans[_random.Next(spans.Count)];
                value = file[from..to];
                break;
            case 1 when key >= 0: // a key twice, with two values
                byte[] twin = [.. file[key..start], .. Encoding.UTF8.GetBytes(s_values[_random.Next(s_values.Length)]), (byte)','];
                return [.. file[..key], .. twin, .. file[key..]];
            case 2 when key >= 0: // another key
                return [.. file[..key], .. "\"x\": "u8, .. file[start..]];
            case 3: // a nest
                int depth = Few();
                bool list = _random.Next(2) == 0;
                value = [.. Enumerable.Repeat(list ? "["u8.ToArray() : "{\"a\":"u8.ToArray(), depth).SelectMany(open => open), .. value, .. Enumerable.Repeat(list ? (byte)']' : (byte)'}', depth)];
                break;
            case 4: // in a list, or out of it
                value = value[0] == '[' && value.Length > 2 && _random.Next(2) == 0 ? value[1..^1] : [(byte)'[', .. value, (byte)']'];
                break;
            case 5: // again and again, where it stands in a list
                if (key >= 0) goto default;
                value = [.. Enumerable.Repeat((byte[])[.. value, (byte)','], Math.Min(Few(), 1 + 200_000 / (value.Length + 1))).SelectMany(one => one), .. value];
                break;
            case 6 when value[0] == '"': // a very long string
                value = Encoding.UTF8.GetBytes('"' + string.Concat(Enumerable.Repeat(_random.Next(2) == 0 ? "a" : "\\u00e9", Few())) + '"');
                break;
            default:
                value = Encoding.UTF8.GetBytes(s_values[_random.Next(s_values.Length)]);
                break;
        }
        return [.. file[..start], .. value, .. file[end..]];
    }

    // Where the values of a JSON text stand, and the keys before them (-1 in lists). None where the text is no JSON any more.
    private static List<(int Start, int End, int Key)> Spans(byte[] file)
    {
        var spans = new List<(int, int, int)>();
        var open = new Stack<(int Start, int Key)>();
        int key = -1;
        try
        {
            var reader = new Utf8JsonReader(file, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = 60 });
            while (reader.Read() && spans.Count < 2000)
            {
                int start = (int)reader.TokenStartIndex, end = (int)reader.BytesConsumed;
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        key = start;
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push((start, key));
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        var (first, name) = open.Pop();
                        spans.Add((first, end, name));
                        break;
                    default:
                        spans.Add((start, end, key));
                        break;
                }
                key = -1;
            }
        }
        catch (JsonException)
        {
            return [];
        }
        return spans;
    }
}
