//! The audit of request bodies: a walk over the schema table that runs before anything is decoded.
//!
//! kafka-protocol's decoder reserves memory by counts from the wire, so that a frame of a few bytes can abort the process.
//! A body that passes here is one whose every count and length fits in the bytes that are there, with nulls only where
//! the schema has them; its decoded size is bounded by the returned estimate. The walk allocates nothing, and recurses only
//! as deep as the schema is nested.
//!
//! As Apache Kafka 4.3.1 does, bytes after the body are accepted, and tagged fields in any order or repeated. It
//! is stricter in what no client sends: the size of a known tagged field must be what its value takes (kafka-protocol
//! may not know the tag and go by the size), a length below -1 is not null, and a struct that may be null is announced by
//! 1, not by any positive byte.
//!
//! Not done: UTF-8 is the decoder's to check, and records are opaque bytes.

use crate::api::Api;
use crate::generated::table::SHAPES;
use thiserror::Error;

/// Why a body is refused. Offsets are from the start of the body.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuditError {
    /// No API has this key.
    #[error("API key {0} is not known")]
    UnknownApi(i16),
    /// The API has no such version.
    #[error("version {version} of API {api_key} is not known")]
    UnsupportedVersion {
        /// The API.
        api_key: i16,
        /// The version.
        version: i16,
    },
    /// Something needs more bytes than there are.
    #[error("at byte {offset}: {needed} bytes needed, {left} left")]
    Truncated {
        /// Where.
        offset: usize,
        /// Bytes that it takes at the least.
        needed: u64,
        /// Bytes that remain.
        left: usize,
    },
    /// A length below -1, above what a string can have, or null where the schema has none.
    #[error("at byte {offset}: length {length} is not allowed")]
    BadLength {
        /// Where.
        offset: usize,
        /// The length; -1 is null.
        length: i64,
    },
    /// A varint of more than 32 bits.
    #[error("at byte {offset}: varint is too long")]
    VarintTooLong {
        /// Where.
        offset: usize,
    },
    /// A tag that the schema has, but not in this version.
    #[error("at byte {offset}: tag {tag} is not in this version")]
    TagNotInVersion {
        /// Where.
        offset: usize,
        /// The tag.
        tag: u32,
    },
    /// A tagged field whose value does not take the size that it announces.
    #[error("at byte {offset}: tag {tag} announces {announced} bytes and takes {taken}")]
    TagSize {
        /// Where its value starts.
        offset: usize,
        /// The tag.
        tag: u32,
        /// What it says.
        announced: usize,
        /// What it is.
        taken: usize,
    },
}

/// Which kind of length stands somewhere in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthKind {
    /// Two bytes: the length of a string, -1 for null.
    ClassicI16,
    /// Four bytes: the length of bytes or the count of an array, -1 for null.
    ClassicI32,
    /// Varint: length or count plus one, 0 for null.
    Compact,
    /// Varint: how many tagged fields follow.
    TagCount,
    /// Varint: the size of a tagged field.
    TagSize,
}

/// A length in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthField {
    /// Where it starts.
    pub offset: usize,
    /// Its encoding.
    pub kind: LengthKind,
    /// Bytes that it takes.
    pub width: usize,
}

/// Proves that `body`, all that follows the request's header, can be decoded. Returns an upper bound of the heap that
/// the decoded request takes beside the frame (strings and bytes are slices of it), in bytes.
pub fn audit_request(api_key: i16, version: i16, body: &[u8]) -> Result<usize, AuditError> {
    walk(api_key, version, body, |_| ()).map(|(heap, _)| heap)
}

/// Every length in a valid body, in order. Tests make hostile bodies from it.
pub fn length_fields(api_key: i16, version: i16, body: &[u8]) -> Result<Vec<LengthField>, AuditError> {
    let mut fields = Vec::new();
    walk(api_key, version, body, |field| fields.push(field))?;
    Ok(fields)
}

/// Bytes of a valid body that its schema accounts for; any more are trailing.
pub fn body_length(api_key: i16, version: i16, body: &[u8]) -> Result<usize, AuditError> {
    walk(api_key, version, body, |_| ()).map(|(_, end)| end)
}

/// Facts about an API, from the same table.
pub fn api_info(api_key: i16) -> Option<&'static Api> {
    Api::of(api_key)
}

