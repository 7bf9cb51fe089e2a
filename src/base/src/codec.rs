//! What generated message codecs are made of: the composite encodings of Kafka's message schemas (strings, bytes,
//! arrays, nullable structs, tagged fields), each in its classic and its flexible (KIP-482) form.
//!
//! [`Source`] reads from anything that yields bytes (a [`Reader`] for records, a frame for requests), [`Sink`] writes
//! to a [`BytesMut`]. Runs on the caller's thread, holds nothing.
//!
//! Invariants: as for [`Reader`]; and an array reserves no more than a bounded number of elements ahead of the bytes
//! that fill them. As in Kafka's generated code the announced size of a *known* tagged field is not compared with what
//! was read, a repeated tag overwrites, and tags may come in any order. Unknown tags are skipped and not kept.

use crate::wire::{Reader, WireError, Writer};
use bytes::{Bytes, BytesMut};
use uuid::Uuid;

/// Elements that an array may reserve before it has read one.
const RESERVE_MAX: usize = 1024;
/// Longest string, in bytes, in either form (`0x7fff` in Kafka's generated code).
const STRING_MAX: usize = i16::MAX as usize;

/// Integers of fixed width, big-endian.
macro_rules! get_int {
    ($($name:ident: $ty:ty),*) => {$(
        /// A big-endian number.
        fn $name(&mut self) -> Result<$ty, WireError> {
            Ok(<$ty>::from_be_bytes(self.get_array()?))
        }
    )*};
}

/// Where a message is read from.
pub trait Source: Sized {
    /// The type of a string.
    type Text;

    /// Bytes that are left.
    fn left(&self) -> usize;
    /// The next `N` bytes.
    fn get_array<const N: usize>(&mut self) -> Result<[u8; N], WireError>;
    /// The next `len` bytes as text.
    fn get_text_of(&mut self, len: usize) -> Result<Self::Text, WireError>;
    /// The next `len` bytes.
    fn get_blob_of(&mut self, len: usize) -> Result<Bytes, WireError>;
    /// Passes over `len` bytes.
    fn skip(&mut self, len: usize) -> Result<(), WireError>;

    get_int!(get_u8: u8, get_i8: i8, get_i16: i16, get_u16: u16, get_i32: i32, get_i64: i64, get_f64: f64);

    /// One byte; anything but 0 is true.
    fn get_bool(&mut self) -> Result<bool, WireError> {
        Ok(self.get_u8()? != 0)
    }

    /// 16 bytes.
    fn get_uuid(&mut self) -> Result<Uuid, WireError> {
        Ok(Uuid::from_bytes(self.get_array()?))
    }

    /// Unsigned varint of at most 32 bits.
    fn get_uvarint(&mut self) -> Result<u32, WireError> {
        let mut value = 0u32;
        for shift in [0u32, 7, 14, 21, 28] {
            let byte = self.get_u8()?;
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::VarintTooLong)
    }

    /// Length of bytes or count of an array: `None` is null. Never more than the bytes that are left.
    fn get_len(&mut self, flexible: bool) -> Result<Option<usize>, WireError> {
        let len = if flexible { i64::from(self.get_uvarint()?) - 1 } else { i64::from(self.get_i32()?) };
        match usize::try_from(len) {
            Ok(len) if len <= self.left() => Ok(Some(len)),
            Ok(needed) => Err(WireError::Truncated { needed, left: self.left() }),
            Err(_) if len == -1 => Ok(None),
            Err(_) => Err(WireError::BadLength(len)),
        }
    }

    /// A string that may be null.
    fn get_nullable_text(&mut self, flexible: bool) -> Result<Option<Self::Text>, WireError> {
        let len = if flexible { i64::from(self.get_uvarint()?) - 1 } else { i64::from(self.get_i16()?) };
        match usize::try_from(len) {
            Ok(len) if len <= STRING_MAX => self.get_text_of(len).map(Some),
            Err(_) if len == -1 => Ok(None),
            _ => Err(WireError::BadLength(len)),
        }
    }

    /// A string.
    fn get_text(&mut self, flexible: bool) -> Result<Self::Text, WireError> {
        required(self.get_nullable_text(flexible)?)
    }

    /// Bytes that may be null.
    fn get_nullable_blob(&mut self, flexible: bool) -> Result<Option<Bytes>, WireError> {
        match self.get_len(flexible)? {
            None => Ok(None),
            Some(len) => self.get_blob_of(len).map(Some),
        }
    }

