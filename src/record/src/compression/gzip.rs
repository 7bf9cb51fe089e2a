//! gzip, read as Java's `GZIPInputStream` reads it: members may follow each other, bytes after a member that do not begin
//! another one are ignored, and so are flags that the format reserves; checksums and lengths are verified.
//!
//! The inflater is kept per thread: making one costs as much as decompressing a small batch.
//! Invariant: the only allocation is the inflater's window of 32 KiB.

use super::corrupt;
use flate2::write::GzEncoder;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::cell::Cell;
use std::io::{self, Read};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;

thread_local! {
    static SPARE: Cell<Option<Box<Decompress>>> = const { Cell::new(None) };
}

pub(super) struct Decoder<'a> {
    inflater: Option<Box<Decompress>>,
    rest: &'a [u8],
    crc: Crc,
    /// The member's data has ended, its trailer is next.
    at_trailer: bool,
    finished: bool,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(input: &'a [u8]) -> io::Result<Decoder<'a>> {
        let rest = after_header(input)?;
        let mut inflater = SPARE.take().unwrap_or_else(|| Box::new(Decompress::new(false)));
        inflater.reset(false);
        Ok(Decoder { inflater: Some(inflater), rest, crc: Crc::new(), at_trailer: false, finished: false })
    }

    /// Checks the trailer and goes on to the next member, if there is one.
    fn end_member(&mut self) -> io::Result<()> {
        let (trailer, rest) = self.rest.split_at_checked(8).ok_or_else(|| corrupt("gzip: trailer is cut"))?;
        let expected = [self.crc.sum().to_le_bytes(), self.crc.amount().to_le_bytes()].concat();
        if trailer != expected {
            return Err(corrupt("gzip: corrupt trailer"));
        }
        match after_header(rest) {
            Ok(rest) => {
                self.rest = rest;
                self.crc.reset();
                if let Some(inflater) = &mut self.inflater {
                    inflater.reset(false);
                }
            }
            Err(_) => self.finished = true,
        }
        Ok(())
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.finished && !out.is_empty() {
            if self.at_trailer {
                // Only now, as in Java: of a broken trailer and a broken record, the record is reported.
                self.at_trailer = false;
                self.end_member()?;
                continue;
            }
            let Some(inflater) = &mut self.inflater else { break };
            let (read_before, written_before) = (inflater.total_in(), inflater.total_out());
            let status = inflater.decompress(self.rest, out, FlushDecompress::None)?;
            let read = (inflater.total_in() - read_before) as usize;
            let written = (inflater.total_out() - written_before) as usize;
            self.rest = self.rest.get(read..).unwrap_or(&[]);
            self.crc.update(out.get(..written).unwrap_or(&[]));
            if status == Status::StreamEnd {
                self.at_trailer = true;
            } else if written == 0 && (read == 0 || self.rest.is_empty()) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        SPARE.set(self.inflater.take());
    }
}

/// What follows a member's header.
fn after_header(input: &[u8]) -> io::Result<&[u8]> {
    let cut = || corrupt("gzip: header is cut");
    if !input.starts_with(&MAGIC) {
        return Err(corrupt("gzip: not in GZIP format"));
    }
    let flags = *input.get(3).ok_or_else(cut)?;
    let mut rest = input.get(10..).ok_or_else(cut)?;
    if flags & FEXTRA != 0 {
        let (length, tail) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        rest = tail.get(usize::from(u16::from_le_bytes(*length))..).ok_or_else(cut)?;
    }
    for text in [FNAME, FCOMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|b| *b == 0).ok_or_else(cut)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & FHCRC != 0 {
        let mut crc = Crc::new();
        crc.update(&input[..input.len() - rest.len()]);
        let (expected, tail) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        if *expected != (crc.sum() as u16).to_le_bytes() {
            return Err(corrupt("gzip: corrupt header"));
        }
        rest = tail;
    }
    Ok(rest)
}

/// Level -1 is zlib's default, as in Java.
pub(super) fn encoder(out: Vec<u8>, level: i32) -> GzEncoder<Vec<u8>> {
    let level = match u32::try_from(level) {
        Ok(level) => flate2::Compression::new(level.min(9)),
        Err(_) => flate2::Compression::default(),
    };
    GzEncoder::new(out, level)
}
