using System.Security.Cryptography;
using System.Text;

namespace Tunesmith.Models.Checkpoints;

/// <summary>
/// Tells weights from other weights without reading them all: a SHA-256 over names, types, shapes and the first and last bytes of every tensor. Weights that were
/// trained further differ nearly everywhere.
/// </summary>
public static class WeightFingerprint
{
    private const int BytesAnEnd = 4096;

    /// <summary>Of a model's files and those of the adapters on it, in their order.</summary>
    public static string Of(string modelFolder, IReadOnlyList<string> adapterFolders)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in CheckpointFiles.Paths(modelFolder).Concat(adapterFolders.Select(folder => Path.Combine(folder, Adapters.AdapterFile.WeightsName))))
        {
            using SafeTensorsFile file = SafeTensorsFile.Open(path);
            foreach (TensorInfo info in file.Header.Tensors)
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{info.Name} {info.DType} {info.ShapeText}\n"));
                hash.AppendData(file.Ends(info, BytesAnEnd));
            }
        }

        return "sha256 " + Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
