using System.Text;

namespace Tunesmith.Data.Readers;

/// <summary>
/// Table files (CSV, TSV and the like) as RFC 4180 has them: quoted cells may hold the delimiter, doubled quotes and line breaks;
/// lines end with LF, CRLF or CR. In tab-separated files, whose writers often quote nothing, a quote at the start of a cell counts
/// only if the cell also ends with one on the same line; otherwise it is a character like any other.
/// </summary>
internal sealed class TableReader
{
    // One row may not fill the memory: a quote that is never closed would swallow the rest of the file.
    internal const int LargestRow = 64 << 20;
    // A cell takes memory although nothing is in it: a row of delimiters alone may not fill it either.
    internal const int MostCells = 1_000_000;
    private readonly CharSource _chars;
    private readonly string _name;
    private readonly char _delimiter;
    private readonly TableQuoting _quoting;
    private readonly List<string> _cells = [];
    private readonly StringBuilder _cell = new();
    private long _size;

    private TableReader(CharSource chars, string name, char delimiter, TableQuoting quoting)
    {
        _chars = chars;
        _name = name;
        _delimiter = delimiter;
        _quoting = quoting;
    }

    public static IEnumerable<Row> Read(string path, string name, ReadOptions options, char ownDelimiter)
    {
        using var bytes = Utf8Stream.Open(path, name);
        var chars = new CharSource(bytes);
        char delimiter = options.Delimiter ?? ownDelimiter;
        var quoting = options.Quoting switch
        {
            "none" => TableQuoting.None,
            "rfc4180" => TableQuoting.Everywhere,
            _ => delimiter == '\t' ? TableQuoting.WithinLine : TableQuoting.Everywhere,
        };
        var reader = new TableReader(chars, name, delimiter, quoting);
        TableHeader? header = options.ColumnNames.Count > 0 ? reader.Header([.. options.ColumnNames]) : null;
        long record = 0;
        while (reader.Next(out long line, out string? problem))
        {
            if (header is null)
            {
                if (problem is not null) throw Errors.BadTableRow(new Place(name, line, 0), problem);
                header = reader.Header([.. reader._cells]);
                continue;
            }
            var place = new Place(name, line, ++record);
            if (problem is null && reader._cells.Count != header.Names.Length) problem = Errors.CellCount(reader._cells.Count, header.Names, quoting == TableQuoting.Everywhere);
            if (problem is null) yield return new TableRow(place, header, [.. reader._cells]);
            else options.BadRows.Add(Errors.BadTableRow(place, problem));
        }
        if (header is null) throw Errors.EmptyFile(name);
    }

    private TableHeader Header(string[] names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            // A table that was written with a row index has a first column without a name.
            if (names[i].Trim().Length == 0) names[i] = $"column_{i + 1}";
        }
        var twice = names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null) throw Errors.ColumnTwice(_name, twice.Key);
        return new TableHeader(names);
    }

    /// <summary>Reads the next row that is not blank; false at the end. A row that breaks the rules is read to its end and named.</summary>
    private bool Next(out long line, out string? problem)
    {
        while (true)
        {
            _cells.Clear();
            _size = 0;
            problem = null;
            line = _chars.Line;
            if (_chars.Peek() < 0) return false;
            bool more = true;
            while (more) more = Cell(line, ref problem);
            if (_cells.Count > 1 || _cells[0].Length > 0 || problem is not null) return true;
        }
    }

    /// <summary>Reads one cell and what ends it; true when another one follows in this row.</summary>
    private bool Cell(long line, ref string? problem)
    {
        _cell.Clear();
        bool quoted = _chars.Peek() == '"' && _quoting switch
        {
            TableQuoting.None => false,
            TableQuoting.WithinLine => _chars.QuoteClosesOnThisLine(_delimiter, LargestRow),
            _ => true,
        };
        if (quoted) Quoted(line, ref problem);
        while (true)
        {
            int c = _chars.Read();
            if (c is < 0 or '\n' or '\r')
            {
                if (c == '\r' && _chars.Peek() == '\n') _chars.Read();
                Add(line);
                return false;
            }
            if (c == _delimiter)
            {
                Add(line);
                return true;
            }
            if (quoted) problem ??= Errors.AfterClosingQuote((char)c);
            Append((char)c, line);
        }
    }

    private void Quoted(long line, ref string? problem)
    {
        _chars.Read();
        while (true)
        {
            int c = _chars.Read();
            if (c < 0)
            {
                problem ??= Errors.OpenQuote;
                return;
            }
            if (c == '"')
            {
                if (_chars.Peek() != '"') return;
                _chars.Read();
            }
            Append((char)c, line);
        }
    }

    private void Add(long line)
    {
        if (_cells.Count == MostCells) throw Errors.TooManyCells(_name, line, MostCells);
        _cells.Add(_cell.ToString());
    }

    private void Append(char c, long line)
    {
        if (++_size > LargestRow) throw Errors.RowTooLarge(_name, line, LargestRow >> 20);
        _cell.Append(c);
    }
}

/// <summary>When a quote at the start of a cell is a quote.</summary>
internal enum TableQuoting
{
    None,
    WithinLine,
    Everywhere,
}
