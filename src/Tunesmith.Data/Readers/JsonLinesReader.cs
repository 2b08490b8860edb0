using System.Text.Json;

namespace Tunesmith.Data.Readers;

/// <summary>JSON Lines: one object a line; blank lines mean nothing.</summary>
internal static class JsonLinesReader
{
    public static IEnumerable<Row> Read(string path, string name, BadRows badRows)
    {
        using var bytes = Utf8Stream.Open(path, name);
        var window = new ByteWindow(bytes, name);
        long record = 0;
        while (window.FirstByte() >= 0)
        {
            int length = LineLength(window);
            var place = new Place(name, window.Line, ++record);
            var row = Parse(window.Span[..length], place, badRows);
            window.Advance(length);
            if (row is not null) yield return row;
        }
        if (record == 0) throw Errors.EmptyFile(name);
    }

    private static int LineLength(ByteWindow window)
    {
        int searched = 0;
        while (true)
        {
            int at = window.Span[searched..].IndexOf((byte)'\n');
            if (at >= 0) return searched + at;
            if (window.Ended) return window.Span.Length;
            searched = window.Span.Length;
            window.Extend();
        }
    }

    private static JsonRow? Parse(ReadOnlySpan<byte> line, Place place, BadRows badRows)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            var value = JsonElement.ParseValue(ref reader);
            if (reader.Read()) badRows.Add(Errors.NotJson(place, "more than one value"));
            else if (value.ValueKind != JsonValueKind.Object) badRows.Add(Errors.NotAnObject(place, JsonArrayReader.Word(value.ValueKind)));
            else if (!JsonTexts.AreWhole(line, value)) badRows.Add(Errors.HalfSurrogate(place.ToString()));
            else return new JsonRow(place, value);
        }
        catch (JsonException e)
        {
            badRows.Add(Errors.NotJson(place, JsonArrayReader.Reason(e)));
        }
        return null;
    }
}