    /// Bytes.
    fn get_blob(&mut self, flexible: bool) -> Result<Bytes, WireError> {
        required(self.get_nullable_blob(flexible)?)
    }

    /// An array that may be null.
    fn get_nullable_vec<T>(
        &mut self,
        flexible: bool,
        mut element: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<Vec<T>>, WireError> {
        let Some(len) = self.get_len(flexible)? else { return Ok(None) };
        let mut out = Vec::with_capacity(len.min(RESERVE_MAX));
        for _ in 0..len {
            out.push(element(self)?);
        }
        Ok(Some(out))
    }

    /// An array.
    fn get_vec<T>(
        &mut self,
        flexible: bool,
        element: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        required(self.get_nullable_vec(flexible, element)?)
    }

    /// A struct after a byte that is negative for null.
    fn get_nullable_struct<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        if self.get_i8()? < 0 { Ok(None) } else { body(self).map(Some) }
    }

    /// A struct in a tagged field, after a varint that is 0 for null.
    fn get_tagged_struct<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        if self.get_uvarint()? == 0 { Ok(None) } else { body(self).map(Some) }
    }

    /// A section of tagged fields. `field` reads the value of a tag that it knows and returns true.
    fn get_tags(&mut self, mut field: impl FnMut(u32, &mut Self) -> Result<bool, WireError>) -> Result<(), WireError> {
        for _ in 0..self.get_uvarint()? {
            let tag = self.get_uvarint()?;
            let needed = self.get_uvarint()? as usize;
            if needed > self.left() {
                return Err(WireError::Truncated { needed, left: self.left() });
            }
            if !field(tag, self)? {
                self.skip(needed)?;
            }
        }
        Ok(())
    }

    /// A section of tagged fields none of which is known.
    fn skip_tags(&mut self) -> Result<(), WireError> {
        self.get_tags(|_, _| Ok(false))
    }
}

impl Source for Reader<'_> {
    type Text = String;

    fn left(&self) -> usize {
        self.remaining()
    }

    fn get_array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn get_text_of(&mut self, len: usize) -> Result<String, WireError> {
        std::str::from_utf8(self.take(len)?).map(str::to_owned).map_err(|_| WireError::NotUtf8)
    }

    fn get_blob_of(&mut self, len: usize) -> Result<Bytes, WireError> {
        self.take(len).map(Bytes::copy_from_slice)
    }

    fn skip(&mut self, len: usize) -> Result<(), WireError> {
        self.take(len).map(drop)
    }
}

/// The value of a field that must not be null.
pub fn required<T>(value: Option<T>) -> Result<T, WireError> {
    value.ok_or(WireError::BadLength(-1))
}

/// The value of a field that is nullable in this version only if `nullable`.
pub fn nullable_if<T>(nullable: bool, value: Option<T>) -> Result<Option<T>, WireError> {
    if nullable || value.is_some() { Ok(value) } else { Err(WireError::BadLength(-1)) }
}

/// Refuses a field that is set although this version has no place for it.
pub fn absent(is_set: bool, field: &'static str, version: i16) -> Result<(), WireError> {
    match is_set {
        true => Err(WireError::Invalid(format!("{field} is set, which version {version} cannot express"))),
        false => Ok(()),
    }
}

/// Refuses a version outside `lowest..=highest`.
pub fn check_version(message: &'static str, version: i16, lowest: i16, highest: i16) -> Result<(), WireError> {
    match (lowest..=highest).contains(&version) {
        true => Ok(()),
        false => Err(WireError::UnsupportedVersion { message, version }),
    }
}

/// What a message is written to.
pub trait Sink: Writer {
    /// Length of bytes or count of an array.
    fn put_len(&mut self, flexible: bool, len: Option<usize>) -> Result<(), WireError> {
        if flexible { self.put_compact_len(len) } else { self.put_array_len(len) }
    }

    /// A string that may be null.
    fn put_nullable_text(&mut self, flexible: bool, value: Option<&str>) -> Result<(), WireError> {
        match value {
            Some(text) if text.len() > STRING_MAX => Err(WireError::BadLength(text.len() as i64)),
            _ if flexible => self.put_compact_nullable_string(value),
            _ => self.put_nullable_string(value),
        }
    }

    /// A string.
    fn put_text(&mut self, flexible: bool, value: &str) -> Result<(), WireError> {
        self.put_nullable_text(flexible, Some(value))
    }

