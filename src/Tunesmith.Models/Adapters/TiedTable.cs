namespace Tunesmith.Models.Adapters;

/// <summary>
/// An adapter on one end of a tied model. peft wraps the embedding or the head as the module that it is and leaves the other
/// end on the base's matrix, so that the two compute with different values: such a model is untied first, and then it
/// computes the same merged and unmerged, here and there.
/// </summary>
internal static class TiedTable
{
    /// <summary>The name that every decoder's output layer has.</summary>
    public const string Head = "lm_head";

    /// <param name="copy">False where the model is only names and shapes.</param>
    public static void UntieFor(Model model, LoraConfig config, bool copy = true)
    {
        if (model is not CausalModel { OutputLayer: null } causal)
        {
            return;
        }

        var targets = new ModuleTargets(config);
        string[] ends = [Table(causal), Head];
        string[] touched = [.. ends.Where(name => targets.IsSavedInFull(name) || targets.Contains(name))];
        if (touched.Length == 0)
        {
            return;
        }

        if (!config.EnsureWeightTying)
        {
            causal.Untie(copy);
        }
        else if (touched.Contains(Head) || ends.Any(targets.Contains))
        {
            throw Errors.TiedAdapter(touched);
        }
    }

    /// <summary>The token embedding's name.</summary>
    public static string Table(CausalModel model) => model.NamedModules().First(pair => ReferenceEquals(pair.Module, model.InputEmbedding)).Name;
}
