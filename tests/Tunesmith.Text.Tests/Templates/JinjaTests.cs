using System.Text.Json;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Text.Tests.Templates;

public sealed class JinjaTests
{
    private static string Render(string template, string variables = "{}", JinjaLimits? limits = null)
    {
        using var json = JsonDocument.Parse(variables);
        var values = json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value.Clone());
        return JinjaTemplate.Parse(template, limits).Render(values, TimeProvider.System).Text;
    }

    [Theory]
    [InlineData("{{ 7 // 2 }} {{ -7 % 3 }} {{ 7 / 7 }} {{ 2 ** 10 }}", "3 2 1.0 1024")]
    [InlineData("{{ [1, 'a', none, {'k': 1.0}] }}", "[1, 'a', None, {'k': 1.0}]")]
    [InlineData("{{ 'héllo'[::-1] }} {{ 'a👍b'[1] }} {{ '👍' | length }}", "olléh 👍 1")]
    [InlineData("{% for i in range(5) if i is odd %}{{ loop.index }}:{{ i }} {% endfor %}", "1:1 2:3 ")]
    [InlineData("{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}", "1")]
    [InlineData("{% set g = [1] | select %}{% if [] | map('upper') %}yes{% endif %}{{ g | list }}{{ g | list }}", "yes[1][]")]
    [InlineData("{{ {1: 'a', true: 'b', 1.0: 'c'} }}", "{1: 'c'}")]
    [InlineData("{% macro m(a, b='x') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, z=4) }}", "12(3,){'z': 4}")]
    [InlineData("{{ '%s|%5.2f|%-4d|%%' | format('a', 2.345, 7) }}", "a| 2.35|7   |%")]
    [InlineData("{{ 2.5 | round }} {{ 0.125 | round(2) }} {{ 1e22 }} {{ 0.0001 }} {{ 0.00001 }}", "2.0 0.12 1e+22 0.0001 1e-05")]
    [InlineData("{{ x.__class__ }}{{ x.y.z is defined if false }}", "")]
    public void Expressions_print_as_python_prints_them(string template, string expected) => Assert.Equal(expected, Render(template, """{"x": {"a": 1}}"""));

    // What Jinja 3.1 itself renders.
    [Theory]
    [InlineData("{{ 1.0e-7 }} {{ [1e-7, 1e16, 1e15, 123456789.123456789] | tojson }}", "1e-07 [1e-07, 1e+16, 1000000000000000.0, 123456789.12345679]")]
    [InlineData("{{ 'abc'.startswith('bc', 1) }} {{ 'abc'.endswith('b', 0, 2) }} {{ 'abcabc'.count('b', 2) }} {{ 'abcabc'.find('c', 3) }} {{ 'abcabc'.rfind('b', 0, 3) }} {{ 'abc'.find('', 9) }}", "True True 1 5 1 -1")]
    [InlineData("{{ 'abc'.center(8, '*') }} {{ 'abc'.ljust(6, '.') }} {{ 'abc'.rjust(6, '.') }} {{ 'a\tb'.expandtabs(4) }}|", "**abc*** abc... ...abc a   b|")]
    [InlineData("{{ '{:.2f} {:5d} {:05d} {:+d} {:,} {:_}'.format(3.14159, 42, 42, 7, 1234567, 1234.5) }}", "3.14    42 00042 +7 1,234,567 1_234.5")]
    [InlineData("{{ '{:x} {:#X} {:b} {:o} {:e} {:%} {:g}'.format(255, 255, 5, 8, 12345.678, 0.25, 1e-7) }}", "ff 0XFF 101 10 1.234568e+04 25.000000% 1e-07")]
    [InlineData("{{ '{!r} {a[0]} {b.x} {:*^7} {:>{w}} {:05}|'.format('a', 'm', 'n', 's', a=[1], b=d, w=3) }}", "'a' 1 1 ***m***   n s0000|")]
    [InlineData("{{ '{:=+6d} {:.3} {:.2}'.format(5, 2.0, 'xyz') }} {{ '%c%c' % ('z', 65) }} {{ 'a{k}'.format_map({'k': 1}) }}", "+    5 2.0 xy zA a1")]
    [InlineData("{{ 'straße'.upper() }} {{ 'ﬁ' | upper }} {{ 'İ'.lower() | length }} {{ 'ΟΔΟΣ ΣΑ' | lower }} {{ 'ǆx'.title() }} {{ 'ßa'.capitalize() }} {{ 'aB'.swapcase() }}", "STRASSE FI 2 οδος σα ǅx Ssa Ab")]
    [InlineData("{{ '½'.isnumeric() }} {{ '½'.isdigit() }} {{ '²'.isdigit() }} {{ '²'.isdecimal() }} {{ '١٢' | int }} {{ 'a_1'.isidentifier() }}", "True False True False 12 True")]
    [InlineData("{{ 1234 | round(-2) }} {{ 'inf' | float }} {{ '-Infinity' | float }} {{ 'a\\u001cb'.split() }}", "1200 inf -inf ['a', 'b']")]
    [InlineData("{{ {'a': 1, 'b': 'x y/'} | urlencode }} {{ 12345 | filesizeformat }} {{ 1500000 | filesizeformat(true) }} {{ 'a' | pprint }} [{{ d | attr('x') }}]", "a=1&b=x+y%2F 12.3 kB 1.4 MiB 'a' []")]
    [InlineData("{% block a %}x{% set y = 1 %}{% endblock %}{% block b %}{{ y }}{% endblock b %}|", "x|")]
    [InlineData("{{ namespace(a=1) }}", "<Namespace {'a': 1}>")]
    [InlineData("{{ '  a  b '.split(none, 1) }} {{ '  a  b '.rsplit(none, 1) }} {{ ' a b '.split(none, 0) }} {{ ' a b '.rsplit(none, 0) }} {{ ' a '.split(none, 1) }}", "['a', 'b '] ['  a', 'b'] ['a b '] [' a b'] ['a']")]
    [InlineData("{{ '-5'.zfill(0) }} {{ '-5'.zfill(4) }} {{ '+'.zfill(1) }}", "-5 -005 +")]
    [InlineData("{{ '{:{}{}}|{:{w}}'.format('a', '>', 4, 'b', w='<3') }}", "   a|b  ")]
    [InlineData("{% set n = namespace(t=(1,)) %}{% for i in range(60) %}{% set n.t = (n.t, n.t) %}{% endfor %}{{ {n.t: 1}[n.t] }}", "1")]
    [InlineData("{{ 'a👍b'[-2] }}{{ 'ab'[5] }}{{ 'ab'[-2] }}", "👍a")]
    public void Text_methods_and_formats_are_pythons(string template, string expected) => Assert.Equal(expected, Render(template, """{"d": {"x": 1}}"""));

    [Theory]
    [InlineData("{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}")]
    [InlineData("{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=1) }}")]
    [InlineData("{{ '{:d}'.format('a') }}")]
    [InlineData("{{ '{a.b}'.format(a='x') }}")]
    [InlineData("{{ 'a'.center(5, 'xy') }}")]
    public void What_python_refuses_is_refused(string template) => Assert.Throws<JinjaException>(() => Render(template));

    [Fact]
    public void The_clock_knows_the_weeks()
    {
        var day = new StoppedClock(new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero));
        Assert.Equal("05 05 06 2026 20 04:05:06 AM", JinjaTemplate.Parse("{{ strftime_now('%U %W %V %G %C %r') }}").Render(new Dictionary<string, object?>(), day).Text);
    }

    [Theory]
    [InlineData("a\n{% if x %}\nb", 2)]
    [InlineData("a\nb\n{{ 1 +", 3)]
    [InlineData("a\n\n{{ nothing.here.too }}", 3)]
    [InlineData("{# c\n #}\n{% for x in 5 %}{% endfor %}", 3)]
    [InlineData("{{ 'a' + 1 }}", 1)]
    [InlineData("\n{% include 'x' %}", 2)]
    [InlineData("\n{{ x | nofilter }}", 2)]
    [InlineData("\n\n{{ raise_exception('words') }}", 3)]
    public void An_error_knows_its_line(string template, int line)
    {
        var error = Assert.Throws<JinjaException>(() => Render(template));
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public void Words_of_raise_exception_come_through()
    {
        var error = Assert.Throws<JinjaException>(() => Render("{{ raise_exception('only ' ~ 2 ~ ' roles') }}"));
        Assert.True(error.RaisedByTemplate);
        Assert.Equal("only 2 roles", error.Message);
    }

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ 'x' * 999999999999 }}")]
    [InlineData("{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{{ range(999999999) | list }}")]
    [InlineData("{{ '%999999999d' % 1 }}")]
    [InlineData("{{ 'x' | center(999999999) }}")]
    [InlineData("{{ 'aaaa' | replace('a', 'b' * 9000000) }}")]
    [InlineData("{% set ns = namespace(d=[]) %}{% for i in range(9999) %}{% set ns.d = [ns.d] %}{% endfor %}{{ ns.d }}")]
    [InlineData("{% set ns = namespace(d=[], e=[]) %}{% for i in range(99999) %}{% set ns.d = [ns.d] %}{% set ns.e = [ns.e] %}{% endfor %}{{ ns.d == ns.e }}")]
    [InlineData("{% set n = namespace(a=[1], b=[1]) %}{% for i in range(26) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a == n.b }}")]
    [InlineData("{% set n = namespace(a=[1], b=[1]) %}{% for i in range(26) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a < n.b }}")]
    [InlineData("{% set n = namespace(a={1: 1}, b={1: 1}) %}{% for i in range(26) %}{% set n.a = {1: n.a, 2: n.a} %}{% set n.b = {1: n.b, 2: n.b} %}{% endfor %}{{ n.a == n.b }}")]
    [InlineData("{% set n = namespace(a=(1,), b=(1,)) %}{% for i in range(26) %}{% set n.a = (n.a, n.a) %}{% set n.b = (n.b, n.b) %}{% endfor %}{{ {n.a: 1}[n.b] }}")]
    [InlineData("{% set s = 'x' * 4000000 %}{% for i in range(400) %}{% if s[0] %}{% endif %}{% endfor %}")]
    [InlineData("{% set s = 'x' * 4000000 %}{% for i in range(400) %}{% if 'b' in s %}{% endif %}{% endfor %}")]
    [InlineData("{% set s = 'x' * 4000000 %}{% set t = s ~ '' %}{% for i in range(400) %}{% if s == t %}{% endif %}{% endfor %}")]
    public void A_template_that_wants_too_much_is_refused(string template) => Assert.Throws<JinjaException>(() => Render(template));

    [Fact]
    public void Deep_syntax_is_refused()
    {
        Assert.Throws<JinjaException>(() => Render("{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}"));
        Assert.Throws<JinjaException>(() => Render("{{ " + string.Join(" + ", Enumerable.Repeat("1", 100_000)) + " }}"));
        Assert.Throws<JinjaException>(() => Render(string.Concat(Enumerable.Repeat("{% if true %}", 5000))));
        Assert.Throws<JinjaException>(() => Render("{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}"));
    }

    [Fact]
    public void Nothing_in_place_can_be_changed()
    {
        foreach (string call in (string[])["l.append(2)", "l.pop()", "l.sort()", "d.update({'b': 2})", "d.clear()", "d.setdefault('x', 1)"])
            Assert.Throws<JinjaException>(() => Render("{% set l = [1] %}{% set d = {'a': 1} %}{{ " + call + " }}"));
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
