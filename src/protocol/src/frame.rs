//! Frames: a size of four bytes, then that many bytes (`NetworkReceive`, `NetworkSend`).
//!
//! Reading and writing sockets is the broker's; here is what the size may be, and how a response becomes a frame.

use crate::api::Api;
use crate::header::put_response_header;
use bytes::{BufMut, BytesMut};
use thiserror::Error;

/// Bytes of the size that stands before each frame.
pub const SIZE_LENGTH: usize = 4;

/// A size that a frame must not have. The connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Below zero.
    #[error("frame size {0} is negative")]
    Negative(i32),
    /// Above the limit (`socket.request.max.bytes` for requests).
    #[error("frame size {size} is above {max}")]
    TooLarge {
        /// What was announced.
        size: i32,
        /// The limit.
        max: usize,
    },
}

/// How many bytes follow. Zero is a frame, if one without a header.
pub fn frame_size(size: [u8; SIZE_LENGTH], max: usize) -> Result<usize, FrameError> {
    let size = i32::from_be_bytes(size);
    match usize::try_from(size) {
        Err(_) => Err(FrameError::Negative(size)),
        Ok(bytes) if bytes > max => Err(FrameError::TooLarge { size, max }),
        Ok(bytes) => Ok(bytes),
    }
}

/// Appends a response to `out`: size, header, and what `body` writes. On an error `out` is as before.
///
/// Precondition: the response is below 2 GiB.
pub fn put_response<E>(
    out: &mut BytesMut,
    api: &Api,
    version: i16,
    correlation_id: i32,
    body: impl FnOnce(&mut BytesMut) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    out.put_i32(0);
    put_response_header(out, api, version, correlation_id);
    if let Err(error) = body(out) {
        out.truncate(start);
        return Err(error);
    }
    let size = i32::try_from(out.len() - start - SIZE_LENGTH).expect("a response is below 2 GiB");
    out[start..start + SIZE_LENGTH].copy_from_slice(&size.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(frame_size([0, 0, 0, 0], 10), Ok(0));
        assert_eq!(frame_size([0, 0, 0, 10], 10), Ok(10));
        assert_eq!(frame_size([0, 0, 0, 11], 10), Err(FrameError::TooLarge { size: 11, max: 10 }));
        assert_eq!(frame_size([0xff; 4], 10), Err(FrameError::Negative(-1)));
    }

    #[test]
    fn a_response_is_sized_and_a_failed_one_leaves_nothing() {
        let api = Api::of(3).unwrap();
        let mut out = BytesMut::from(&b"x"[..]);
        put_response(&mut out, api, 12, 7, |out| {
            out.put_u8(9);
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(&out[..], [b'x', 0, 0, 0, 6, 0, 0, 0, 7, 0, 9]);
        assert_eq!(put_response(&mut out, api, 12, 7, |_| Err("no")), Err("no"));
        assert_eq!(out.len(), 11);
    }
}
