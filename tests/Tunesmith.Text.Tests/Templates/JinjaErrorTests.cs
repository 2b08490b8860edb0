using Tunesmith.Runs;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Text.Tests.Templates;

/// <summary>Every message of the Jinja interpreter, each by a template that a person could have written.</summary>
public sealed class JinjaErrorTests
{
    private static readonly JinjaLimits Small = new() { SourceLength = 60, Work = 400 };

    [Theory]
    [InlineData("{# a", "comment: got no end; expected '#}' after it. Close it.")]
    [InlineData("{{ 1 § }}", "character: got '§'; expected a name, number, string, operator or the end of the tag.")]
    [InlineData("{{ 99999999999999999999 }}", "number: got 99999999999999999999; expected one that fits into 64 bits.")]
    [InlineData("{{ '\\xZZ' }}", "string: got a broken \\x, \\u or \\U escape; expected 2, 4 or 8 hexadecimal digits of a code point.")]
    [InlineData("{{ 1 + }}", "; expected an expression.")]
    [InlineData("{% if x %}", "block 'if': got the end of the template; expected 'elif' or 'else' or 'endif'. Close the block.")]
    [InlineData("{% include 'x' %}", "tag: got 'include'; expected block, break, call, continue, filter, for, generation, if, macro, raw, set or with. Other files cannot be loaded from a chat template.")]
    [InlineData("{% break %}", "tag 'break': got it outside a for loop; expected it inside one.")]
    [InlineData("{{ f(a=1, 2) }}", "arguments: got one without a name after a named one; expected those without names first.")]
    [InlineData("{% macro m(a=1, b) %}{% endmacro %}", "parameter 'b': got no default after one with a default; expected those without defaults first.")]
    [InlineData("{% set true = 1 %}", "assignment: got 'true' on the left; expected a name.")]
    [InlineData("{{ x | nofilter }}", "No filter named 'nofilter'.")]
    [InlineData("{{ x is notest }}", "No test named 'notest'.")]
    public void A_template_that_is_not_well_formed(string template, string message) => Says(message, () => JinjaTemplate.Parse(template));

