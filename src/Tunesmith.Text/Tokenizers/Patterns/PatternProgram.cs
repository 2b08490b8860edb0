namespace Tunesmith.Text.Tokenizers.Patterns;

/// <summary>What one instruction of a compiled pattern does.</summary>
internal enum Step : byte
{
    Char, Set, Loop, Split, Jump, Mark, Progress, LineStart, LineEnd, TextStart, TextEnd, TextEndOrLine, WordEdge, NoWordEdge, Look, Atomic, Match,
}

/// <summary>
/// One instruction. Char: A is the folded character. Loop: a set taken A to B times. Split and Jump: A and B are targets, A tried first.
/// Look and Atomic: Inner holds the program, which takes A to B UTF-16 units.
/// </summary>
internal sealed record Instruction(Step Step, int A = 0, int B = 0, CharSet? Set = null, Instruction[]? Inner = null, bool Flag = false, bool Flag2 = false);

/// <summary>A compiled pattern: a small backtracking machine over code points with a bound on its steps.</summary>
internal sealed class PatternProgram(string source, Instruction[] code, int marks)
{
    public string Source => source;

    public Instruction[] Code => code;

    public int Marks => marks;

    public PatternRun Start(ReadOnlySpan<char> text) => new(this, text.Length);
}

/// <summary>One use of a pattern on one text.</summary>
internal sealed class PatternRun(PatternProgram program, int length)
{
    private const int MostFrames = 4_000_000;

    private readonly int[] _marks = new int[program.Marks];
    private Frame[] _stack = new Frame[64];
    private int _top;
    private long _steps = 20_000_000 + 5_000L * length;

    /// <summary>A point to come back to: where, and what a loop has left to give back.</summary>
    private record struct Frame(int Pc, int Position, int Least, int Mark, int MarkValue);

    public bool Search(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (start = from; start <= text.Length; start++)
        {
            if (start > 0 && start < text.Length && char.IsLowSurrogate(text[start]) && char.IsHighSurrogate(text[start - 1])) continue;
            end = Run(text, program.Code, start);
            if (end >= 0) return true;
        }

        end = -1;
        return false;
    }

    private int Run(ReadOnlySpan<char> text, Instruction[] code, int position)
    {
        int bottom = _top;
        int pc = 0;
        while (true)
        {
            if (--_steps < 0) throw TokenizerErrors.PatternTooSlow(program.Source);
            var at = code[pc];
            bool ok;
            switch (at.Step)
            {
                case Step.Match:
                    _top = bottom;
                    return position;
                case Step.Char:
                case Step.Set:
                    ok = TakeOne(text, at, ref position);
                    pc++;
                    break;
                case Step.Loop:
                    ok = TakeMany(text, at, pc, ref position);
                    pc++;
                    break;
                case Step.Split:
                    Push(new Frame(at.B, position, -1, -1, 0));
                    pc = at.A;
                    ok = true;
                    break;
                case Step.Jump:
                    pc = at.A;
                    ok = true;
                    break;
                case Step.Mark:
                    Push(new Frame(-1, 0, -1, at.A, _marks[at.A]));
                    _marks[at.A] = position;
                    pc++;
                    ok = true;
                    break;
                case Step.Progress:
                    // A round that took nothing ends its loop.
                    pc = _marks[at.A] == position ? at.B : pc + 1;
                    ok = true;
                    break;
                case Step.Look:
                    ok = Look(text, at, position) != at.Flag2;
                    pc++;
                    break;
                case Step.Atomic:
                    int inner = Run(text, at.Inner!, position);
                    ok = inner >= 0;
                    if (ok) position = inner;
                    pc++;
                    break;
                default:
                    ok = Assert(text, at.Step, position);
                    pc++;
                    break;
            }

            if (!ok && !Back(text, code, bottom, ref pc, ref position)) return -1;
        }
    }

