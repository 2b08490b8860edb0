namespace Tunesmith.Models;

/// <summary>What a model's head computes; with a family it names one class of the reference.</summary>
public enum ModelKind
{
    /// <summary>Next-token prediction.</summary>
    CausalLm,

    /// <summary>One vector of label scores a row.</summary>
    SequenceClassification,

    /// <summary>One vector of label scores a token.</summary>
    TokenClassification,

    /// <summary>Start and end scores a token.</summary>
    QuestionAnswering,

    /// <summary>One score for each of several texts.</summary>
    MultipleChoice,

    /// <summary>Masked-token prediction.</summary>
    MaskedLm,

    /// <summary>Masked-token prediction and next sentence together.</summary>
    Pretraining,

    /// <summary>Whether the second text follows the first.</summary>
    NextSentence,

    /// <summary>No head: hidden states and, where the family has one, a pooled vector.</summary>
    Encoder,
}
