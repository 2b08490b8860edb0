using System.Text;

namespace Tunesmith.Runs.Recipes;

/// <summary>Reads a recipe's file as text: bounded, strictly UTF-8, with the mistakes people make named.</summary>
internal static class RecipeText
{
    public static string Read(string path)
    {
        if (Directory.Exists(path)) throw Errors.RecipeIsFolder(path);
        if (!File.Exists(path)) throw Errors.NoRecipe(path, Neighbours(path));
        byte[] bytes;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var copy = new MemoryStream();
            var buffer = new byte[1 << 16];
            // Read with a bound instead of trusting the length: a pipe or device has none.
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                copy.Write(buffer, 0, read);
                if (copy.Length > Limits.Bytes) throw Errors.RecipeTooLarge(path, Limits.Bytes);
            }
            bytes = copy.ToArray();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotRead(path, failure);
        }
        return Decode(bytes, path);
    }

    internal static string Decode(byte[] bytes, string source)
    {
        if (bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) bytes = bytes[3..];
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            int zero = text.IndexOf('\0');
            if (zero >= 0) throw Errors.NotText(source, text.AsSpan(0, zero).Count('\n') + 1, "a zero byte");
            return text;
        }
        catch (DecoderFallbackException broken)
        {
            int line = bytes.AsSpan(0, Math.Clamp(broken.Index, 0, bytes.Length)).Count((byte)'\n') + 1;
            throw Errors.NotText(source, line, "bytes that are not UTF-8");
        }
    }

    // Named as the person named the folder: beside an absolute path stand absolute ones.
    private static IEnumerable<string> Neighbours(string path)
    {
        var written = Path.GetDirectoryName(path) ?? "";
        var folder = written.Length == 0 ? Environment.CurrentDirectory : written;
        if (!Directory.Exists(folder)) return [];
        return Directory.EnumerateFiles(folder).Take(1000).Select(file => Path.Combine(written, Path.GetFileName(file))).ToList();
    }
}
