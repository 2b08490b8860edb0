namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>
/// Which of transformers' tokenizer classes the bare vocabulary files are read for. Another class makes something else of the same
/// files, so it is refused rather than read as one of these; its tokenizer.json says all there is to say.
/// </summary>
internal static class TokenizerClasses
{
    public static readonly string[] LikeBert = ["Bert", "ConvBert", "DistilBert", "Electra", "LayoutLM", "Lxmert", "MobileBert", "SqueezeBert"];
    public static readonly string[] LikeGpt2 = ["CodeGen", "GPT2"];
    public static readonly string[] LikeRoberta = ["Bart", "LED", "Longformer", "Roberta"];

    private static readonly string[] Unspecific = ["PreTrainedTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend"];

    /// <summary>The known family that tokenizer_config.json's tokenizer_class names, or a guess where it names none.</summary>
    public static string Family(string path, TokenizerConfig config, string[] known, string guess)
    {
        if (config.TokenizerClass is not { Length: > 0 } name || Unspecific.Contains(name)) return guess;
        string family = name.Replace("TokenizerFast", "", StringComparison.Ordinal).Replace("Tokenizer", "", StringComparison.Ordinal);
        return known.Contains(family) ? family : throw TokenizerErrors.UnknownClass(path, name, known);
    }
}