fn walk(
    api_key: i16,
    version: i16,
    body: &[u8],
    on_length: impl FnMut(LengthField),
) -> Result<(usize, usize), AuditError> {
    let api = Api::of(api_key).ok_or(AuditError::UnknownApi(api_key))?;
    if !api.has_version(version) {
        return Err(AuditError::UnsupportedVersion { api_key, version });
    }
    let shape = &SHAPES[api.root];
    let mut audit =
        Audit { body, at: 0, version, flexible: api.is_flexible(version), heap: u64::from(shape.size), on_length };
    audit.shape(shape)?;
    // Of the 64 bits at most 43 are in use: 2^31 bytes, each charged with at most a struct.
    Ok((audit.heap as usize, audit.at))
}

/// End of a version range that has none.
pub(crate) const ANY: i16 = i16::MAX;

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// So many bytes.
    Fixed(u8),
    Text,
    Blob,
    /// Index into the table.
    Struct(u16),
}

/// One field of a shape; neighbours of fixed width in the same versions are merged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    kind: Kind,
    array: bool,
    versions: (i16, i16),
    /// Empty (low above high) if never.
    nullable: (i16, i16),
    tag: Option<u8>,
}

/// The layout of a struct.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Bytes that one takes in memory, at most.
    pub(crate) size: u16,
    fields: &'static [Field],
}

pub(crate) const fn shape(size: u16, fields: &'static [Field]) -> Shape {
    Shape { size, fields }
}

pub(crate) const fn fixed(width: u8, low: i16, high: i16) -> Field {
    field(Kind::Fixed(width), low, high)
}

pub(crate) const fn text(low: i16, high: i16) -> Field {
    field(Kind::Text, low, high)
}

pub(crate) const fn blob(low: i16, high: i16) -> Field {
    field(Kind::Blob, low, high)
}

pub(crate) const fn sub(index: u16, low: i16, high: i16) -> Field {
    field(Kind::Struct(index), low, high)
}

const fn field(kind: Kind, low: i16, high: i16) -> Field {
    Field { kind, array: false, versions: (low, high), nullable: (1, 0), tag: None }
}

impl Field {
    pub(crate) const fn array(self) -> Field {
        Field { array: true, ..self }
    }

    pub(crate) const fn null(self, low: i16, high: i16) -> Field {
        Field { nullable: (low, high), ..self }
    }

    pub(crate) const fn tag(self, tag: u8) -> Field {
        Field { tag: Some(tag), ..self }
    }
}

/// Strings and bytes in memory: kafka-protocol's are `Bytes`.
const SLICE_SIZE: u64 = 32;
/// Longest string (Kafka's generated code: 0x7fff).
const STRING_MAX: i64 = i16::MAX as i64;
/// The first unknown tag of a struct makes a map node; later ones share nodes that are at least half full.
const UNKNOWN_TAG_FIRST: u64 = 512;
const UNKNOWN_TAG_NEXT: u64 = 128;

struct Audit<'a, F> {
    body: &'a [u8],
    at: usize,
    version: i16,
    flexible: bool,
    heap: u64,
    on_length: F,
}

