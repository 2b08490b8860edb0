using System.Buffers.Binary;
using System.IO.Compression;

namespace Tunesmith.Runs.Reports;

/// <summary>A picture in memory: antialiased strokes on white, written as PNG.</summary>
internal sealed class Canvas(int width, int height)
{
    private readonly float[] _pixels = Enumerable.Repeat(1f, width * height * 3).ToArray();

    public int Width => width;

    public int Height => height;

    /// <summary>A polyline with round joints; where its parts overlap it is not drawn twice, so that a pale line stays even.</summary>
    /// <param name="points">x, y, x, y ... in pixels.</param>
    public void Stroke(ReadOnlySpan<double> points, double thickness, Ink ink)
    {
        var cover = new float[width * height];
        double half = thickness / 2;
        int top = height, bottom = -1;
        for (var i = 0; i + 3 < points.Length; i += 2)
        {
            double x0 = points[i], y0 = points[i + 1], x1 = points[i + 2], y1 = points[i + 3];
            int left = Math.Max(0, (int)Math.Floor(Math.Min(x0, x1) - half - 1)), right = Math.Min(width - 1, (int)Math.Ceiling(Math.Max(x0, x1) + half + 1));
            int up = Math.Max(0, (int)Math.Floor(Math.Min(y0, y1) - half - 1)), down = Math.Min(height - 1, (int)Math.Ceiling(Math.Max(y0, y1) + half + 1));
            (top, bottom) = (Math.Min(top, up), Math.Max(bottom, down));
            for (int y = up; y <= down; y++)
                for (int x = left; x <= right; x++)
                {
                    float covered = (float)Math.Clamp(half + 0.5 - Distance(x + 0.5, y + 0.5, x0, y0, x1, y1), 0, 1);
                    if (covered > cover[y * width + x]) cover[y * width + x] = covered;
                }
        }
        for (int y = top; y <= bottom; y++)
            for (var x = 0; x < width; x++) Blend(x, y, cover[y * width + x], ink);
    }

    public void Text(string text, double x, double y, double size, Ink ink, bool upwards = false)
    {
        double scale = size / StrokeFont.CapHeight;
        foreach (var stroke in StrokeFont.Strokes(text))
        {
            var points = new double[stroke.Length];
            for (var i = 0; i < stroke.Length; i += 2)
                (points[i], points[i + 1]) = upwards ? (x + stroke[i + 1] * scale, y - stroke[i] * scale) : (x + stroke[i] * scale, y + stroke[i + 1] * scale);
            Stroke(points, size / 8, ink);
        }
    }

    public static double TextWidth(string text, double size) => StrokeFont.Width(text) * size / StrokeFont.CapHeight;

    /// <summary>The picture as PNG: 8 bits for each of red, green, blue; one IDAT chunk (RFC 2083).</summary>
    public byte[] ToPng()
    {
        var rows = new byte[height * (1 + width * 3)];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width * 3; x++) rows[y * (1 + width * 3) + 1 + x] = (byte)Math.Round(_pixels[y * width * 3 + x] * 255);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write(rows);
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        Chunk(png, "IHDR", header);
        Chunk(png, "IDAT", packed.ToArray());
        Chunk(png, "IEND", []);
        return png.ToArray();
    }

    private static void Chunk(Stream png, string type, byte[] data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        for (var i = 0; i < 4; i++) chunk[4 + i] = (byte)type[i];
        data.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc(chunk.AsSpan(4, 4 + data.Length)));
        png.Write(chunk);
    }

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }
        return ~crc;
    }

    private void Blend(int x, int y, float covered, Ink ink)
    {
        if (covered == 0) return;
        float share = covered * ink.Opacity;
        int at = (y * width + x) * 3;
        _pixels[at] += (ink.Red / 255f - _pixels[at]) * share;
        _pixels[at + 1] += (ink.Green / 255f - _pixels[at + 1]) * share;
        _pixels[at + 2] += (ink.Blue / 255f - _pixels[at + 2]) * share;
    }

    private static double Distance(double x, double y, double x0, double y0, double x1, double y1)
    {
        double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
        double along = length == 0 ? 0 : Math.Clamp(((x - x0) * dx + (y - y0) * dy) / length, 0, 1);
        double ex = x - x0 - along * dx, ey = y - y0 - along * dy;
        return Math.Sqrt(ex * ex + ey * ey);
    }
}

/// <summary>A colour and how much of it covers what is below.</summary>
internal readonly record struct Ink(byte Red, byte Green, byte Blue, float Opacity = 1)
{
    public string Hex => $"#{Red:x2}{Green:x2}{Blue:x2}";
}
