using System.Text.Json;

namespace Tunesmith.Data.Readers;

/// <summary>
/// A JSON file: a list of objects, or an object that holds one such list among its properties, or (told by its first line) JSON
/// Lines under another name. Only one object is in memory at a time.
/// </summary>
internal sealed class JsonArrayReader
{
    // A first line longer than this is taken for a whole file on one line.
    private const int LongestFirstLine = 1 << 20;
    private readonly ByteWindow _window;
    private readonly string _name;
    private readonly BadRows _badRows;
    private JsonReaderState _state;
    private Phase _phase = Phase.Start;
    private bool _wrapped;
    private string _property = "";
    private string? _list;
    private long _record;

    private JsonArrayReader(ByteWindow window, string name, BadRows badRows)
    {
        _window = window;
        _name = name;
        _badRows = badRows;
    }

    private enum Phase
    {
        Start,
        Properties,
        Value,
        Elements,
        Done,
    }

    public static IEnumerable<Row> Read(string path, string name, BadRows badRows)
    {
        if (IsLines(path, name)) return JsonLinesReader.Read(path, name, badRows);
        return ReadList(path, name, badRows);
    }

    private static IEnumerable<Row> ReadList(string path, string name, BadRows badRows)
    {
        using var bytes = Utf8Stream.Open(path, name);
        var window = new ByteWindow(bytes, name);
        int first = window.FirstByte();
        if (first < 0) throw Errors.EmptyFile(name);
        if (first is not '[' and not '{') throw Errors.NoList(name);
        var reader = new JsonArrayReader(window, name, badRows);
        while (reader.Next() is { } row) yield return row;
        if (reader._wrapped && reader._list is null) throw Errors.NoList(name);
    }

    private static bool IsLines(string path, string name)
    {
        using var bytes = Utf8Stream.Open(path, name);
        var window = new ByteWindow(bytes, name);
        if (window.FirstByte() != '{') return false;
        while (window.Span.IndexOf((byte)'\n') < 0)
        {
            if (window.Ended || window.Span.Length > LongestFirstLine) return false;
            window.Extend();
        }
        int end = window.Span.IndexOf((byte)'\n');
        try
        {
            var reader = new Utf8JsonReader(window.Span[..end]);
            reader.Read();
            reader.Skip();
            if (reader.Read()) return false;
        }
        catch (JsonException)
        {
            return false;
        }
        window.Advance(end);
        return window.FirstByte() >= 0;
    }

    private JsonRow? Next()
    {
        while (true)
        {
            long line = _window.Line;
            try
            {
                // Never the final block: what is missing at the end is then "more wanted", told apart from what is wrong.
                var reader = new Utf8JsonReader(_window.Span, isFinalBlock: false, _state);
                bool whole = Step(ref reader, out var row);
                if (whole)
                {
                    _state = reader.CurrentState;
                    _window.Advance((int)reader.BytesConsumed);
                    if (row is not null) return row;
                    if (_phase == Phase.Done && _window.FirstByte() < 0) return null;
                    continue;
                }
                if (_window.Ended) throw Errors.CutOff(Here(_window.Line + _window.Span.Count((byte)'\n')));
                _window.Extend();
            }
            catch (JsonException e)
            {
                // The parser counts lines from 0, over all that it was given.
                throw Errors.BrokenJson(Here(1 + (e.LineNumber ?? line - 1)), Reason(e));
            }
        }
    }

    // Between two records it is the next one that is meant.
    private Place Here(long line) => new(_name, line, _record + 1) { InList = _phase == Phase.Elements };

    /// <summary>Reads one token, or one row with all its tokens; false when the window does not show it whole.</summary>
    private bool Step(ref Utf8JsonReader reader, out JsonRow? row)
    {
        row = null;
        var before = reader;
        if (!reader.Read()) return false;
        switch (_phase)
        {
            case Phase.Start:
                _wrapped = reader.TokenType == JsonTokenType.StartObject;
                _phase = _wrapped ? Phase.Properties : Phase.Elements;
                return true;
            case Phase.Properties:
                if (reader.TokenType == JsonTokenType.EndObject)
                {
                    _phase = Phase.Done;
                    return true;
                }
                _property = PropertyName(ref reader);
                _phase = Phase.Value;
                return true;
            case Phase.Value:
                if (reader.TokenType == JsonTokenType.StartArray)
                {
                    _phase = Phase.Elements;
                    return true;
                }
                if (!reader.TrySkip())
                {
                    reader = before;
                    return false;
                }
                _phase = Phase.Properties;
                return true;
            default:
                return Element(ref reader, before, out row);
        }
    }

    private bool Element(ref Utf8JsonReader reader, Utf8JsonReader before, out JsonRow? row)
    {
        row = null;
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            _phase = _wrapped ? Phase.Properties : Phase.Done;
            return true;
        }
        long start = reader.TokenStartIndex;
        long line = _window.Line + _window.Span[..(int)start].Count((byte)'\n');
        bool isObject = reader.TokenType == JsonTokenType.StartObject;
        if (_wrapped && !isObject && _list != _property)
        {
            // A list of other things (names, numbers) beside the rows is not of interest.
            if (reader.TrySkip()) return true;
            reader = before;
            return false;
        }
        if (!JsonDocument.TryParseValue(ref reader, out var document))
        {
            reader = before;
            return false;
        }
        using (document)
        {
            if (_wrapped && _list is not null && _list != _property) throw Errors.TwoLists(_name, _list, _property);
            _list = _property;
            var place = new Place(_name, line, ++_record) { InList = true };
            if (isObject && JsonTexts.AreWhole(_window.Span[(int)start..(int)reader.BytesConsumed], document.RootElement)) row = new JsonRow(place, document.RootElement.Clone());
            else if (isObject) _badRows.Add(Errors.HalfSurrogate(place.ToString()));
            else _badRows.Add(Errors.NotAnObject(place, Word(document.RootElement.ValueKind)));
        }
        return true;
    }

    private string PropertyName(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            throw Errors.HalfSurrogate($"{_name}, line {_window.Line}");
        }
    }

    internal static string Word(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    /// <summary>The parser's reason without its own way of naming the place.</summary>
    internal static string Reason(JsonException e)
    {
        string message = e.Message;
        int at = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (at > 0) message = message[..at];
        return message.Replace(". Change the reader options.", "", StringComparison.Ordinal).TrimEnd('.');
    }
}
