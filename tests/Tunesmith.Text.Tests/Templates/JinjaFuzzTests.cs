using System.Text;
using System.Text.Json;
using Tunesmith.Tests;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Text.Tests.Templates;

/// <summary>Damaged chat templates render, or are refused with their line.</summary>
public sealed class JinjaFuzzTests
{
    private static readonly string[] s_seeds =
    [
        "{% for m in messages %}{{ '<|' + m.role + '|>' }}{% if m.role == 'user' and loop.index0 > 0 %}{{ m['content'] | trim | replace('a', 'b') }}{% elif m.tools %}{{ m | tojson(indent=2) }}{% else %}{% set x = m.content.split('</think>')[-1].lstrip('\\n') %}{{ x ~ 1 }}{% endif %}{% endfor %}",
        "{%- macro f(a, b=2) -%}{{ a[::-1] }}{{ '%5.1f' % b }}{%- endmacro %}{% set ns = namespace(n=0) %}{% for i in range(10) %}{% if i == 3 %}{% continue %}{% endif %}{% set ns.n = ns.n + i ** 2 // 3 %}{% endfor %}{{ f('abc', ns.n) }}{% call f(x) %}y{% endcall %}{# c #}{% raw %}{{{% endraw %}",
        "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join(', ') }}{{ (messages | groupby('role'))[0].list | length }}{{ {'a': (1, 2), none: [x.y for_]} }}",
    ];

    private static readonly string[] s_pieces =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "|", "is", "not ", "'", "\"", "\\", "\n", "~", ":", "**", "//", "99999999999", "1e308", "in", "for", "endfor", "if", "endif", "else", "set", "range", "range(10**9)", "'x' * 10**9", "é", "👍",
        "\0", ".", ",", "=", "loop", "tojson", "*", "%", "recursive", "loop(messages)", "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}", "{{ f(f(f)) }}", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "((((((((", "[[[[[[[[", "x if ",
    ];

    [Fact]
    public void Damaged_templates_render_or_are_refused_with_a_line()
    {
        using var json = JsonDocument.Parse("""{"messages": [{"role": "user", "content": "hällo"}, {"role": "assistant", "content": "<think>x</think>a"}]}""");
        var values = json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value.Clone());
        var limits = new JinjaLimits { Work = 200_000, Length = 100_000 };
        new Fuzz
        {
            IsOurs = error => error is JinjaException { Line: > 0 },
            Read = file => JinjaTemplate.Parse(Encoding.UTF8.GetString(file), limits).Render(values, TimeProvider.System),
        }.Run("jinja", Fuzz.Count(2000), new Damage(1, [.. s_seeds.Select(Encoding.UTF8.GetBytes)], s_pieces));
    }
}
