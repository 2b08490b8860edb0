namespace Tunesmith.Text.Tokenizers;

/// <summary>A token cut out of the text before the model sees it.</summary>
/// <param name="Content">The token's text.</param>
/// <param name="SingleWord">Match only where no word character touches it.</param>
/// <param name="LStrip">Swallow the white space on its left.</param>
/// <param name="RStrip">Swallow the white space on its right.</param>
/// <param name="Normalized">Search it in the normalised text, itself normalised; otherwise in the raw text.</param>
/// <param name="Special">Left out by a decoding that skips special tokens.</param>
public sealed record AddedToken(
    string Content,
    bool SingleWord = false,
    bool LStrip = false,
    bool RStrip = false,
    bool Normalized = true,
    bool Special = false);
