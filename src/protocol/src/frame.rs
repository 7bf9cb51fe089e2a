//! Frames: a size of four bytes, then that many bytes (`NetworkReceive`, `NetworkSend`).
//!
//! Reading and writing sockets is the broker's; here is what the size may be.

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
}
