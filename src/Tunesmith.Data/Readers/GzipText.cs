using System.IO.Compression;

namespace Tunesmith.Data.Readers;

/// <summary>Unpacks a gzip file and notices when it is damaged or cut off.</summary>
internal sealed class GzipText : Stream
{
    private readonly FileStream _file;
    private readonly GZipStream _unpacked;
    private readonly string _name;
    private uint _count;
    private bool _any;

    public GzipText(FileStream file, string name)
    {
        _file = file;
        _name = name;
        _unpacked = new GZipStream(file, CompressionMode.Decompress, leaveOpen: false);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            int read = _unpacked.Read(buffer, offset, count);
            _count += (uint)read;
            _any |= read > 0;
            if (read == 0 && count > 0) CheckTrailer();
            return read;
        }
        catch (InvalidDataException)
        {
            throw Errors.BrokenGzip(_name);
        }
    }

    // The last four bytes of a member are its unpacked size (RFC 1952, 2.3.1); the unpacker does not complain about a missing end.
    // A file of several members shows the last one's size only, so a larger sum is no fault.
    private void CheckTrailer()
    {
        Span<byte> size = stackalloc byte[4];
        if (_file.Length < 18) throw Errors.BrokenGzip(_name);
        _file.Seek(-4, SeekOrigin.End);
        _file.ReadExactly(size);
        uint expected = BitConverter.ToUInt32(size);
        if (!_any && expected != 0 || _count < expected) throw Errors.BrokenGzip(_name);
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _unpacked.Dispose();
        base.Dispose(disposing);
    }
}
