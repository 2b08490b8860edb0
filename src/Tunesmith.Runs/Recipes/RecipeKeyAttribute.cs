namespace Tunesmith.Runs.Recipes;

/// <summary>Declares the recipe key that fills a property of an options record: the one place where its name, range and meaning stand.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RecipeKeyAttribute(string name, string summary) : Attribute
{
    /// <summary>The key as it stands in a recipe: "lora_rank".</summary>
    public string Name { get; } = name;

    /// <summary>One sentence for help and reference pages.</summary>
    public string Summary { get; } = summary;

    /// <summary>The smallest number allowed.</summary>
    public double Min { get; set; } = double.NegativeInfinity;

    /// <summary>The largest number allowed.</summary>
    public double Max { get; set; } = double.PositiveInfinity;

    /// <summary>The only words allowed, where the key chooses among a few.</summary>
    public string[]? Choices { get; set; }
}
