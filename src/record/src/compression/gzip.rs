//! gzip. Like Java's `GZIPInputStream`: members may follow each other, and bytes after a member that do not begin
//! another one are ignored.

use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, Read};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

pub(super) struct Decoder<'a> {
    member: Option<GzDecoder<&'a [u8]>>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(input: &'a [u8]) -> Decoder<'a> {
        Decoder { member: Some(GzDecoder::new(input)) }
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let n = member.read(out)?;
            if n > 0 {
                return Ok(n);
            }
            let rest = self.member.take().map(GzDecoder::into_inner).unwrap_or(&[]);
            if rest.starts_with(&MAGIC) {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Level -1 is zlib's default, as in Java.
pub(super) fn encoder(out: Vec<u8>, level: i32) -> GzEncoder<Vec<u8>> {
    let level = match u32::try_from(level) {
        Ok(level) => flate2::Compression::new(level.min(9)),
        Err(_) => flate2::Compression::default(),
    };
    GzEncoder::new(out, level)
}
