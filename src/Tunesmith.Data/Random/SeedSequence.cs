namespace Tunesmith.Data.Random;

/// <summary>numpy's SeedSequence for one 32-bit seed: O'Neill's seed_seq_fe with a pool of four words (numpy NEP 19).</summary>
internal sealed class SeedSequence
{
    private const uint MultiplierA = 0x931e8875u;
    private const uint MultiplierB = 0x58f38dedu;
    private const uint MixLeft = 0xca01f9ddu;
    private const uint MixRight = 0x4973f715u;
    private readonly uint[] _pool = new uint[4];

    public SeedSequence(uint entropy)
    {
        uint hash = 0x43b0d7e5u;
        uint Hashed(uint value)
        {
            value ^= hash;
            hash *= MultiplierA;
            value *= hash;
            return value ^ (value >> 16);
        }
        for (int i = 0; i < _pool.Length; i++) _pool[i] = Hashed(i == 0 ? entropy : 0);
        for (int from = 0; from < _pool.Length; from++)
        {
            for (int to = 0; to < _pool.Length; to++)
            {
                if (from == to) continue;
                uint mixed = MixLeft * _pool[to] - MixRight * Hashed(_pool[from]);
                _pool[to] = mixed ^ (mixed >> 16);
            }
        }
    }

    public ulong[] Generate64(int count)
    {
        uint hash = 0x8b51f9ddu;
        var words = new ulong[count];
        for (int i = 0; i < 2 * count; i++)
        {
            uint value = _pool[i % _pool.Length] ^ hash;
            hash *= MultiplierB;
            value *= hash;
            value ^= value >> 16;
            words[i / 2] |= (ulong)value << (32 * (i % 2));
        }
        return words;
    }
}
