using System.Buffers.Binary;
using System.Text;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Families;
using Tunesmith.Runs;

namespace Tunesmith.Tests.Checkpoints;

/// <summary>Damaged checkpoints: what is read is consistent, everything else is one clear error. No file here makes libtorch load anything.</summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    private const string Header = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b.c":{"dtype":"I64","shape":[],"data_offsets":[8,16]},"e":{"dtype":"BF16","shape":[0,4],"data_offsets":[16,16]}}""";
    private const string Index = """{"metadata":{"total_size":32},"weight_map":{"a":"model-00001-of-00002.safetensors","b.c":"model-00001-of-00002.safetensors","e":"model-00002-of-00002.safetensors"}}""";
    private const string Adapter = """{"peft_type":"LORA","r":8,"lora_alpha":16,"lora_dropout":0.1,"target_modules":["q_proj","v_proj"],"bias":"none","use_rslora":false,"use_dora":false,"init_lora_weights":true,"rank_pattern":{"layers.0":4},"alpha_pattern":{},"modules_to_save":null,"layers_to_transform":[0,1],"task_type":"CAUSAL_LM","base_model_name_or_path":"x","fan_in_fan_out":false}""";

    private static readonly string[] s_pieces = ["0", "9", "99999999999999999999", "{", "}", "[", "]", ",", ":", "\"", "-", "e", "\"dtype\":", "\"F32\"", "\\u0000", " "];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_headers_are_read_or_refused() => Fuzzer(json =>
    {
        // Mostly the right length before the header and the right number of bytes behind it.
        var bytes = new byte[8 + json.Length + (json.Length % 17 == 0 ? json.Length % 40 : 16)];
        long length = (json.Length % 23) switch { 0 => json.Length - 1, 1 when json.Length % 2 == 0 => json.Length + 17, 2 when json.Length % 2 == 0 => long.MaxValue - json.Length, 3 when json.Length % 2 == 0 => -json.Length, _ => json.Length };
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        json.CopyTo(bytes, 8);
        string path = _folder.File("damaged.safetensors");
        File.WriteAllBytes(path, bytes);
        var header = SafeTensorsFile.ReadHeader(path);
        Assert.Equal(bytes.Length, header.Tensors.Sum(info => info.ByteCount) + 8 + length);
        foreach (var tensor in header.Tensors) Assert.Same(tensor, header.Find(tensor.Name));
    }).Run("safetensors", Fuzz.Count(500), new Damage(1, [Encoding.UTF8.GetBytes(Header)], s_pieces, json: true));

    [Fact]
    public void Damaged_indexes_are_read_or_refused()
    {
        Write("model-00001-of-00002.safetensors", """{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b.c":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}""", 16);
        Write("model-00002-of-00002.safetensors", """{"e":{"dtype":"BF16","shape":[8],"data_offsets":[0,16]}}""", 16);
        Fuzzer(json =>
        {
            File.WriteAllBytes(_folder.File(CheckpointFiles.IndexName), json);
            using var files = CheckpointFiles.Open(_folder.Path);
            foreach (var tensor in files.Tensors) Assert.True(files.Contains(tensor.Name));
        }).Run("index", Fuzz.Count(300), new Damage(2, [Encoding.UTF8.GetBytes(Index)], [.. s_pieces, "/", "..", "model-00001-of-00002.safetensors"], json: true));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    [InlineData("bert")]
    public void Damaged_configs_are_read_or_refused(string family) => Fuzzer(json =>
    {
        File.WriteAllBytes(_folder.File("config.json"), json);
        ModelLoader.ReadConfig(_folder.Path);
    }).Run($"config-{family}", Fuzz.Count(200), new Damage(family[0], [File.ReadAllBytes(Path.Combine(Tensors.Family(family), "config.json"))], s_pieces, json: true));

    [Fact]
    public void Damaged_adapter_configs_are_read_or_refused() => Fuzzer(json =>
    {
        File.WriteAllBytes(_folder.File(LoraConfig.FileName), json);
        LoraConfig.Load(_folder.Path);
    }).Run("adapter-config", Fuzz.Count(300), new Damage(3, [Encoding.UTF8.GetBytes(Adapter)], s_pieces, json: true));

    [Theory]
    [InlineData("\"r\": \"8\"", "r \"8\"")]
    [InlineData("\"r\": 1e300", "r 1e300")]
    [InlineData("\"layers_to_transform\": \"all\"", "layers_to_transform \"all\"")]
    [InlineData("\"rank_pattern\": {\"a\": \"x\"}", "rank_pattern \"x\"")]
    [InlineData("\"use_dora\": \"yes\"", "use_dora \"yes\"")]
    [InlineData("\"base_model_name_or_path\": \"\\ud800\"", "invalid JSON")]
    public void A_wrong_value_of_an_adapter_is_named(string field, string expected)
    {
        File.WriteAllText(_folder.File(LoraConfig.FileName), $"{{\"peft_type\": \"LORA\", {field}}}");
        Assert.Contains(expected, Assert.Throws<UsageException>(() => LoraConfig.Load(_folder.Path)).Message);
    }

    [Theory]
    [InlineData("{\"labels\": {\"0\": \"ham\"}}")]
    [InlineData("{\"labels\": [\"ham\", null]}")]
    [InlineData("{\"labels\": []}")]
    [InlineData("{}")]
    public void Labels_of_an_adapter_that_are_none_are_said(string json)
    {
        File.WriteAllText(_folder.File(ClassHead.FileName), json);
        Assert.Contains("labels.json: got no labels; expected a list of texts, the names of the classes.", Assert.Throws<UsageException>(() => ClassHead.Of([_folder.Path])).Message);
    }

    private static Fuzz Fuzzer(Action<byte[]> read) => new() { IsOurs = error => error is UsageException, Read = read };

    private void Write(string name, string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        File.WriteAllBytes(_folder.File(name), bytes);
    }
}
