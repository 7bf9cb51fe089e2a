//! Kafka's primitive encodings: big-endian integers, varints, classic and compact strings, bytes and arrays, tagged
//! fields (KIP-482). Used for records on disk and for hand-written messages.
//!
//! Invariant: a [`Reader`] never panics, never reads past its end, and a length that the remaining bytes cannot hold is
//! an error before anything is allocated.

use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;
use uuid::Uuid;

/// Why bytes could not be read or a value could not be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// More bytes were announced or needed than there are.
    #[error("{needed} bytes needed, {left} left")]
    Truncated {
        /// Bytes that the value needs.
        needed: usize,
        /// Bytes that remain.
        left: usize,
    },
    /// A varint of more than 5 (32 bit) or 10 (64 bit) bytes, or with bits beyond its width.
    #[error("varint is too long")]
    VarintTooLong,
    /// A length below -1, or null where the schema has none.
    #[error("length {0} is not allowed here")]
    BadLength(i64),
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// A value that the schema does not allow.
    #[error("{0}")]
    Invalid(String),
    /// A version outside what the schema defines.
    #[error("version {version} of {message} is not supported")]
    UnsupportedVersion {
        /// Name of the schema.
        message: &'static str,
        /// The version that was asked for.
        version: i16,
    },
}

/// Reads primitives from a slice.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

