//! zstd. Frames may follow each other.
//!
//! A context is kept per thread: making one costs as much as decompressing a small batch.
//!
//! Invariant: a frame whose window is above 128 MiB (zstd-jni's own bound, and what level 22 uses) is refused; memory of
//! a window is touched only as bytes come out, and a context that has grown beyond [`KEEP_BYTES`] is not kept.

use super::corrupt;
use ::zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, get_error_name};
use std::cell::Cell;
use std::io::{self, Read};

const WINDOW_LOG_MAX: u32 = 27;
/// Enough for the 2 MiB window of the default level.
const KEEP_BYTES: usize = 4 << 20;

thread_local! {
    static SPARE: Cell<Option<DCtx<'static>>> = const { Cell::new(None) };
}

pub(super) struct Decoder<'a> {
    context: Option<DCtx<'static>>,
    rest: &'a [u8],
    /// Inside a frame: the end of the input is too early.
    in_frame: bool,
}

fn failed(code: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, get_error_name(code))
}

impl<'a> Decoder<'a> {
    pub(super) fn new(input: &'a [u8]) -> io::Result<Decoder<'a>> {
        let context = match SPARE.take() {
            Some(context) => context,
            None => {
                let mut context = DCtx::try_create().ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
                context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(failed)?;
                context
            }
        };
        // No input at all is an empty stream to zstd-jni.
        Ok(Decoder { context: Some(context), rest: input, in_frame: false })
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(context) = &mut self.context else { return Ok(0) };
        loop {
            if self.rest.is_empty() && !self.in_frame || out.is_empty() {
                return Ok(0);
            }
            let mut from = InBuffer::around(self.rest);
            let mut to = OutBuffer::around(&mut *out);
            let hint = context.decompress_stream(&mut to, &mut from).map_err(failed)?;
            let (read, written) = (from.pos(), to.pos());
            self.rest = self.rest.get(read..).unwrap_or(&[]);
            self.in_frame = hint != 0;
            if written > 0 {
                return Ok(written);
            }
            if self.in_frame && self.rest.is_empty() {
                return Err(corrupt("zstd: incomplete frame"));
            }
            if read == 0 {
                return Err(corrupt("zstd: no progress"));
            }
        }
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        if let Some(mut context) = self.context.take()
            && context.sizeof() <= KEEP_BYTES
            && context.reset(ResetDirective::SessionOnly).is_ok()
        {
            SPARE.set(Some(context));
        }
    }
}

pub(super) fn encoder(out: Vec<u8>, level: i32) -> io::Result<::zstd::stream::write::Encoder<'static, Vec<u8>>> {
    ::zstd::stream::write::Encoder::new(out, level)
}
