//! snappy in snappy-java's framing: an 16-byte header, then blocks of (i32 length, raw snappy). librdkafka and others
//! send raw snappy without a frame, which snappy-java reads too.
//!
//! Invariant: one block is decompressed at a time, into a buffer of at most what that block's compressed bytes can
//! expand to and the caller's limit allow.

use super::{corrupt, limit_reached};
use std::io::{self, Read, Write};

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const HEADER: [u8; 16] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];
/// Kafka writes blocks of 32 KiB (`SnappyOutputStream.DEFAULT_BLOCK_SIZE`).
const BLOCK_SIZE: usize = 32 * 1024;
/// A copy element of 3 bytes gives at most 64 bytes.
const MAX_EXPANSION: usize = 22;

pub(super) struct Decoder<'a> {
    rest: &'a [u8],
    framed: bool,
    block: Vec<u8>,
    position: usize,
    left: usize,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(input: &'a [u8], limit: usize) -> io::Result<Decoder<'a>> {
        if input.is_empty() {
            return Err(corrupt("snappy: empty input"));
        }
        let framed = input.starts_with(&MAGIC);
        let rest = if framed {
            // Eight bytes of version and oldest compatible version follow; snappy-java does not look at them.
            input.get(HEADER.len()..).ok_or_else(|| corrupt("snappy: header is cut"))?
        } else {
            input
        };
        Ok(Decoder { rest, framed, block: Vec::new(), position: 0, left: limit })
    }

    /// The next block's compressed bytes; `None` at the end.
    fn next_block(&mut self) -> io::Result<Option<&'a [u8]>> {
        if !self.framed {
            let all = std::mem::take(&mut self.rest);
            return Ok((!all.is_empty()).then_some(all));
        }
        loop {
            // snappy-java skips the header of a stream appended to another.
            if self.rest.starts_with(&MAGIC) {
                self.rest = self.rest.get(HEADER.len()..).ok_or_else(|| corrupt("snappy: header is cut"))?;
                continue;
            }
            // Fewer than four bytes left are its end of stream.
            let Some((length, rest)) = self.rest.split_first_chunk::<4>() else {
                return Ok(None);
            };
            let length =
                usize::try_from(i32::from_be_bytes(*length)).map_err(|_| corrupt("snappy: negative block length"))?;
            let (block, rest) = rest.split_at_checked(length).ok_or_else(|| corrupt("snappy: block is cut"))?;
            self.rest = rest;
            return Ok(Some(block));
        }
    }

    fn fill(&mut self) -> io::Result<bool> {
        while let Some(compressed) = self.next_block()? {
            let size = snap::raw::decompress_len(compressed).map_err(io::Error::other)?;
            if size > compressed.len().saturating_mul(MAX_EXPANSION) {
                return Err(corrupt("snappy: length is a lie"));
            }
            self.left = self.left.checked_sub(size).ok_or_else(limit_reached)?;
            self.block.resize(size, 0);
            self.position = 0;
            let n = snap::raw::Decoder::new().decompress(compressed, &mut self.block).map_err(io::Error::other)?;
            self.block.truncate(n);
            if n > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position == self.block.len() && !self.fill()? {
            return Ok(0);
        }
        let n = self.block.get(self.position..).unwrap_or(&[]).read(out)?;
        self.position += n;
        Ok(n)
    }
}

pub(super) struct Encoder {
    out: Vec<u8>,
    pending: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(mut out: Vec<u8>) -> Encoder {
        out.extend_from_slice(&HEADER);
        Encoder { out, pending: Vec::with_capacity(BLOCK_SIZE) }
    }

    pub(super) fn written(&self) -> usize {
        self.out.len()
    }

    fn write_block(&mut self) -> io::Result<()> {
        let at = self.out.len();
        let max = snap::raw::max_compress_len(self.pending.len());
        self.out.resize(at + 4 + max, 0);
        let n = snap::raw::Encoder::new().compress(&self.pending, &mut self.out[at + 4..]).map_err(io::Error::other)?;
        let length = i32::try_from(n).map_err(io::Error::other)?;
        self.out[at..at + 4].copy_from_slice(&length.to_be_bytes());
        self.out.truncate(at + 4 + n);
        self.pending.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        if !self.pending.is_empty() {
            self.write_block()?;
        }
        Ok(self.out)
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(BLOCK_SIZE - self.pending.len());
        self.pending.extend_from_slice(&bytes[..n]);
        if self.pending.len() == BLOCK_SIZE {
            self.write_block()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
