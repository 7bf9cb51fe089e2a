//! The four codecs of Kafka: streaming decompression with a hard cap on what comes out, and compression with levels.
//!
//! Plain functions over borrowed bytes. Garbage is an error, never a panic; memory is bounded by a codec's window or
//! block, and the output by the caller's limit (decompression bombs). What Kafka's own readers accept is accepted.
//!
//! Deliberately absent: dictionaries, linked lz4 blocks (Kafka refuses them).

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use std::fmt;
use std::io::{self, Read};
use thiserror::Error;

/// A batch's codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum CompressionType {
    /// Not compressed.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// snappy in the framing of snappy-java.
    Snappy,
    /// lz4 frames.
    Lz4,
    /// zstd.
    Zstd,
}

impl CompressionType {
    /// All of them.
    pub const ALL: [CompressionType; 5] = [
        CompressionType::None,
        CompressionType::Gzip,
        CompressionType::Snappy,
        CompressionType::Lz4,
        CompressionType::Zstd,
    ];

    /// From the low bits of a batch's attributes.
    pub fn from_id(id: u8) -> Option<CompressionType> {
        CompressionType::ALL.get(usize::from(id)).copied()
    }

    /// As in a batch's attributes.
    pub fn id(self) -> u8 {
        self as u8
    }

    /// From Kafka's name of it in configuration.
    pub fn from_name(name: &str) -> Option<CompressionType> {
        CompressionType::ALL.into_iter().find(|c| c.name() == name)
    }

    /// Kafka's name of it in configuration.
    pub fn name(self) -> &'static str {
        match self {
            CompressionType::None => "none",
            CompressionType::Gzip => "gzip",
            CompressionType::Snappy => "snappy",
            CompressionType::Lz4 => "lz4",
            CompressionType::Zstd => "zstd",
        }
    }
}

impl fmt::Display for CompressionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A codec with its level, as a topic's `compression.type` and `compression.<codec>.level` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum Compression {
    /// Not compressed.
    #[default]
    None,
    /// Level 1 to 9, or -1 for zlib's default.
    Gzip(i32),
    /// Has no level.
    Snappy,
    /// Level 1 to 17. Accepted for configuration's sake: the encoder has one level.
    Lz4(i32),
    /// Level -131072 to 22.
    Zstd(i32),
}

impl Compression {
    /// With Kafka's default level.
    pub fn of(codec: CompressionType) -> Compression {
        match codec {
            CompressionType::None => Compression::None,
            CompressionType::Gzip => Compression::Gzip(-1),
            CompressionType::Snappy => Compression::Snappy,
            CompressionType::Lz4 => Compression::Lz4(9),
            CompressionType::Zstd => Compression::Zstd(3),
        }
    }

    /// The codec.
    pub fn codec(self) -> CompressionType {
        match self {
            Compression::None => CompressionType::None,
            Compression::Gzip(_) => CompressionType::Gzip,
            Compression::Snappy => CompressionType::Snappy,
            Compression::Lz4(_) => CompressionType::Lz4,
            Compression::Zstd(_) => CompressionType::Zstd,
        }
    }
}

/// Why a compressed stream could not be read or written.
#[derive(Debug, Error)]
pub enum CompressionError {
    /// More comes out than the caller allows.
    #[error("more than {limit} bytes when decompressed")]
    TooLarge {
        /// The caller's limit in bytes.
        limit: usize,
    },
    /// The stream is broken, or cut, or uses what Kafka refuses.
    #[error("{0}")]
    Corrupt(#[from] io::Error),
}

/// Marks an `io::Error` that stands for [`CompressionError::TooLarge`].
#[derive(Debug, Error)]
#[error("decompressed size is above the limit")]
struct LimitReached;

/// A decompressed stream, produced as it is read. An attempt to read beyond the limit fails; see [`is_limit_reached`].
pub struct Decompressor<'a> {
    inner: Inner<'a>,
    left: usize,
}

