//! zstd. Frames may follow each other.
//!
//! Invariant: a frame whose window is above 128 MiB (zstd-jni's own bound, and what level 22 uses) is refused; memory of
//! a window is touched only as bytes come out.

use std::io::{self, Read};

const WINDOW_LOG_MAX: u32 = 27;

pub(super) struct Decoder<'a> {
    /// `None` on no input at all, which zstd-jni reads as an empty stream.
    inner: Option<::zstd::stream::read::Decoder<'static, &'a [u8]>>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(input: &'a [u8]) -> io::Result<Decoder<'a>> {
        if input.is_empty() {
            return Ok(Decoder { inner: None });
        }
        let mut inner = ::zstd::stream::read::Decoder::with_buffer(input)?;
        inner.window_log_max(WINDOW_LOG_MAX)?;
        Ok(Decoder { inner: Some(inner) })
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.inner.as_mut().map_or(Ok(0), |inner| inner.read(out))
    }
}

pub(super) fn encoder(out: Vec<u8>, level: i32) -> io::Result<::zstd::stream::write::Encoder<'static, Vec<u8>>> {
    ::zstd::stream::write::Encoder::new(out, level)
}
