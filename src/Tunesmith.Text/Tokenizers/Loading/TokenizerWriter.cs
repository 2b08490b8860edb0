using System.Text.Encodings.Web;
using System.Text.Json;
using Tunesmith.Runs.Files;

namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>Writes a tokenizer's files as the reference does.</summary>
internal static class TokenizerWriter
{
    private static readonly JsonWriterOptions Layout = new() { Indented = true, IndentSize = 2, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Save(Tokenizer tokenizer, string folder)
    {
        Write(Path.Combine(folder, "tokenizer.json"), json => WriteTokenizer(json, tokenizer));
        Write(Path.Combine(folder, "tokenizer_config.json"), json => WriteConfig(json, tokenizer));
        Write(Path.Combine(folder, "special_tokens_map.json"), json => WriteNamed(json, tokenizer));
        string template = Path.Combine(folder, "chat_template.jinja");
        if (tokenizer.ChatTemplate is { } text) AtomicFile.WriteAllText(template, text);
    }

    private static void Write(string path, Action<Utf8JsonWriter> content)
    {
        AtomicFile.Write(path, stream =>
        {
            using var json = new Utf8JsonWriter(stream, Layout);
            content(json);
        });
    }

    private static void WriteTokenizer(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        var parts = tokenizer.Parts;
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        WriteKept(json, "truncation", parts.Truncation);
        WriteKept(json, "padding", parts.Padding);
        json.WriteStartArray("added_tokens");
        foreach ((int id, var token) in tokenizer.Added.Tokens)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", token.Content);
            WriteFlags(json, token);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WritePart(json, "normalizer", parts.Normalizer is { } normalizer ? normalizer.Write : null);
        WritePart(json, "pre_tokenizer", parts.PreTokenizer is { } preTokenizer ? preTokenizer.Write : null);
        WritePart(json, "post_processor", parts.PostProcessor is { } processor ? processor.Write : null);
        WritePart(json, "decoder", parts.Decoder is { } decoder ? decoder.Write : null);
        json.WritePropertyName("model");
        parts.Model.Write(json);
        json.WriteEndObject();
    }

    private static void WriteFlags(Utf8JsonWriter json, AddedToken token)
    {
        json.WriteBoolean("single_word", token.SingleWord);
        json.WriteBoolean("lstrip", token.LStrip);
        json.WriteBoolean("rstrip", token.RStrip);
        json.WriteBoolean("normalized", token.Normalized);
        json.WriteBoolean("special", token.Special);
    }

    private static void WriteKept(Utf8JsonWriter json, string name, JsonElement? value)
    {
        json.WritePropertyName(name);
        if (value is { } element) element.WriteTo(json);
        else json.WriteNullValue();
    }

    private static void WritePart(Utf8JsonWriter json, string name, Action<Utf8JsonWriter>? write)
    {
        json.WritePropertyName(name);
        if (write is null) json.WriteNullValue();
        else write(json);
    }

    private static void WriteConfig(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        var config = tokenizer.Config;
        var written = new HashSet<string> { "added_tokens_decoder", "model_max_length", "padding_side", "truncation_side", "tokenizer_class", "chat_template" };
        written.UnionWith(TokenizerConfig.Roles);
        json.WriteStartObject();
        json.WriteStartObject("added_tokens_decoder");
        foreach ((int id, var token) in tokenizer.Added.Tokens)
        {
            json.WriteStartObject(id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("content", token.Content);
            json.WriteBoolean("lstrip", token.LStrip);
            json.WriteBoolean("normalized", token.Normalized);
            json.WriteBoolean("rstrip", token.RStrip);
            json.WriteBoolean("single_word", token.SingleWord);
            json.WriteBoolean("special", token.Special);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        WriteRoles(json, config);
        if (config.Source is { } source)
        {
            foreach (var property in source.EnumerateObject())
            {
                if (!written.Contains(property.Name)) property.WriteTo(json);
            }
        }

        json.WritePropertyName("model_max_length");
        // The reference writes 1e30 for "no limit".
        if (config.ModelMaxLength == int.MaxValue) json.WriteRawValue("1000000000000000019884624838656");
        else json.WriteNumberValue(config.ModelMaxLength);
        json.WriteString("padding_side", config.PaddingSide);
        json.WriteString("truncation_side", config.TruncationSide);
        json.WriteString("tokenizer_class", config.TokenizerClass ?? "PreTrainedTokenizerFast");
        json.WriteEndObject();
    }

    private static void WriteNamed(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        json.WriteStartObject();
        WriteRoles(json, tokenizer.Config);
        json.WriteEndObject();
    }

    private static void WriteRoles(Utf8JsonWriter json, TokenizerConfig config)
    {
        foreach (string role in TokenizerConfig.Roles.Order(StringComparer.Ordinal))
        {
            if (config.Named(role) is { } token) json.WriteString(role, token);
        }
    }
}