    /// Bytes that may be null.
    fn put_nullable_blob(&mut self, flexible: bool, value: Option<&[u8]>) -> Result<(), WireError> {
        self.put_len(flexible, value.map(<[u8]>::len))?;
        self.put_slice(value.unwrap_or(&[]));
        Ok(())
    }

    /// Bytes.
    fn put_blob(&mut self, flexible: bool, value: &[u8]) -> Result<(), WireError> {
        self.put_nullable_blob(flexible, Some(value))
    }

    /// An array that may be null.
    fn put_nullable_vec<T>(
        &mut self,
        flexible: bool,
        value: Option<&[T]>,
        mut element: impl FnMut(&mut Self, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.put_len(flexible, value.map(<[T]>::len))?;
        value.unwrap_or(&[]).iter().try_for_each(|item| element(self, item))
    }

    /// An array.
    fn put_vec<T>(
        &mut self,
        flexible: bool,
        value: &[T],
        element: impl FnMut(&mut Self, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.put_nullable_vec(flexible, Some(value), element)
    }

    /// A struct after a byte that says whether there is one.
    fn put_nullable_struct<T>(
        &mut self,
        value: Option<&T>,
        body: impl FnOnce(&mut Self, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.put_i8(if value.is_some() { 1 } else { -1 });
        value.map_or(Ok(()), |value| body(self, value))
    }

    /// A struct in a tagged field, after a varint that says whether there is one.
    fn put_tagged_struct<T>(
        &mut self,
        value: Option<&T>,
        body: impl FnOnce(&mut Self, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.put_uvarint(u32::from(value.is_some()));
        value.map_or(Ok(()), |value| body(self, value))
    }

    /// A section of tagged fields that is empty.
    fn put_no_tags(&mut self) {
        self.put_u8(0);
    }
}

impl Sink for BytesMut {}

/// Collects the tagged fields that are set, in the order of their tags.
#[derive(Debug, Default)]
pub struct Tags {
    count: u32,
    fields: BytesMut,
}

impl Tags {
    /// Adds a field if it `is_set`. Tags must come in ascending order.
    pub fn put(
        &mut self,
        tag: u32,
        is_set: bool,
        body: impl FnOnce(&mut BytesMut) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        if is_set {
            let mut value = BytesMut::new();
            body(&mut value)?;
            self.count += 1;
            self.fields.put_uvarint(tag);
            self.fields.put_uvarint(u32::try_from(value.len()).map_err(|_| WireError::BadLength(value.len() as i64))?);
            self.fields.extend_from_slice(&value);
        }
        Ok(())
    }

    /// Writes the section.
    pub fn write(self, out: &mut BytesMut) {
        out.put_uvarint(self.count);
        out.extend_from_slice(&self.fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BufMut;

    #[test]
    fn a_count_beyond_the_rest_is_refused_before_anything_is_reserved() {
        let mut r = Reader::new(&[0x7f, 0xff, 0xff, 0xff]);
        assert_eq!(r.get_vec(false, Source::get_i32), Err(WireError::Truncated { needed: 0x7fff_ffff, left: 0 }));
        let mut r = Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
        assert_eq!(r.get_blob(true), Err(WireError::Truncated { needed: 0xffff_fffe, left: 1 }));
    }

    #[test]
    fn null_needs_a_nullable_field() {
        assert_eq!(Reader::new(&[0]).get_nullable_text(true), Ok(None));
        assert_eq!(Reader::new(&[0]).get_text(true), Err(WireError::BadLength(-1)));
        assert_eq!(Reader::new(&[0xff, 0xfe]).get_nullable_text(false), Err(WireError::BadLength(-2)));
        assert_eq!(nullable_if::<i32>(false, None), Err(WireError::BadLength(-1)));
    }

    #[test]
    fn tags_are_counted_and_sized() {
        let mut tags = Tags::default();
        tags.put(0, false, |_| Ok(())).unwrap();
        tags.put(3, true, |out| {
            out.put_i16(7);
            Ok(())
        })
        .unwrap();
        let mut out = BytesMut::new();
        tags.write(&mut out);
        assert_eq!(&out[..], [1, 3, 2, 0, 7]);
        let mut seen = 0;
        let mut r = Reader::new(&out);
        r.get_tags(|tag, r| {
            assert_eq!(tag, 3);
            seen = r.get_i16()?;
            Ok(true)
        })
        .unwrap();
        assert_eq!((seen, r.remaining()), (7, 0));
        assert_eq!(Reader::new(&out).skip_tags(), Ok(()));
        assert!(Reader::new(&out[..4]).skip_tags().is_err());
    }
}
