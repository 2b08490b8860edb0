using System.Globalization;
using Tunesmith.Runs;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Text.Templates;

/// <summary>Every message of templates and their Jinja interpreter.</summary>
internal static class TemplateErrors
{
    // Reading a Jinja template.
    public static JinjaException TooLong(int length, int limit) => At(1, $"template text: got {length} characters; expected at most {limit}. Is this the right file?");

    public static JinjaException Unclosed(string what, string end, int line) => At(line, $"{what}: got no end; expected '{end}' after it. Close it.");

    public static JinjaException UnexpectedCharacter(char c, int line) => At(line, $"character: got '{c}'; expected a name, number, string, operator or the end of the tag.");

    public static JinjaException BadNumber(string text, int line) => At(line, $"number: got {Short(text)}; expected one that fits into 64 bits.");

    public static JinjaException BadEscape(int line) => At(line, "string: got a broken \\x, \\u or \\U escape; expected 2, 4 or 8 hexadecimal digits of a code point.");

    public static JinjaException Expected(string expected, Token got) => At(got.Line, $"syntax: got {Short(got.Shown)}; expected {expected}.");

    public static JinjaException UnclosedBlock(string block, int begins, ReadOnlySpan<string> ends) =>
        At(begins, $"block '{block}': got the end of the template; expected {string.Join(" or ", ends.ToArray().Select(e => $"'{e}'"))}. Close the block.");

    public static JinjaException UnknownTag(string name, int line) =>
        At(line, $"tag: got '{Short(name)}'; expected block, break, call, continue, filter, for, generation, if, macro, raw, set or with. Other files cannot be loaded from a chat template.");

    public static JinjaException OutsideLoop(string name, int line) => At(line, $"tag '{name}': got it outside a for loop; expected it inside one.");

    public static JinjaException PositionalAfterNamed(int line) => At(line, "arguments: got one without a name after a named one; expected those without names first.");

    public static JinjaException ParameterOrder(string name, int line) => At(line, $"parameter '{Short(name)}': got no default after one with a default; expected those without defaults first.");

    public static JinjaException CannotAssign(string name, int line) => At(line, $"assignment: got '{Short(name)}' on the left; expected a name.");

    public static JinjaException NoFilter(string name, int line) => At(line, $"No filter named '{Short(name)}'.");

    public static JinjaException NoTest(string name, int line) => At(line, $"No test named '{Short(name)}'.");

    // Limits.
    public static JinjaException TooDeep(string what, int limit, int line) => At(line, $"{what}: got deeper nesting than {limit}; expected less. A template is bounded so that it always ends.");

    public static JinjaException NestedTooDeeply(string what) => Now($"{what}: got a value that nests too deeply to be looked through; expected a flatter one. A template is bounded so that it always ends.");

    public static JinjaException TooMuchWork(long limit) => Now($"rendering: got more than {limit} steps; expected fewer. A template is bounded so that it always ends; look for a loop over something very long.");

    public static JinjaException TooLarge(long length, int limit) => Now($"value: got a length of {length}; expected at most {limit}. A template is bounded so that it fits into memory.");

    public static JinjaException RangeTooLong(long limit) => Now($"range: got more than {limit} numbers; expected fewer.");

    // Values.
    public static JinjaException UsedUndefined(string why) => Now(Clipped(why));

    public static JinjaException Unhashable(string type) => Now($"key: got a {type}; expected a string, number or tuple.");

    public static JinjaException NotSupported(string sign, object? value) => Now($"operator {sign}: got {PythonText.TypeName(value)}; expected a number.");

    public static JinjaException NotSupported(string sign, object? a, object? b) =>
        Now($"operator {sign}: got {PythonText.TypeName(a)} and {PythonText.TypeName(b)}; expected types that it works on. To join texts with other values write ~.");

    public static JinjaException NotIterable(object? value) => Now($"loop or list: got {PythonText.TypeName(value)}; expected a list, dict or string.");

    public static JinjaException NotCallable(object? value) => Now($"call: got {PythonText.TypeName(value)}; expected a function or macro.");

    public static JinjaException NoLength(object? value) => Now($"length: got {PythonText.TypeName(value)}; expected a string, list or dict. A filter's result may need '| list' first.");

    public static JinjaException IntegerTooLarge() => Now("integer: got a result beyond 64 bits; expected less.");

    public static JinjaException DivisionByZero() => Now("division: got 0 to divide by; expected another number.");

    public static JinjaException ZeroStep() => Now("step: got 0; expected another number.");

    public static JinjaException SliceBound(object? value) => Now($"slice: got a bound of type {PythonText.TypeName(value)}; expected an integer or nothing.");

    public static JinjaException Unpack(int expected, int got) => Now($"assignment: got {got} values; expected {expected}, one for each name.");

    public static JinjaException NotANamespace(string name) => Now($"assignment: got an attribute of '{Short(name)}'; expected one of a namespace(...) object.");

    public static JinjaException NotAMapping() => Now("value: got something else than a dict; expected a dict with string keys.");

    public static JinjaException NotInList() => Now("index: got a value that is not in the list; expected one that is.");

    public static JinjaException NotInText() => Now("index: got a text that does not occur; expected one that does. find gives -1 instead.");

    public static JinjaException EmptySeparator() => Now("split: got an empty separator; expected at least one character.");

    public static JinjaException JoinNeedsText(object? value) => Now($"join: got {PythonText.TypeName(value)}; expected strings only.");

    public static JinjaException NotJson(object? value) => Now($"tojson: got {PythonText.TypeName(value)}; expected null, booleans, numbers, strings, lists and dicts of these.");

    public static JinjaException BadFormat(string format) => Now($"format '{Short(format)}': got values or a conversion that do not fit; expected one fitting value for each placeholder.");

