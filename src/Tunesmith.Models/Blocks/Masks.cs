using Tunesmith.Torch;
using Tunesmith.Torch.Fused;

namespace Tunesmith.Models.Blocks;

/// <summary>Which keys a decoder's queries see: earlier ones that are no padding, or what packed documents allow.</summary>
internal static class DecoderMask
{
    public static AttentionMask For(ModelInput input)
    {
        // Allowed says everything: causality inside each document, nothing across.
        return input.Allowed is not null
            ? new AttentionMask { Allowed = input.Allowed, Padding = Padding.Of(input.AttentionMask) }
            : new AttentionMask { Causal = true, Padding = Padding.Of(input.AttentionMask) };
    }
}

/// <summary>Which keys an encoder's queries see: all that are no padding.</summary>
internal static class EncoderMask
{
    public static AttentionMask For(ModelInput input) => new() { Padding = Padding.Of(input.AttentionMask), Allowed = input.Allowed };
}

internal static class Padding
{
    /// <summary>The mask, or null where nothing is padding, so that the plain path is taken.</summary>
    public static Tensor? Of(Tensor? mask) => mask is null || Array.TrueForAll(mask.ToLongs(), value => value != 0) ? null : mask;
}