enum Inner<'a> {
    None(&'a [u8]),
    Gzip(gzip::Decoder<'a>),
    Snappy(snappy::Decoder<'a>),
    Lz4(lz4::Decoder<'a>),
    Zstd(zstd::Decoder<'a>),
}

impl fmt::Debug for Decompressor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'a> Decompressor<'a> {
    /// Starts on `input`, of which at most `limit` bytes may come out.
    pub fn new(codec: CompressionType, input: &'a [u8], limit: usize) -> io::Result<Decompressor<'a>> {
        let inner = match codec {
            CompressionType::None => Inner::None(input),
            CompressionType::Gzip => Inner::Gzip(gzip::Decoder::new(input)?),
            CompressionType::Snappy => Inner::Snappy(snappy::Decoder::new(input, limit)?),
            CompressionType::Lz4 => Inner::Lz4(lz4::Decoder::new(input)?),
            CompressionType::Zstd => Inner::Zstd(zstd::Decoder::new(input)?),
        };
        Ok(Decompressor { inner, left: limit })
    }
}

impl Read for Decompressor<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.inner {
            Inner::None(rest) => rest.read(out)?,
            Inner::Gzip(d) => d.read(out)?,
            Inner::Snappy(d) => d.read(out)?,
            Inner::Lz4(d) => d.read(out)?,
            Inner::Zstd(d) => d.read(out)?,
        };
        self.left = self.left.checked_sub(n).ok_or_else(limit_reached)?;
        Ok(n)
    }
}

fn limit_reached() -> io::Error {
    io::Error::other(LimitReached)
}

/// Whether `error` came from a [`Decompressor`] because its limit was reached, not because the stream is broken.
pub fn is_limit_reached(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<LimitReached>())
}

fn corrupt(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Decompresses all of `input`, at most `limit` bytes. The buffer grows with what comes out.
pub fn decompress(codec: CompressionType, input: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
    let map = |e: io::Error| {
        if is_limit_reached(&e) { CompressionError::TooLarge { limit } } else { CompressionError::Corrupt(e) }
    };
    let mut out = Vec::new();
    Decompressor::new(codec, input, limit).and_then(|mut d| d.read_to_end(&mut out)).map_err(map)?;
    Ok(out)
}

/// Compresses `input` and appends it to `out`.
pub fn compress(compression: Compression, input: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let mut compressor = Compressor::new(compression, std::mem::take(out))?;
    io::Write::write_all(&mut compressor, input)?;
    *out = compressor.finish()?;
    Ok(())
}

/// Compresses what is written into a buffer, as it is written.
pub struct Compressor {
    inner: InnerCompressor,
}

enum InnerCompressor {
    None(Vec<u8>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Snappy(snappy::Encoder),
    Lz4(Box<lz4_flex::frame::FrameEncoder<Vec<u8>>>),
    Zstd(::zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").finish_non_exhaustive()
    }
}

impl Compressor {
    /// Appends to `out`.
    pub fn new(compression: Compression, out: Vec<u8>) -> io::Result<Compressor> {
        let inner = match compression {
            Compression::None => InnerCompressor::None(out),
            Compression::Gzip(level) => InnerCompressor::Gzip(gzip::encoder(out, level)),
            Compression::Snappy => InnerCompressor::Snappy(snappy::Encoder::new(out)),
            Compression::Lz4(_) => InnerCompressor::Lz4(Box::new(lz4::encoder(out))),
            Compression::Zstd(level) => InnerCompressor::Zstd(zstd::encoder(out, level)?),
        };
        Ok(Compressor { inner })
    }

    /// Bytes in the buffer so far; what the codec still holds back is not counted.
    pub fn written(&self) -> usize {
        match &self.inner {
            InnerCompressor::None(out) => out.len(),
            InnerCompressor::Gzip(e) => e.get_ref().len(),
            InnerCompressor::Snappy(e) => e.written(),
            InnerCompressor::Lz4(e) => e.get_ref().len(),
            InnerCompressor::Zstd(e) => e.get_ref().len(),
        }
    }

    /// Writes what is buffered and the stream's end; gives the buffer back.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self.inner {
            InnerCompressor::None(out) => Ok(out),
            InnerCompressor::Gzip(e) => e.finish(),
            InnerCompressor::Snappy(e) => e.finish(),
            InnerCompressor::Lz4(e) => e.finish().map_err(io::Error::other),
            InnerCompressor::Zstd(e) => e.finish(),
        }
    }
}

impl io::Write for Compressor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.inner {
            InnerCompressor::None(out) => out.write(bytes),
            InnerCompressor::Gzip(e) => e.write(bytes),
            InnerCompressor::Snappy(e) => e.write(bytes),
            InnerCompressor::Lz4(e) => e.write(bytes),
            InnerCompressor::Zstd(e) => e.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