    public static JinjaException MixedFormatArguments() => Now("format: got arguments with and without names; expected only one kind.");

    public static JinjaException NoItems(string name) => Now($"{name}: got no items; expected at least one.");

    // Calls.
    public static JinjaException TooManyArguments(string name, int most, int got) => Now($"{Short(name)}: got {got} arguments; expected at most {most}.");

    public static JinjaException UnexpectedArgument(string name, string argument) => Now($"{Short(name)}: got the argument '{Short(argument)}'; expected no such argument, or not a second time.");

    public static JinjaException MissingArgument(string name, int which) => Now($"{Short(name)}: got no argument {which}; expected one.");

    public static JinjaException WrongArgument(string name, int which, string expected, object? got) =>
        Now($"{Short(name)}: got {(got is string or long ? $"'{Short(Convert.ToString(got, CultureInfo.InvariantCulture)!)}'" : PythonText.TypeName(got))} as argument {which}; expected {expected}.");

    public static JinjaException NotATemplateValue(string type) => Now($"variable: got a {type}; expected null, a boolean, a number, a string, or lists and dictionaries of these.");

    // Chat templates.
    public static UsageException ChatTemplate(JinjaException e) =>
        new($"chat template, line {e.Line}: {(e.RaisedByTemplate ? $"it refuses these messages: {Clipped(e.Message)}" : e.Message)}", e);

    public static UsageException ContinueAndGenerate() =>
        new("chat: got both a generation prompt and a final message to continue; expected one of them. The first begins a new answer, the second goes on with the last one.");

    public static UsageException NothingToContinue() => new("chat: got no final message with text; expected one to continue. Give the beginning of the answer as the last message.");

    public static UsageException FinalMessageMissing() =>
        new("chat template: got a text without the final message; expected it inside. This template changes the last message, so it cannot be continued.");

    // Named templates.
    public static UsageException NoTemplate(string name, IEnumerable<string> names) =>
        new($"template: got '{Short(name)}'; expected the name of a template.{Suggestions.DidYouMean(name, names)} 'tunesmith list' shows all names.");

    public static UsageException UnknownRole(string role) =>
        new($"message role: got '{Short(role)}'; expected user, assistant, observation or function. The system prompt is given apart from the messages.");

    public static UsageException OddMessages(int count) =>
        new($"conversation: got {count} messages; expected pairs of a question and an answer, at least one. Remove the unanswered message or add the missing one.");

    public static UsageException NoToolFormat(string name, IEnumerable<string> names) =>
        new($"tool_format: got '{Short(name)}'; expected one of {string.Join(", ", names)}.");

    public static UsageException NotJsonText(string text) => new($"tools or function call: got {Short(text)}; expected JSON. Correct the record.");

    public static UsageException NotATool(string text) => new($"tools: got {Short(text)}; expected a JSON list of objects, one for each tool. Correct the record.");

    public static UsageException ToolLacks(string key) => new($"tools: got a tool without '{key}'; expected name and parameters with properties. Correct the record.");

    public static UsageException NotACall(string text) =>
        new($"function call: got {Short(text)}; expected an object with name and arguments, or a list of such objects. Correct the record.");

    public static UsageException OneCallOnly(string format, int count) =>
        new($"function call: got {count} calls at once; expected one, since the {format} format has no form for more. Use another template for this data.");

    // A checkpoint's own template.
    public static UsageException NotAPrefix(int turn) =>
        new($"chat template, turn {turn}: got a text that changes when the conversation goes on; expected each answer to be added at the end. "
            + "What is trained on cannot be found this way: set 'template' to a named one, or split the conversations into single turns.");

    public static UsageException NoAnswerInTemplate() =>
        new("chat template: got no text for the answers; expected the assistant's messages inside. Set 'template' to a named one.");

    public static UsageException NotParsed() =>
        new("chat template: got no place for the content of a lone system, user or assistant message; expected one for each. Set 'template' to a named one.");

    public static string RendersItself(string why) =>
        $"template: none is named, and no slots can be read off the checkpoint's chat template ({why}); it is rendered as it is, as with template: {Templates.OwnName}.";

    public static string SlotsDiffer() =>
        $"template: none is named, so slots are read off the checkpoint's chat template as LLaMA-Factory does; over two turns they write another text than it does. Set template: {Templates.OwnName} to use it as it is.";

    public static UsageException NoChatTemplate() => new("template: got a tokenizer without a chat template; expected one to read. Set 'template' to a named one.");

    // Special tokens and processing.
    public static UsageException NoStopWord(string template) => new($"template '{template}': got no stop words; expected one to replace the end-of-sequence token with.");

    public static UsageException UnknownToken(string template, string token) =>
        new($"template '{template}': got a tokenizer without '{Short(token)}'; expected one that has it. This template belongs to other checkpoints.");

    public static UsageException NoEos(string what) => new($"{what}: got a tokenizer without an end-of-sequence token; expected one. Let the template fix the tokenizer first.");

    public static UsageException TrainOnPrompt(string template) =>
        new($"train_on_prompt: got true with template '{template}'; expected false, since this template ends a conversation with one token only. Set train_on_prompt: false.");

    public static UsageException TokenInJinja(string template) =>
        new($"template '{template}': got a slot that is one token by its name; expected texts only. It has no chat template in Jinja.");

    public static UsageException Cutoff(int cutoff) => new($"cutoff_len: got {cutoff}; expected at least 1.");

    private static JinjaException At(int line, string words) => new(words, line);

    /// <summary>An error whose line the running template knows.</summary>
    private static JinjaException Now(string words) => new(words);

    // Words that are the template's own: it may make them as long as it likes. Their end says what is wrong.
    private static string Clipped(string words) => words.Length <= 400 ? words : words[..300] + "…" + words[^60..];

    private static string Short(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
