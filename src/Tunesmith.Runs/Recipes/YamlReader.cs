using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Tunesmith.Runs.Recipes;

/// <summary>
/// Reads YAML event by event, so that every value knows its line and nothing in the file can build objects or grow:
/// no tags, no anchors, no second document, at most <see cref="Limits.Depth"/> levels.
/// </summary>
internal sealed class YamlReader
{
    private readonly string _source;
    private readonly Parser _parser;

    private YamlReader(string text, string source)
    {
        _source = source;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>The top mapping of a recipe; an empty file is an empty mapping.</summary>
    public static MapNode ReadMapping(string text, string source)
    {
        var node = Read(text, source);
        return node switch
        {
            MapNode map => map,
            ScalarNode scalar when Scalars.IsNull(scalar) => new MapNode(new Dictionary<string, Node>(), 1),
            _ => throw Errors.NotAMapping(source, node.Line),
        };
    }

    /// <summary>One value: what stands after the sign in <c>key=[a, b]</c>.</summary>
    public static Node Read(string text, string source)
    {
        try
        {
            return new YamlReader(text, source).Document();
        }
        catch (YamlException broken)
        {
            throw Errors.BrokenYaml(source, (int)broken.Start.Line, (int)broken.Start.Column, Reason(broken), broken);
        }
        catch (Exception broken) when (broken is not UsageException)
        {
            // The scanner is not ours: whatever else it throws on a mutilated file is still only a broken file.
            throw Errors.BrokenYaml(source, 0, 0, broken.Message, broken);
        }
    }

    private Node Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _)) return new ScalarNode("", false, 1);
        _parser.Consume<DocumentStart>();
        var node = Value(0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<StreamEnd>(out _)) throw Errors.SecondDocument(_source, Line(_parser.Current!));
        return node;
    }

    private Node Value(int depth)
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias)) throw Errors.AnchorInYaml(_source, Line(alias));
        var next = _parser.Current ?? throw Errors.BrokenYaml(_source, 0, 0, "the file ends too early", null);
        if (next is NodeEvent { Anchor.IsEmpty: false }) throw Errors.AnchorInYaml(_source, Line(next));
        if (next is NodeEvent { Tag.IsEmpty: false } tagged) throw Errors.TagInYaml(_source, Line(next), tagged.Tag.ToString());
        if (depth > Limits.Depth) throw Errors.TooDeep(_source, Line(next), Limits.Depth);

        if (_parser.TryConsume<Scalar>(out var scalar)) return new ScalarNode(scalar.Value, scalar.Style != ScalarStyle.Plain, Line(scalar));
        if (_parser.TryConsume<SequenceStart>(out var list))
        {
            var items = new List<Node>();
            while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(Value(depth + 1));
            return new ListNode(items, Line(list));
        }
        var start = _parser.Consume<MappingStart>();
        var entries = new Dictionary<string, Node>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (Value(depth + 1) is not ScalarNode key) throw Errors.KeyIsNoText(_source, Line(start));
            var value = Value(depth + 1);
            if (entries.TryGetValue(key.Text, out var first)) throw Errors.DuplicateKey(_source, key.Text, first.Line, key.Line);
            entries.Add(key.Text, value with { Line = key.Line });
        }
        return new MapNode(entries, Line(start));
    }

    private static int Line(ParsingEvent at) => (int)at.Start.Line;

    private static string Reason(YamlException broken)
    {
        var inner = broken;
        while (inner.InnerException is YamlException deeper) inner = deeper;
        return inner.Message;
    }
}
