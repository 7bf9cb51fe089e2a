//! Records inside a batch: a walk over uncompressed bytes that copies nothing.
//!
//! Accepts and refuses exactly what `DefaultRecord.readFrom` does, including varints whose surplus high bits are ignored
//! and negative lengths that mean null.
//!
//! Invariant: no input can panic; nothing is allocated.

use super::{BatchError, BatchHeader, RecordMeta};

pub(crate) const MALFORMED: BatchError = BatchError::InvalidRecord("Found invalid record structure");
pub(crate) const PREMATURE_EOF: BatchError =
    BatchError::InvalidRecord("Incorrect declared batch size, premature EOF reached");
pub(crate) const REMAINING: BatchError =
    BatchError::InvalidRecord("Incorrect declared batch size, records still remaining in file");
pub(crate) const BAD_COUNT: BatchError = BatchError::InvalidRecord("Found invalid record count in batch");
pub(crate) const BAD_HEADER_COUNT: BatchError = BatchError::InvalidRecord("Found invalid number of record headers");
pub(crate) const BAD_HEADER_KEY: BatchError = BatchError::InvalidRecord("Invalid negative header key size");
pub(crate) const BAD_SIZE: BatchError = BatchError::InvalidRecord("Invalid record size");

/// One record, borrowed from its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordView<'a> {
    /// Bytes that the record takes, its length prefix included.
    pub size_in_bytes: usize,
    /// No bit is defined.
    pub attributes: i8,
    /// Relative to the batch's base timestamp; see [`BatchHeader::record_timestamp`].
    pub timestamp_delta: i64,
    /// Relative to the batch's base offset.
    pub offset_delta: i32,
    /// `None` is null.
    pub key: Option<&'a [u8]>,
    /// `None` is null (a tombstone).
    pub value: Option<&'a [u8]>,
    /// Number of headers.
    pub header_count: usize,
    headers: &'a [u8],
}

impl<'a> RecordView<'a> {
    /// The headers in order, duplicates kept: key (UTF-8 by convention, not checked) and value.
    pub fn headers(&self) -> Headers<'a> {
        Headers { rest: self.headers, left: self.header_count }
    }

    /// Its shape.
    pub fn meta(&self) -> RecordMeta {
        let size = |bytes: Option<&[u8]>| bytes.map_or(-1, |b| b.len() as i32);
        RecordMeta {
            timestamp_delta: self.timestamp_delta,
            offset_delta: self.offset_delta,
            key_size: size(self.key),
            value_size: size(self.value),
        }
    }

    /// Parses the body of one record: everything after the length prefix, nothing more.
    pub fn parse_body(body: &'a [u8], size_in_bytes: usize) -> Result<RecordView<'a>, BatchError> {
        let mut c = Cursor { rest: body };
        let attributes = c.u8().ok_or(MALFORMED)? as i8;
        let timestamp_delta = c.varlong().ok_or(MALFORMED)?;
        let offset_delta = c.varint().ok_or(MALFORMED)?;
        let key = c.nullable()?;
        let value = c.nullable()?;
        let header_count = usize::try_from(c.varint().ok_or(MALFORMED)?).map_err(|_| BAD_HEADER_COUNT)?;
        if header_count > c.rest.len() {
            return Err(BAD_HEADER_COUNT);
        }
        let headers = c.rest;
        for _ in 0..header_count {
            c.header()?;
        }
        if !c.rest.is_empty() {
            return Err(BAD_SIZE);
        }
        Ok(RecordView { size_in_bytes, attributes, timestamp_delta, offset_delta, key, value, header_count, headers })
    }
}

/// Headers of one record.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a [u8], Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut c = Cursor { rest: self.rest };
        // Checked when the record was parsed.
        let header = c.header().ok()?;
        self.rest = c.rest;
        Some(header)
    }
}

/// The records of an uncompressed payload; see [`records`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    left: i32,
    failed: bool,
}

/// Walks the records of `payload`, the uncompressed bytes after `header`. As many as the header declares; bytes left
/// over, or too few, are an error, after which there is nothing more. `payload` must not be compressed.
pub fn records<'a>(header: &BatchHeader, payload: &'a [u8]) -> Records<'a> {
    Records { rest: payload, left: header.record_count, failed: false }
}

impl<'a> Records<'a> {
    fn read(&mut self) -> Result<RecordView<'a>, BatchError> {
        if self.left < 0 {
            return Err(BAD_COUNT);
        }
        let mut c = Cursor { rest: self.rest };
        let record = c.record()?;
        self.rest = c.rest;
        self.left -= 1;
        if self.left == 0 && !self.rest.is_empty() {
            return Err(REMAINING);
        }
        Ok(record)
    }
}

