//! lz4 frames with independent blocks, read as Kafka's `Lz4BlockInputStream` reads them: one frame; the header's and the
//! blocks' checksums are verified, the content's checksum and size are not; linked blocks and dictionaries are refused;
//! bytes after the end mark are ignored.
//!
//! Invariant: one block (at most 4 MiB, and at most what its bytes can expand to) is in memory at a time.

use super::corrupt;
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use std::io::{self, Read};

const MAGIC: u32 = 0x184D_2204;
const INCOMPRESSIBLE: u32 = 0x8000_0000;
/// A match of any length costs a byte per 255 bytes, after its first few.
const MAX_EXPANSION: usize = 256;

pub(super) struct Decoder<'a> {
    rest: &'a [u8],
    max_block: usize,
    block_checksum: bool,
    /// The current block where it was compressed; a stored block is read from the input.
    buffer: Vec<u8>,
    stored: Option<&'a [u8]>,
    position: usize,
    finished: bool,
}

fn le32(bytes: &mut &[u8]) -> io::Result<u32> {
    let (first, rest) = bytes.split_first_chunk::<4>().ok_or_else(|| corrupt("lz4: stream ended prematurely"))?;
    *bytes = rest;
    Ok(u32::from_le_bytes(*first))
}

impl<'a> Decoder<'a> {
    pub(super) fn new(input: &'a [u8]) -> io::Result<Decoder<'a>> {
        let mut rest = input;
        if input.len() < 6 {
            return Err(corrupt("lz4: stream ended prematurely"));
        }
        if le32(&mut rest)? != MAGIC {
            return Err(corrupt("lz4: stream unsupported (invalid magic bytes)"));
        }
        let descriptor = rest;
        let [flg, bd] = [rest[0], rest[1]];
        // FLG: version 01, block independence, block checksum, content size, content checksum, two reserved bits.
        if flg & 0b11 != 0 || flg >> 6 != 1 {
            return Err(corrupt("lz4: reserved bits or version"));
        }
        if flg & 0x20 == 0 {
            return Err(corrupt("lz4: dependent block stream is unsupported"));
        }
        if bd & 0x8f != 0 || bd >> 4 < 4 {
            return Err(corrupt("lz4: block size value must be between 4 and 7"));
        }
        let max_block = 1usize << (2 * (bd >> 4) + 8);
        let len = if flg & 0x08 != 0 { 10 } else { 2 };
        let (descriptor, rest) =
            descriptor.split_at_checked(len).ok_or_else(|| corrupt("lz4: stream ended prematurely"))?;
        let (checksum, rest) = rest.split_first().ok_or_else(|| corrupt("lz4: stream ended prematurely"))?;
        if *checksum != (xxh32(descriptor) >> 8) as u8 {
            return Err(corrupt("lz4: stream frame descriptor corrupted"));
        }
        Ok(Decoder {
            rest,
            max_block,
            block_checksum: flg & 0x10 != 0,
            buffer: Vec::new(),
            stored: None,
            position: 0,
            finished: false,
        })
    }

    fn block(&self) -> &[u8] {
        self.stored.unwrap_or(&self.buffer).get(self.position..).unwrap_or(&[])
    }

    fn next_block(&mut self) -> io::Result<()> {
        self.position = 0;
        self.stored = None;
        self.buffer.clear();
        let word = le32(&mut self.rest)?;
        let size = (word & !INCOMPRESSIBLE) as usize;
        if size == 0 {
            self.finished = true;
            return Ok(());
        }
        if size > self.max_block {
            return Err(corrupt("lz4: block size exceeded max"));
        }
        let (block, rest) = self.rest.split_at_checked(size).ok_or_else(|| corrupt("lz4: stream ended prematurely"))?;
        self.rest = rest;
        if word & INCOMPRESSIBLE != 0 {
            self.stored = Some(block);
        } else {
            self.buffer.resize(self.max_block.min(size.saturating_mul(MAX_EXPANSION)), 0);
            let n = lz4_flex::block::decompress_into(block, &mut self.buffer).map_err(io::Error::other)?;
            self.buffer.truncate(n);
        }
        if self.block_checksum && le32(&mut self.rest)? != xxh32(block) {
            return Err(corrupt("lz4: block checksum mismatch"));
        }
        Ok(())
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.finished && self.block().is_empty() {
            self.next_block()?;
        }
        let n = self.block().read(out)?;
        self.position += n;
        Ok(n)
    }
}

/// Kafka writes blocks of 64 KiB without checksums; a block of the encoder here holds as much.
pub(super) fn encoder(out: Vec<u8>) -> FrameEncoder<Vec<u8>> {
    let info = FrameInfo::new().block_size(BlockSize::Max64KB).block_mode(BlockMode::Independent);
    FrameEncoder::with_frame_info(info, out)
}

/// XXH32 with seed 0, as lz4's frame format uses it.
fn xxh32(input: &[u8]) -> u32 {
    const P1: u32 = 0x9E37_79B1;
    const P2: u32 = 0x85EB_CA77;
    const P3: u32 = 0xC2B2_AE3D;
    const P4: u32 = 0x27D4_EB2F;
    const P5: u32 = 0x1656_67B1;
    let round = |acc: u32, lane: u32| acc.wrapping_add(lane.wrapping_mul(P2)).rotate_left(13).wrapping_mul(P1);
    let (stripes, tail) = input.as_chunks::<16>();
    let mut hash = if stripes.is_empty() {
        P5
    } else {
        let mut acc = [P1.wrapping_add(P2), P2, 0, 0u32.wrapping_sub(P1)];
        for stripe in stripes {
            for (acc, lane) in acc.iter_mut().zip(stripe.as_chunks::<4>().0) {
                *acc = round(*acc, u32::from_le_bytes(*lane));
            }
        }
        let [a, b, c, d] = acc;
        a.rotate_left(1).wrapping_add(b.rotate_left(7)).wrapping_add(c.rotate_left(12)).wrapping_add(d.rotate_left(18))
    };
    hash = hash.wrapping_add(input.len() as u32);
    let (words, tail) = tail.as_chunks::<4>();
    for word in words {
        hash = hash.wrapping_add(u32::from_le_bytes(*word).wrapping_mul(P3)).rotate_left(17).wrapping_mul(P4);
    }
    for byte in tail {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(P5)).rotate_left(11).wrapping_mul(P1);
    }
    hash = (hash ^ (hash >> 15)).wrapping_mul(P2);
    hash = (hash ^ (hash >> 13)).wrapping_mul(P3);
    hash ^ (hash >> 16)
}
