namespace Tunesmith.Runs.Reports;

/// <summary>
/// A font of straight strokes for the labels of a plot. A glyph is its width and polylines of points, two hexadecimal digits
/// each (x, y); capitals reach from 0 to 9, small letters from 3, descenders to 12.
/// </summary>
internal static class StrokeFont
{
    /// <summary>Height of a capital in font units.</summary>
    public const double CapHeight = 9;

    private const double Spacing = 2.6;

    private static readonly Dictionary<char, (double Width, double[][] Strokes)> Glyphs = Read();

    /// <summary>How wide a text is in font units.</summary>
    public static double Width(string text) => text.Sum(c => Glyph(c).Width + Spacing) - Spacing;

    /// <summary>Each polyline of a text as x, y, x, y ... in font units, from (0, 0) at the top left of its capitals.</summary>
    public static IEnumerable<double[]> Strokes(string text)
    {
        double x = 0;
        foreach (var c in text)
        {
            var (width, strokes) = Glyph(c);
            foreach (var stroke in strokes) yield return [.. stroke.Select((value, i) => i % 2 == 0 ? value + x : value)];
            x += width + Spacing;
        }
    }

    private static (double Width, double[][] Strokes) Glyph(char c) => Glyphs.TryGetValue(c, out var glyph) ? glyph : Glyphs['\u25A1'];

    private static Dictionary<char, (double, double[][])> Read()
    {
        var glyphs = new Dictionary<char, (double, double[][])>();
        foreach (var line in Table.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            glyphs[parts[0] == "SPACE" ? ' ' : parts[0][0]] = (int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture),
                [.. parts.Skip(2).Select(stroke => stroke.Select(digit => (double)Convert.ToInt32(digit.ToString(), 16)).ToArray())]);
        }
        return glyphs;
    }

    private const string Table = """
        SPACE 3
        □ 5 0050595900
        0 6 20405162675849291807021120
        1 4 022029 0949
        2 6 021120405162630969
        3 6 01204051625344 2444 445566675849291807
        4 6 49400666
        5 6 60100423435465675849291807
        6 6 5140201102071829495867655444241506
        7 6 006029
        8 6 204051534424131120 241506071829495867665544
        9 6 6354452514030211204051626758492918
        A 8 094089 2666
        B 6 09004051534404 44556667584909
        C 6 625140201102071829495867
        D 6 000949586762514000
        E 5 50000959 0444
        F 5 500009 0444
        G 6 62514020110207182949586765 6545
        H 6 0009 6069 0464
        I 0 0009
        J 4 404738291807
        K 6 0009 6005 2369
        L 5 000959
        M 8 0900458089
        N 6 09006960
        O 7 20506172776859291807021120
        P 6 090040516263544505
        Q 7 20506172776859291807021120 5779
        R 6 090040516263544505 3569
        S 6 6251402011021324445566675849291807
        T 6 0060 3039
        U 6 0007182949586760
        V 6 003960
        W 10 00295079a0
        X 6 0069 6009
        Y 6 003460 3439
        Z 6 00600969
        a 5 5359 54432314050718294958
        b 5 0009 04133344555748391908
        c 5 54432314050718294958
        d 5 5059 54432314050718294958
        e 5 06565544332314050718294958
        f 4 40302129 0343
        g 5 535a4b3c1c0b 54432314050718294958
        h 5 0009 05142333445559
        i 0 0309 0001
        j 1 131b0c 1011
        k 5 0009 5306 2459
        l 0 0009
        m 8 0309 051423334449 455463738489
        n 5 0309 05142333445559
        o 5 23334455574839291807051423
        p 5 030c 04133344555748391908
        q 5 535c 54432314050718294958
        r 3 0309 05142333
        s 5 544313040516465758491908
        t 4 20283949 0343
        u 5 03071829394857 5359
        v 4 032943
        w 8 0329446983
        x 5 0359 5309
        y 4 0328 430c
        z 5 03530959
        _ 6 0b6b
        - 3 0636
        . 0 0809
        , 1 180b
        : 0 0405 0809
        / 4 4009
        ( 2 20020729
        ) 2 00222709
        % 7 7009 1021120110 6778695867
        + 4 2428 0646
        = 4 0545 0747
        """;
}