/// Steps over the records of `payload` as [`records`] does, with the same errors, telling only their shape.
#[derive(Clone, Debug)]
pub(crate) struct RecordScan<'a> {
    rest: &'a [u8],
    left: i32,
}

impl<'a> RecordScan<'a> {
    pub(crate) fn new(header: &BatchHeader, payload: &'a [u8]) -> RecordScan<'a> {
        RecordScan { rest: payload, left: header.record_count }
    }

    /// `None` after the last record. Not to be called again after an error.
    #[inline]
    pub(crate) fn next_meta(&mut self) -> Result<Option<RecordMeta>, BatchError> {
        if self.left <= 0 {
            return if self.left < 0 { Err(BAD_COUNT) } else { Ok(None) };
        }
        let mut c = Cursor { rest: self.rest };
        let size = c.varint().ok_or(PREMATURE_EOF)?;
        let body = usize::try_from(size).ok().and_then(|size| c.take(size)).ok_or(BAD_SIZE)?;
        self.rest = c.rest;
        self.left -= 1;
        if self.left == 0 && !self.rest.is_empty() {
            return Err(REMAINING);
        }
        // The usual record fits; what does not is looked at again for the right error.
        match (Cursor { rest: body }).meta_of_body() {
            Some(meta) => Ok(Some(meta)),
            None => RecordView::parse_body(body, 0).map(|record| Some(record.meta())),
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<RecordView<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.left == 0 {
            return None;
        }
        let item = self.read();
        self.failed = item.is_err();
        Some(item)
    }
}

/// Reads with Java's leniency; `None` is the end of the bytes or an overlong varint.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(crate) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// `ByteUtils.readVarint`: five bytes at most; what the fifth holds beyond 32 bits is ignored.
    #[inline]
    pub(crate) fn varint(&mut self) -> Option<i32> {
        let first = self.u8()?;
        let mut raw = u32::from(first & 0x7f);
        if first & 0x80 != 0 {
            let mut shift = 7;
            loop {
                let byte = self.u8()?;
                raw |= u32::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
                shift += 7;
                if shift > 28 {
                    return None;
                }
            }
        }
        Some(((raw >> 1) as i32) ^ -((raw & 1) as i32))
    }

    /// `ByteUtils.readVarlong`: ten bytes at most; what the tenth holds beyond 64 bits is ignored.
    #[inline]
    pub(crate) fn varlong(&mut self) -> Option<i64> {
        let mut raw = 0u64;
        let mut shift = 0;
        loop {
            let byte = self.u8()?;
            raw |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
            if shift > 63 {
                return None;
            }
        }
        Some(((raw >> 1) as i64) ^ -((raw & 1) as i64))
    }

    #[inline]
    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.rest.split_at_checked(n)?;
        self.rest = tail;
        Some(head)
    }

    /// Bytes with a varint length; any negative length is null.
    #[inline]
    fn nullable(&mut self) -> Result<Option<&'a [u8]>, BatchError> {
        match usize::try_from(self.varint().ok_or(MALFORMED)?) {
            Ok(n) => self.take(n).map(Some).ok_or(MALFORMED),
            Err(_) => Ok(None),
        }
    }

    /// The shape of a record without headers that ends where these bytes end.
    #[inline]
    fn meta_of_body(&mut self) -> Option<RecordMeta> {
        self.u8()?;
        let timestamp_delta = self.varlong()?;
        let offset_delta = self.varint()?;
        let key_size = self.varint()?;
        self.take(usize::try_from(key_size).unwrap_or(0))?;
        let value_size = self.varint()?;
        self.take(usize::try_from(value_size).unwrap_or(0))?;
        (self.rest == [0]).then_some(RecordMeta { timestamp_delta, offset_delta, key_size, value_size })
    }

    fn header(&mut self) -> Result<(&'a [u8], Option<&'a [u8]>), BatchError> {
        let key_size = usize::try_from(self.varint().ok_or(MALFORMED)?).map_err(|_| BAD_HEADER_KEY)?;
        let key = self.take(key_size).ok_or(MALFORMED)?;
        Ok((key, self.nullable()?))
    }

    /// A record with its length prefix.
    #[inline]
    pub(crate) fn record(&mut self) -> Result<RecordView<'a>, BatchError> {
        let before = self.rest.len();
        let size = self.varint().ok_or(PREMATURE_EOF)?;
        let prefix = before - self.rest.len();
        let size = usize::try_from(size).map_err(|_| BAD_SIZE)?;
        let body = self.take(size).ok_or(BAD_SIZE)?;
        RecordView::parse_body(body, prefix + size)
    }
}