impl<F: FnMut(LengthField)> Audit<'_, F> {
    fn shape(&mut self, shape: &Shape) -> Result<(), AuditError> {
        for field in shape.fields {
            if field.tag.is_none() && contains(field.versions, self.version) {
                self.value(field)?;
            }
        }
        if self.flexible { self.tags(shape) } else { Ok(()) }
    }

    fn value(&mut self, field: &Field) -> Result<(), AuditError> {
        let nullable = contains(field.nullable, self.version);
        if field.array {
            return match self.length(LengthKind::ClassicI32, nullable, i64::MAX)? {
                Some(count) => self.elements(field.kind, count),
                None => Ok(()),
            };
        }
        match field.kind {
            Kind::Struct(_) if nullable && self.is_null_struct(field.tag.is_some())? => Ok(()),
            kind => self.one(kind, nullable),
        }
    }

    fn elements(&mut self, kind: Kind, count: usize) -> Result<(), AuditError> {
        let size = match kind {
            Kind::Fixed(width) => u64::from(width),
            Kind::Text | Kind::Blob => SLICE_SIZE,
            Kind::Struct(index) => u64::from(SHAPES[usize::from(index)].size),
        };
        // Twice, because a vector that is not reserved in full grows by doubling.
        self.heap += 2 * size * count as u64;
        if let Kind::Fixed(width) = kind {
            return self.pass(count as u64 * u64::from(width));
        }
        // An element takes a byte at least.
        self.need(count as u64)?;
        for _ in 0..count {
            self.one(kind, false)?;
        }
        Ok(())
    }

    fn one(&mut self, kind: Kind, nullable: bool) -> Result<(), AuditError> {
        let (kind, max) = match kind {
            Kind::Fixed(width) => return self.pass(u64::from(width)),
            Kind::Struct(index) => return self.shape(&SHAPES[usize::from(index)]),
            Kind::Text => (LengthKind::ClassicI16, STRING_MAX),
            Kind::Blob => (LengthKind::ClassicI32, i64::MAX),
        };
        match self.length(kind, nullable, max)? {
            Some(length) => self.pass(length as u64),
            None => Ok(()),
        }
    }

    /// Reads a length, in compact form where the version is flexible, else as `classic`.
    fn length(&mut self, classic: LengthKind, nullable: bool, max: i64) -> Result<Option<usize>, AuditError> {
        let offset = self.at;
        let length = match classic {
            _ if self.flexible => i64::from(self.uvarint(LengthKind::Compact)?) - 1,
            LengthKind::ClassicI16 => i16::from_be_bytes(self.classic(classic)?).into(),
            _ => i32::from_be_bytes(self.classic(classic)?).into(),
        };
        match usize::try_from(length) {
            Ok(value) if length <= max => Ok(Some(value)),
            Err(_) if length == -1 && nullable => Ok(None),
            _ => Err(AuditError::BadLength { offset, length }),
        }
    }

    fn is_null_struct(&mut self, tagged: bool) -> Result<bool, AuditError> {
        if tagged {
            return Ok(self.uvarint(LengthKind::Compact)? == 0);
        }
        let offset = self.at;
        let [marker] = self.array()?;
        match i8::from_be_bytes([marker]) {
            1 => Ok(false),
            marker if marker < 0 => Ok(true),
            // Presence for Kafka, absence for kafka-protocol.
            marker => Err(AuditError::BadLength { offset, length: marker.into() }),
        }
    }

    fn tags(&mut self, shape: &Shape) -> Result<(), AuditError> {
        let count = self.uvarint(LengthKind::TagCount)?;
        // A tag takes two bytes at least.
        self.need(2 * u64::from(count))?;
        let mut next_unknown = UNKNOWN_TAG_FIRST;
        for _ in 0..count {
            let offset = self.at;
            let tag = self.varint()?;
            let size = self.uvarint(LengthKind::TagSize)?;
            self.need(size.into())?;
            let start = self.at;
            let known = shape.fields.iter().find(|field| field.tag.is_some_and(|known| u32::from(known) == tag));
            match known {
                Some(field) if contains(field.versions, self.version) => self.value(field)?,
                Some(_) => return Err(AuditError::TagNotInVersion { offset, tag }),
                None => {
                    self.pass(size.into())?;
                    self.heap += std::mem::replace(&mut next_unknown, UNKNOWN_TAG_NEXT);
                }
            }
            let (announced, taken) = (size as usize, self.at - start);
            if announced != taken {
                return Err(AuditError::TagSize { offset: start, tag, announced, taken });
            }
        }
        Ok(())
    }

    fn uvarint(&mut self, kind: LengthKind) -> Result<u32, AuditError> {
        let offset = self.at;
        let value = self.varint()?;
        (self.on_length)(LengthField { offset, kind, width: self.at - offset });
        Ok(value)
    }

    fn varint(&mut self) -> Result<u32, AuditError> {
        let offset = self.at;
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(AuditError::VarintTooLong { offset })
    }

    fn classic<const N: usize>(&mut self, kind: LengthKind) -> Result<[u8; N], AuditError> {
        let offset = self.at;
        let bytes = self.array()?;
        (self.on_length)(LengthField { offset, kind, width: N });
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AuditError> {
        match self.body.get(self.at..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(bytes) => {
                self.at += N;
                Ok(*bytes)
            }
            None => Err(self.truncated(N as u64)),
        }
    }

    fn pass(&mut self, needed: u64) -> Result<(), AuditError> {
        self.need(needed)?;
        self.at += needed as usize;
        Ok(())
    }

    fn need(&self, needed: u64) -> Result<(), AuditError> {
        if needed > (self.body.len() - self.at) as u64 { Err(self.truncated(needed)) } else { Ok(()) }
    }

    fn truncated(&self, needed: u64) -> AuditError {
        AuditError::Truncated { offset: self.at, needed, left: self.body.len() - self.at }
    }
}

fn contains((low, high): (i16, i16), version: i16) -> bool {
    low <= version && version <= high
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
