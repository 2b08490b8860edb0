using System.Text;

namespace Tunesmith.Data.Readers;

/// <summary>Plain text: every line is a row with the one column <c>text</c>.</summary>
internal static class TextLinesReader
{
    public static IEnumerable<Row> Read(string path, string name)
    {
        using var bytes = Utf8Stream.Open(path, name);
        var chars = new CharSource(bytes);
        var text = new StringBuilder();
        while (chars.Peek() >= 0)
        {
            long line = chars.Line;
            text.Clear();
            int c;
            while ((c = chars.Read()) is >= 0 and not '\n' and not '\r')
            {
                if (text.Length == TableReader.LargestRow) throw Errors.RowTooLarge(name, line, TableReader.LargestRow >> 20);
                text.Append((char)c);
            }
            if (c == '\r' && chars.Peek() == '\n') chars.Read();
            yield return new TextRow(new Place(name, line, line), text.ToString());
        }
    }
}
