namespace Tunesmith.Text.Tokenizers.Patterns;

/// <summary>How many UTF-16 units a compiled pattern takes, at least and at most: bounds, so that a look behind need not try every start.</summary>
internal static class PatternWidth
{
    private const int Endless = int.MaxValue;

    public static (int Least, int Most) Of(IReadOnlyList<Instruction> code)
    {
        // From the end: only a loop jumps backwards, and it can be left without that jump, so the least is known without it.
        var least = new int[code.Count + 1];
        var most = new int[code.Count + 1];
        for (int pc = code.Count - 1; pc >= 0; pc--)
        {
            var at = code[pc];
            if (at.Step == Step.Match) continue;
            (int few, int many) = OfOne(at);
            (least[pc], most[pc]) = (Endless, 0);
            foreach (int next in Targets(at, pc))
            {
                least[pc] = Math.Min(least[pc], next <= pc ? Endless : Add(few, least[next]));
                most[pc] = Math.Max(most[pc], next <= pc ? Endless : Add(many, most[next]));
            }
        }

        return (least[0], most[0]);
    }

    private static int[] Targets(Instruction at, int pc) => at.Step switch
    {
        Step.Split => [at.A, at.B],
        Step.Jump => [at.A],
        Step.Progress => [pc + 1, at.B],
        _ => [pc + 1],
    };

    // A character is one unit or two; which of them a set or a folded character holds is not worth asking.
    private static (int Few, int Many) OfOne(Instruction at) => at.Step switch
    {
        Step.Char or Step.Set => (1, 2),
        Step.Loop => (at.A, at.B > Endless / 2 ? Endless : 2 * at.B),
        Step.Atomic => (at.A, at.B),
        _ => (0, 0),
    };

    private static int Add(int a, int b) => a > Endless - b ? Endless : a + b;
}