    private bool TakeOne(ReadOnlySpan<char> text, Instruction at, ref int position)
    {
        if (position >= text.Length) return false;
        int rune = Unicode.Runes.At(text, position, out int taken);
        bool ok = at.Step == Step.Set ? at.Set!.Contains(rune) : (at.Flag ? CaseFolding.Fold(rune) : rune) == at.A;
        if (ok) position += taken;
        return ok;
    }

    private bool TakeMany(ReadOnlySpan<char> text, Instruction at, int pc, ref int position)
    {
        // Flag: as few as possible; Flag2: nothing is given back.
        int count = 0;
        int least = position;
        int most = at.Flag ? at.A : at.B;
        while (count < most && position < text.Length)
        {
            int rune = Unicode.Runes.At(text, position, out int taken);
            if (!at.Set!.Contains(rune)) break;
            position += taken;
            count++;
            if (count == at.A) least = position;
            _steps--;
        }

        if (count < at.A) return false;
        if (at.Flag)
        {
            if (at.B > at.A) Push(new Frame(pc, position, -2, count, 0));
        }
        else if (!at.Flag2 && position > least)
        {
            Push(new Frame(pc, position, least, -1, 0));
        }

        return true;
    }

    /// <summary>Goes back to the last open choice; false when none is left.</summary>
    private bool Back(ReadOnlySpan<char> text, Instruction[] code, int bottom, ref int pc, ref int position)
    {
        while (_top > bottom)
        {
            ref var frame = ref _stack[_top - 1];
            if (frame.Pc < 0)
            {
                _marks[frame.Mark] = frame.MarkValue;
                _top--;
                continue;
            }

            if (frame.Least == -1)
            {
                (pc, position) = (frame.Pc, frame.Position);
                _top--;
                return true;
            }

            if (frame.Least >= 0)
            {
                // A greedy loop gives one character back.
                Unicode.Runes.Before(text, frame.Position, out int given);
                frame.Position -= given;
                (pc, position) = (frame.Pc + 1, frame.Position);
                if (frame.Position <= frame.Least) _top--;
                return true;
            }

            // A lazy loop takes one character more.
            var loop = code[frame.Pc];
            if (frame.Mark < loop.B && frame.Position < text.Length)
            {
                int rune = Unicode.Runes.At(text, frame.Position, out int taken);
                if (loop.Set!.Contains(rune))
                {
                    frame.Position += taken;
                    frame.Mark++;
                    (pc, position) = (frame.Pc + 1, frame.Position);
                    return true;
                }
            }

            _top--;
        }

        return false;
    }

    /// <summary>Whether the text ahead (or behind, where Flag is set) fits.</summary>
    private bool Look(ReadOnlySpan<char> text, Instruction at, int position)
    {
        if (!at.Flag) return Run(text, at.Inner!, position) >= 0;
        for (int start = position - at.A; start >= 0 && position - start <= at.B; start--)
        {
            if (Run(text[..position], at.Inner!, start) == position) return true;
        }

        return false;
    }

    private static bool Assert(ReadOnlySpan<char> text, Step step, int position)
    {
        bool before = position > 0 && CharSet.Word(Unicode.Runes.Before(text, position, out _));
        bool after = position < text.Length && CharSet.Word(Unicode.Runes.At(text, position, out _));
        return step switch
        {
            Step.TextStart => position == 0,
            Step.TextEnd => position == text.Length,
            Step.TextEndOrLine => position == text.Length || position == text.Length - 1 && text[position] == '\n',
            Step.LineStart => position == 0 || text[position - 1] == '\n' && position < text.Length,
            Step.LineEnd => position == text.Length || text[position] == '\n',
            Step.WordEdge => before != after,
            _ => before == after,
        };
    }

    private void Push(Frame frame)
    {
        if (_top == MostFrames) throw TokenizerErrors.PatternTooSlow(program.Source);
        if (_top == _stack.Length) Array.Resize(ref _stack, _stack.Length * 2);
        _stack[_top++] = frame;
    }
}