macro_rules! read_int {
    ($name:ident, $ty:ty) => {
        /// A big-endian integer.
        pub fn $name(&mut self) -> Result<$ty, WireError> {
            Ok(<$ty>::from_be_bytes(self.array()?))
        }
    };
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// Bytes that are left.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The unread bytes.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], WireError> {
        if n > self.rest.len() {
            return Err(WireError::Truncated { needed: n, left: self.rest.len() });
        }
        let (head, tail) = self.rest.split_at(n);
        self.rest = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut out = [0u8; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    read_int!(i8, i8);
    read_int!(u8, u8);
    read_int!(i16, i16);
    read_int!(u16, u16);
    read_int!(i32, i32);
    read_int!(u32, u32);
    read_int!(i64, i64);
    read_int!(f64, f64);

    /// One byte; anything but 0 is true, as in Java's generated code.
    pub fn bool(&mut self) -> Result<bool, WireError> {
        Ok(self.u8()? != 0)
    }

    /// 16 bytes.
    pub fn uuid(&mut self) -> Result<Uuid, WireError> {
        Ok(Uuid::from_bytes(self.array()?))
    }

    /// Unsigned varint of at most 32 bits.
    pub fn uvarint(&mut self) -> Result<u32, WireError> {
        let mut value = 0u32;
        for shift in [0u32, 7, 14, 21, 28] {
            let byte = self.u8()?;
            if shift == 28 && byte > 0x0f {
                return Err(WireError::VarintTooLong);
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::VarintTooLong)
    }

    /// Unsigned varint of at most 64 bits.
    pub fn uvarlong(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for i in 0..10u32 {
            let byte = self.u8()?;
            if i == 9 && byte > 1 {
                return Err(WireError::VarintTooLong);
            }
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::VarintTooLong)
    }

    /// Zig-zag varint.
    pub fn varint(&mut self) -> Result<i32, WireError> {
        let v = self.uvarint()?;
        Ok(((v >> 1) as i32) ^ -((v & 1) as i32))
    }

    /// Zig-zag varlong.
    pub fn varlong(&mut self) -> Result<i64, WireError> {
        let v = self.uvarlong()?;
        Ok(((v >> 1) as i64) ^ -((v & 1) as i64))
    }

    fn text(&mut self, len: usize) -> Result<String, WireError> {
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| WireError::NotUtf8)
    }

    /// Length of a classic (i16) string; `None` is null.
    fn string_len(&mut self) -> Result<Option<usize>, WireError> {
        match self.i16()? {
            -1 => Ok(None),
            n => usize::try_from(n).map(Some).map_err(|_| WireError::BadLength(n.into())),
        }
    }

    /// Length of a classic (i32) bytes or array; `None` is null. Bounded by what remains.
    pub fn array_len(&mut self) -> Result<Option<usize>, WireError> {
        match self.i32()? {
            -1 => Ok(None),
            n => self.bounded(usize::try_from(n).map_err(|_| WireError::BadLength(n.into()))?).map(Some),
        }
    }

    /// Length of a compact string, bytes or array; `None` is null. Bounded by what remains.
    pub fn compact_len(&mut self) -> Result<Option<usize>, WireError> {
        match self.uvarint()? {
            0 => Ok(None),
            n => self.bounded(n as usize - 1).map(Some),
        }
    }

    /// Every element takes at least one byte, so a count above the remaining bytes is a lie.
    fn bounded(&self, n: usize) -> Result<usize, WireError> {
        if n > self.rest.len() {
            return Err(WireError::Truncated { needed: n, left: self.rest.len() });
        }
        Ok(n)
    }

    /// Classic nullable string.
    pub fn nullable_string(&mut self) -> Result<Option<String>, WireError> {
        match self.string_len()? {
            None => Ok(None),
            Some(n) => self.text(n).map(Some),
        }
    }

    /// Classic string.
    pub fn string(&mut self) -> Result<String, WireError> {
        self.nullable_string()?.ok_or(WireError::BadLength(-1))
    }

    /// Compact nullable string.
    pub fn compact_nullable_string(&mut self) -> Result<Option<String>, WireError> {
        match self.compact_len()? {
            None => Ok(None),
            Some(n) => self.text(n).map(Some),
        }
    }

    /// Compact string.
    pub fn compact_string(&mut self) -> Result<String, WireError> {
        self.compact_nullable_string()?.ok_or(WireError::BadLength(-1))
    }

    /// Classic nullable bytes, copied.
    pub fn nullable_bytes(&mut self) -> Result<Option<Bytes>, WireError> {
        match self.array_len()? {
            None => Ok(None),
            Some(n) => Ok(Some(Bytes::copy_from_slice(self.take(n)?))),
        }
    }

    /// Classic bytes, copied.
    pub fn bytes(&mut self) -> Result<Bytes, WireError> {
        self.nullable_bytes()?.ok_or(WireError::BadLength(-1))
    }

    /// Compact nullable bytes, copied.
    pub fn compact_nullable_bytes(&mut self) -> Result<Option<Bytes>, WireError> {
        match self.compact_len()? {
            None => Ok(None),
            Some(n) => Ok(Some(Bytes::copy_from_slice(self.take(n)?))),
        }
    }

    /// Compact bytes, copied.
    pub fn compact_bytes(&mut self) -> Result<Bytes, WireError> {
        self.compact_nullable_bytes()?.ok_or(WireError::BadLength(-1))
    }

    /// Walks a section of tagged fields, handing each (tag, value) to `field`.
    pub fn tagged_fields(
        &mut self,
        mut field: impl FnMut(u32, Reader<'a>) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        for _ in 0..self.uvarint()? {
            let tag = self.uvarint()?;
            let size = self.uvarint()? as usize;
            field(tag, Reader::new(self.take(size)?))?;
        }
        Ok(())
    }
}

/// Writes primitives; the mirror of [`Reader`]. Implemented for [`BytesMut`].
pub trait Writer: BufMut {
    /// Unsigned varint.
    fn put_uvarint(&mut self, value: u32) {
        self.put_uvarlong(u64::from(value));
    }

    /// Unsigned varlong.
    fn put_uvarlong(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.put_u8(value as u8);
    }

    /// Zig-zag varint.
    fn put_varint(&mut self, value: i32) {
        self.put_uvarint(((value << 1) ^ (value >> 31)) as u32);
    }

    /// Zig-zag varlong.
    fn put_varlong(&mut self, value: i64) {
        self.put_uvarlong(((value << 1) ^ (value >> 63)) as u64);
    }

    /// One byte, 0 or 1.
    fn put_bool(&mut self, value: bool) {
        self.put_u8(u8::from(value));
    }

    /// 16 bytes.
    fn put_uuid(&mut self, value: Uuid) {
        self.put_slice(value.as_bytes());
    }

    /// Classic string. An error when it is longer than an i16 can say.
    fn put_string(&mut self, value: &str) -> Result<(), WireError> {
        let len = i16::try_from(value.len()).map_err(|_| WireError::BadLength(value.len() as i64))?;
        self.put_i16(len);
        self.put_slice(value.as_bytes());
        Ok(())
    }

    /// Classic nullable string.
    fn put_nullable_string(&mut self, value: Option<&str>) -> Result<(), WireError> {
        match value {
            Some(value) => self.put_string(value),
            None => {
                self.put_i16(-1);
                Ok(())
            }
        }
    }

    /// Count of a classic array or length of classic bytes; null for `None`.
    fn put_array_len(&mut self, len: Option<usize>) -> Result<(), WireError> {
        match len {
            Some(len) => self.put_i32(i32::try_from(len).map_err(|_| WireError::BadLength(len as i64))?),
            None => self.put_i32(-1),
        }
        Ok(())
    }

    /// Count of a compact array or length of a compact string or bytes; null for `None`.
    fn put_compact_len(&mut self, len: Option<usize>) -> Result<(), WireError> {
        match len {
            Some(len) => {
                let plus_one = len.checked_add(1).and_then(|n| u32::try_from(n).ok());
                self.put_uvarint(plus_one.ok_or(WireError::BadLength(len as i64))?);
            }
            None => self.put_uvarint(0),
        }
        Ok(())
    }

    /// Compact nullable string.
    fn put_compact_nullable_string(&mut self, value: Option<&str>) -> Result<(), WireError> {
        self.put_compact_len(value.map(str::len))?;
        self.put_slice(value.unwrap_or("").as_bytes());
        Ok(())
    }

    /// Compact string.
    fn put_compact_string(&mut self, value: &str) -> Result<(), WireError> {
        self.put_compact_nullable_string(Some(value))
    }

    /// Classic nullable bytes.
    fn put_nullable_bytes(&mut self, value: Option<&[u8]>) -> Result<(), WireError> {
        self.put_array_len(value.map(<[u8]>::len))?;
        self.put_slice(value.unwrap_or(&[]));
        Ok(())
    }

    /// Compact nullable bytes.
    fn put_compact_nullable_bytes(&mut self, value: Option<&[u8]>) -> Result<(), WireError> {
        self.put_compact_len(value.map(<[u8]>::len))?;
        self.put_slice(value.unwrap_or(&[]));
        Ok(())
    }
}

impl Writer for BytesMut {}

/// Bytes that `value` takes as an unsigned varint.
pub fn uvarint_size(value: u32) -> usize {
    (38 - (value | 1).leading_zeros() as usize) / 7
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn varints_round_trip(a: i32, b: i64, c: u32, d: u64) {
            let mut out = BytesMut::new();
            out.put_varint(a);
            out.put_varlong(b);
            let before = out.len();
            out.put_uvarint(c);
            prop_assert_eq!(out.len() - before, uvarint_size(c));
            out.put_uvarlong(d);
            let mut r = Reader::new(&out);
            prop_assert_eq!(r.varint(), Ok(a));
            prop_assert_eq!(r.varlong(), Ok(b));
            prop_assert_eq!(r.uvarint(), Ok(c));
            prop_assert_eq!(r.uvarlong(), Ok(d));
            prop_assert_eq!(r.remaining(), 0);
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut r = Reader::new(&bytes);
            while r.remaining() > 0 && (r.compact_string().is_ok() | r.nullable_bytes().is_ok() | r.varlong().is_ok()
                | r.tagged_fields(|_, _| Ok(())).is_ok()) {}
        }
    }

    #[test]
    fn a_length_beyond_the_rest_is_refused() {
        assert_eq!(
            Reader::new(&[0x7f, 0xff, 0xff, 0xff]).array_len(),
            Err(WireError::Truncated { needed: 0x7fff_ffff, left: 0 })
        );
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).compact_len(),
            Err(WireError::Truncated { needed: 0xffff_fffe, left: 0 })
        );
        assert_eq!(Reader::new(&[0xff; 6]).uvarint(), Err(WireError::VarintTooLong));
        assert_eq!(Reader::new(&[0xff, 0xfe]).string(), Err(WireError::BadLength(-2)));
    }
}
