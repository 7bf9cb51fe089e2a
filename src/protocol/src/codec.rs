//! What generated request and response codecs use: reading from a frame so that strings and bytes stay slices of it, and
//! the public face of each message, which feels like kafka-protocol's.
//!
//! Pure functions; holds nothing.

pub(crate) use bytes::{BufMut, Bytes, BytesMut};
pub(crate) use kafka_protocol::protocol::StrBytes;
pub(crate) use ottla_base::codec::{Sink, Source, absent, check_version, nullable_if};
pub(crate) use ottla_base::ids::Uuid;
pub(crate) use ottla_base::wire::{WireError, Writer};

/// Reads a message from the front of a frame.
pub(crate) struct FrameReader<'a>(&'a mut Bytes);

impl FrameReader<'_> {
    pub(crate) fn new(frame: &mut Bytes) -> FrameReader<'_> {
        FrameReader(frame)
    }

    fn need(&self, needed: usize) -> Result<(), WireError> {
        let left = self.0.len();
        if needed > left { Err(WireError::Truncated { needed, left }) } else { Ok(()) }
    }
}

impl Source for FrameReader<'_> {
    type Text = StrBytes;

    fn left(&self) -> usize {
        self.0.len()
    }

    fn get_array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let left = self.0.len();
        let bytes = *self.0.first_chunk::<N>().ok_or(WireError::Truncated { needed: N, left })?;
        self.skip(N)?;
        Ok(bytes)
    }

    fn get_text_of(&mut self, len: usize) -> Result<StrBytes, WireError> {
        StrBytes::try_from(self.get_blob_of(len)?).map_err(|_| WireError::NotUtf8)
    }

    fn get_blob_of(&mut self, len: usize) -> Result<Bytes, WireError> {
        self.need(len)?;
        Ok(self.0.split_to(len))
    }

    fn skip(&mut self, len: usize) -> Result<(), WireError> {
        self.need(len)?;
        bytes::Buf::advance(self.0, len);
        Ok(())
    }
}

/// Gives a generated struct its versions and its public functions.
macro_rules! message {
    ($name:ident, $low:literal, $high:literal, $key:literal) => {
        impl $name {
            /// `api_key`.
            pub const API_KEY: i16 = $key;
            /// Lowest version.
            pub const LOWEST_VERSION: i16 = $low;
            /// Highest version.
            pub const HIGHEST_VERSION: i16 = $high;

            /// Writes the body. An error when `version` is not known or cannot express a field that is set.
            pub fn encode(&self, buf: &mut BytesMut, version: i16) -> Result<(), WireError> {
                check_version(stringify!($name), version, $low, $high)?;
                self.write(version, buf)
            }

            /// Takes the body from the front of `buf`; strings and bytes are slices of it.
            pub fn decode(buf: &mut Bytes, version: i16) -> Result<Self, WireError> {
                check_version(stringify!($name), version, $low, $high)?;
                Self::read(version, &mut FrameReader::new(buf))
            }
        }
    };
}
