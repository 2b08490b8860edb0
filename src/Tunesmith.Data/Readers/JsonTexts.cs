using System.Text.Json;

namespace Tunesmith.Data.Readers;

/// <summary>Texts and names of parsed JSON: an escape may be half of a surrogate pair, which is no character.</summary>
internal static class JsonTexts
{
    /// <summary>Whether all names and texts are whole characters; looked at closely only where there are escapes of surrogates.</summary>
    public static bool AreWhole(ReadOnlySpan<byte> raw, JsonElement value) =>
        (raw.IndexOf("\\ud"u8) < 0 && raw.IndexOf("\\uD"u8) < 0) || AreWhole(value);

    private static bool AreWhole(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() is not null,
                JsonValueKind.Array => value.EnumerateArray().All(AreWhole),
                JsonValueKind.Object => value.EnumerateObject().All(p => p.Name is not null && AreWhole(p.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
