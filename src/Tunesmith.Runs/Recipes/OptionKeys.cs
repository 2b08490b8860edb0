using System.Collections.Concurrent;
using System.Reflection;

namespace Tunesmith.Runs.Recipes;

/// <summary>One key that an options record declares.</summary>
public sealed record OptionKey(PropertyInfo Property, RecipeKeyAttribute Attribute, Type Type, bool Nullable, object? Default)
{
    /// <summary>The key as it stands in a recipe.</summary>
    public string Name => Attribute.Name;

    /// <summary>One sentence on what it does.</summary>
    public string Summary => Attribute.Summary;

    /// <summary>The rule a value must meet, in words: "an integer of at least 1", "one of linear, cosine".</summary>
    public string Rule => Binder.Rule(this);
}

/// <summary>Reads from an options record which keys it declares; help, reference pages and the reading of recipes all start here.</summary>
public static class OptionKeys
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<OptionKey>> Known = new();

    /// <summary>The keys of an options record, in the order of its properties.</summary>
    public static IReadOnlyList<OptionKey> Of(Type record) => Known.GetOrAdd(record, Read);

    private static List<OptionKey> Read(Type record)
    {
        var keys = new List<OptionKey>();
        var nullability = new NullabilityInfoContext();
        var defaults = Activator.CreateInstance(record);
        foreach (var property in record.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<RecipeKeyAttribute>() is not { } attribute) continue;
            var inner = System.Nullable.GetUnderlyingType(property.PropertyType);
            bool nullable = inner is not null || (!property.PropertyType.IsValueType && nullability.Create(property).ReadState == NullabilityState.Nullable);
            keys.Add(new OptionKey(property, attribute, inner ?? property.PropertyType, nullable, property.GetValue(defaults)));
        }
        return keys;
    }
}
