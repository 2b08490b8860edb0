namespace Tunesmith.Proof;

/// <summary>What comparing one recorded case gave.</summary>
/// <param name="Kind">The kind of reference values, the name of its folder: <c>decoders</c>.</param>
/// <param name="Case">The case inside its kind.</param>
/// <param name="Passed">Whether every value was within its tolerance.</param>
/// <param name="Detail">Worst tensor, largest difference and tolerance; or why the case failed.</param>
public sealed record CaseResult(string Kind, string Case, bool Passed, string Detail);
