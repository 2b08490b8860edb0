using System.Text.Json;
using Tunesmith.Cli;
using Tunesmith.Runs.Recipes;
using Tunesmith.Training;

namespace Tunesmith.Tests;

public sealed class ReferencePagesTests
{
    public static TheoryData<string> Pages() => [.. ReferencePages.All().Select(page => page.Name)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_generated_page_is_what_the_program_says_today(string name)
    {
        var path = Path.Combine(Repo.Root, "docs", "reference", name);
        var text = ReferencePages.All().Single(page => page.Name == name).Text;
        Assert.True(File.Exists(path) && File.ReadAllText(path) == text, $"docs/reference/{name} is out of date. Run ./dev docs.");
    }

    [Fact]
    public void The_pages_are_written_where_the_option_says()
    {
        var folder = Directory.CreateTempSubdirectory("pages-").FullName;
        var run = CliRun.Of("help", "--pages", folder);
        Assert.Equal((0, "", ""), (run.Code, run.Out, run.Error));
        Assert.Equal(ReferencePages.All().Select(page => page.Name), Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void The_schema_has_every_key_with_its_default()
    {
        using var schema = JsonDocument.Parse(CliRun.Of("help", "keys", "--json").Out);
        var properties = schema.RootElement.GetProperty("properties");
        foreach (var key in RunOptions.Records.SelectMany(OptionKeys.Of))
        {
            var property = properties.GetProperty(key.Name);
            Assert.Equal(key.Summary, property.GetProperty("description").GetString());
            Assert.Equal(JsonSerializer.Serialize(key.Default), JsonSerializer.Serialize(property.GetProperty("default")), ignoreCase: false);
        }
    }

    [Fact]
    public void A_key_is_declared_once() =>
        Assert.Empty(RunOptions.Records.SelectMany(OptionKeys.Of).GroupBy(key => key.Name).Where(group => group.Count() > 1).Select(group => group.Key));

    [Theory]
    [InlineData("stages")]
    [InlineData("optimizers")]
    [InlineData("schedules")]
    public void A_key_that_chooses_from_a_plate_may_be_what_stands_on_it(string kind)
    {
        var choice = Catalogue.All.Single(each => each.Kind == kind);
        var key = RunOptions.Records.SelectMany(OptionKeys.Of).Single(each => each.Name == choice.Key);
        Assert.Equal(choice.Names().Order(StringComparer.Ordinal), key.Attribute.Choices!.Order(StringComparer.Ordinal));
    }
}