    [Theory]
    [InlineData("{{ {[1]: 2} }}", "key: got a list; expected a string, number or tuple.")]
    [InlineData("{{ -'a' }}", "operator -: got str; expected a number.")]
    [InlineData("{{ 'a' + 1 }}", "operator +: got str and int; expected types that it works on. To join texts with other values write ~.")]
    [InlineData("{% for x in 5 %}{% endfor %}", "loop or list: got int; expected a list, dict or string.")]
    [InlineData("{{ 5() }}", "call: got int; expected a function or macro.")]
    [InlineData("{{ 5 | length }}", "length: got int; expected a string, list or dict. A filter's result may need '| list' first.")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "integer: got a result beyond 64 bits; expected less.")]
    [InlineData("{{ 1 / 0 }}", "division: got 0 to divide by; expected another number.")]
    [InlineData("{{ [1][::0] }}", "step: got 0; expected another number.")]
    [InlineData("{{ [1]['a':] }}", "slice: got a bound of type str; expected an integer or nothing.")]
    [InlineData("{% set a, b = [1] %}", "assignment: got 1 values; expected 2, one for each name.")]
    [InlineData("{% set x.y = 1 %}", "assignment: got an attribute of 'x'; expected one of a namespace(...) object.")]
    [InlineData("{{ 5 | dictsort }}", "value: got something else than a dict; expected a dict with string keys.")]
    [InlineData("{{ [1].index(2) }}", "index: got a value that is not in the list; expected one that is.")]
    [InlineData("{{ 'a'.index('b') }}", "index: got a text that does not occur; expected one that does. find gives -1 instead.")]
    [InlineData("{{ 'a'.split('') }}", "split: got an empty separator; expected at least one character.")]
    [InlineData("{{ ','.join([1]) }}", "join: got int; expected strings only.")]
    [InlineData("{{ range | tojson }}", "; expected null, booleans, numbers, strings, lists and dicts of these.")]
    [InlineData("{{ '%d' % 'a' }}", "format '%d': got values or a conversion that do not fit; expected one fitting value for each placeholder.")]
    [InlineData("{{ '%s' | format(1, a=2) }}", "format: got arguments with and without names; expected only one kind.")]
    [InlineData("{{ cycler() }}", "cycler: got no items; expected at least one.")]
    [InlineData("{{ 'a'.split('a', 1, 2) }}", "split: got 3 arguments; expected at most 2.")]
    [InlineData("{{ 'a' | replace('a', 'b', nope=1) }}", "replace: got the argument 'nope'; expected no such argument, or not a second time.")]
    [InlineData("{{ 'a' | replace('a') }}", "replace: got no argument 2; expected one.")]
    [InlineData("{{ 5 | round(1, 'up') }}", "round: got 'up' as argument 2; expected common, ceil or floor.")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(a=1, a=2) }}", "m: got the argument 'a'; expected no such argument, or not a second time.")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(a=1, **{'a': 2}) }}", "m: got the argument 'a'; expected no such argument, or not a second time.")]
    [InlineData("{{ {1: 2, 'a': 3} | tojson(sort_keys=true) }}", "operator <: got ")]
    [InlineData("{{ (-9223372036854775807 - 1) | abs }}", "integer: got a result beyond 64 bits; expected less.")]
    [InlineData("{{ '{0:{0}}'.format('{0}') }}", "format '{0:{0}}': got values or a conversion that do not fit")]
    [InlineData("{% set n = namespace(t=(1,)) %}{% for i in range(100000) %}{% set n.t = (n.t,) %}{% endfor %}{% set d = {n.t: 1} %}", "key: got a value that nests too deeply to be looked through; expected a flatter one.")]
    public void A_value_that_does_not_fit(string template, string message) => Says(message, () => Render(template));

    [Theory]
    [InlineData("{{ (((((((((((((((((((((((((1))))))))))))))))))))))))) }}", "syntax: got deeper nesting than 20; expected less. A template is bounded so that it always ends.")]
    [InlineData("{% for i in range(1000) %}{{ i }}{% endfor %}", "rendering: got more than 400 steps; expected fewer. A template is bounded so that it always ends; look for a loop")]
    [InlineData("{{ 'x' * 99999999 }}", "value: got a length of 99999999; expected at most 16777216. A template is bounded so that it fits into memory.")]
    [InlineData("{{ range(999999999) }}", "range: got more than ")]
    [InlineData("{{ range(999999999) }}", " numbers; expected fewer.")]
    [InlineData("a template of more than sixty characters, which is the limit here", "template text: got 65 characters; expected at most 60. Is this the right file?")]
    public void A_template_beyond_a_limit(string template, string message) =>
        Says(message, () => JinjaTemplate.Parse(template, Small with { Depth = 20 }).Render(new Dictionary<string, object?>(), TimeProvider.System));

    [Fact]
    public void A_name_that_never_ends_is_not_said_in_full()
    {
        string message = Assert.Throws<JinjaException>(() => Render("{{ " + new string('a', 50_000) + "() }}")).Message;
        Assert.True(message.Length < 500, message);
        Assert.EndsWith("' is undefined", message);
        string refusal = "{{ raise_exception('no ' * 50000) }}";
        Assert.True(Assert.Throws<UsageException>(() => ChatTemplate.Parse(refusal).Render([])).Message.Length < 500);
    }

    [Fact]
    public void A_variable_of_a_strange_type() => Says("variable: got a Uri; expected null, a boolean, a number, a string, or lists and dictionaries of these.",
        () => JinjaTemplate.Parse("{{ x }}").Render(new Dictionary<string, object?> { ["x"] = new Uri("file:///x") }, TimeProvider.System));

    private static string Render(string template) => JinjaTemplate.Parse(template).Render(new Dictionary<string, object?>(), TimeProvider.System).Text;

    private static void Says(string message, Func<object> act) => Assert.Contains(message, Assert.Throws<JinjaException>(act).Message);
}
