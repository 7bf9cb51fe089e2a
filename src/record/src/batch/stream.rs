//! Records of a batch whatever its codec, decompressed as they are read.
//!
//! Two ways to walk: [`RecordStream::next_meta`] skips keys, values and headers and needs one chunk of memory whatever the
//! records hold; [`RecordStream::next_record`] gives whole records and needs a buffer as large as the largest of them.
//! Both stop at the caller's limit of decompressed bytes. Errors are those of Kafka's `skipKeyValueIterator` and
//! `streamingIterator`: a stream that ends early is an invalid record, one that is broken is a failed decompression.
//!
//! Invariant: no input can panic; a length in a record allocates nothing before its bytes have come out.

use super::record::{
    BAD_COUNT, BAD_HEADER_COUNT, BAD_HEADER_KEY, BAD_SIZE, Cursor, MALFORMED, PREMATURE_EOF, REMAINING, RecordView,
};
use super::{BatchError, BatchHeader, RECORDS_OFFSET};
use crate::compression::{CompressionType, Decompressor, is_limit_reached};
use std::io::{self, Read};

/// Most bytes decompressed at a time.
const CHUNK: usize = 16 * 1024;

/// What a record is, without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordMeta {
    /// Relative to the batch's base timestamp.
    pub timestamp_delta: i64,
    /// Relative to the batch's base offset.
    pub offset_delta: i32,
    /// As stored; negative is null.
    pub key_size: i32,
    /// As stored; negative is null.
    pub value_size: i32,
}

/// Walks the records of one batch; see the module's head.
#[derive(Debug)]
pub struct RecordStream<'a> {
    source: Decompressor<'a>,
    limit: usize,
    /// Decompressed and not read yet: `buffer[start..end]`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    left: i32,
    done: bool,
}

impl<'a> RecordStream<'a> {
    /// Starts on `batch`, exactly one batch, of whose records at most `limit` bytes may come out.
    pub fn new(batch: &'a [u8], limit: usize) -> Result<RecordStream<'a>, BatchError> {
        let header = BatchHeader::parse(batch)?;
        RecordStream::of_payload(&header, batch.get(RECORDS_OFFSET..).unwrap_or(&[]), limit)
    }

    /// Starts on the bytes after `header`.
    pub fn of_payload(header: &BatchHeader, payload: &'a [u8], limit: usize) -> Result<RecordStream<'a>, BatchError> {
        let codec = header.compression()?;
        // A batch without records has no stream, compressed or not.
        let (codec, payload) =
            if header.record_count == 0 { (CompressionType::None, &[][..]) } else { (codec, payload) };
        let source = Decompressor::new(codec, payload, limit).map_err(|e| failed(&e, limit))?;
        let chunk = payload.len().saturating_mul(4).clamp(256, CHUNK);
        Ok(RecordStream {
            source,
            limit,
            buffer: vec![0; chunk],
            start: 0,
            end: 0,
            left: header.record_count,
            done: false,
        })
    }

    /// The next record without its contents. As in Kafka, its length prefix is not compared with what it holds.
    pub fn next_meta(&mut self) -> Option<Result<RecordMeta, BatchError>> {
        self.step(|stream| match stream.buffered_meta() {
            Some(meta) => Ok(meta),
            None => stream.streamed_meta(),
        })
    }

    /// The next record, borrowed until the following call.
    pub fn next_record(&mut self) -> Option<Result<RecordView<'_>, BatchError>> {
        match self.step(RecordStream::checked_record)? {
            Ok((at, prefix, size)) => {
                Some(RecordView::parse_body(self.buffer.get(at..at + size).unwrap_or(&[]), prefix + size))
            }
            Err(e) => Some(Err(e)),
        }
    }

    /// Counts records, ends after the declared number or an error, and checks that nothing follows the last.
    fn step<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, BatchError>) -> Option<Result<T, BatchError>> {
        if self.done || self.left == 0 {
            return None;
        }
        let item = self.counted(read);
        self.done = item.is_err();
        Some(item)
    }

    fn counted<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, BatchError>) -> Result<T, BatchError> {
        if self.left < 0 {
            return Err(BAD_COUNT);
        }
        let item = read(self)?;
        self.left -= 1;
        if self.left == 0 && (self.start < self.end || self.more(1)?) {
            return Err(REMAINING);
        }
        Ok(item)
    }

    /// A record that lies in the buffer whole; `None` if it does not, or is malformed.
    #[inline]
    fn buffered_meta(&mut self) -> Option<RecordMeta> {
        let available = self.buffer.get(self.start..self.end)?;
        let mut c = Cursor { rest: available };
        c.varint()?;
        c.u8()?;
        let timestamp_delta = c.varlong()?;
        let offset_delta = c.varint()?;
        let key_size = c.varint()?;
        c.take(usize::try_from(key_size).unwrap_or(0))?;
        let value_size = c.varint()?;
        c.take(usize::try_from(value_size).unwrap_or(0))?;
        for _ in 0..u32::try_from(c.varint()?).ok()? {
            let key_size = c.varint()?;
            c.take(usize::try_from(key_size).ok()?)?;
            let value_size = c.varint()?;
            c.take(usize::try_from(value_size).unwrap_or(0))?;
        }
        self.start += available.len() - c.rest.len();
        Some(RecordMeta { timestamp_delta, offset_delta, key_size, value_size })
    }

    fn streamed_meta(&mut self) -> Result<RecordMeta, BatchError> {
        self.varint()?;
        self.byte()?;
        let timestamp_delta = self.varlong()?;
        let offset_delta = self.varint()?;
        let key_size = self.varint()?;
        self.skip(key_size)?;
        let value_size = self.varint()?;
        self.skip(value_size)?;
        let headers = u32::try_from(self.varint()?).map_err(|_| BAD_HEADER_COUNT)?;
        for _ in 0..headers {
            let key_size = self.varint()?;
            if key_size < 0 {
                return Err(BAD_HEADER_KEY);
            }
            self.skip(key_size)?;
            let value_size = self.varint()?;
            self.skip(value_size)?;
        }
        Ok(RecordMeta { timestamp_delta, offset_delta, key_size, value_size })
    }

    /// As [`RecordStream::whole_record`]. The last one is parsed before the stream's end is checked, so that of two errors
    /// the right one is reported.
    fn checked_record(&mut self) -> Result<(usize, usize, usize), BatchError> {
        let (at, prefix, size) = self.whole_record()?;
        if self.left == 1 {
            RecordView::parse_body(self.buffer.get(at..at + size).unwrap_or(&[]), prefix + size)?;
        }
        Ok((at, prefix, size))
    }

    /// Brings a whole record into the buffer; gives its body's place, its prefix's size and its body's size.
    fn whole_record(&mut self) -> Result<(usize, usize, usize), BatchError> {
        let mut prefix = 0;
        let mut raw = 0u32;
        loop {
            let byte = self.byte()?;
            raw |= u32::from(byte & 0x7f) << (7 * prefix);
            prefix += 1;
            if byte & 0x80 == 0 {
                break;
            }
            if prefix > 4 {
                return Err(PREMATURE_EOF);
            }
        }
        let size = ((raw >> 1) as i32) ^ -((raw & 1) as i32);
        let size = usize::try_from(size).map_err(|_| PREMATURE_EOF)?;
        while self.end - self.start < size {
            if !self.more(size)? {
                return Err(BAD_SIZE);
            }
        }
        let at = self.start;
        self.start += size;
        Ok((at, prefix, size))
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, BatchError> {
        loop {
            if let Some(byte) = self.buffer.get(self.start..self.end).and_then(<[u8]>::first) {
                self.start += 1;
                return Ok(*byte);
            }
            if !self.more(1)? {
                return Err(PREMATURE_EOF);
            }
        }
    }

    fn varint(&mut self) -> Result<i32, BatchError> {
        Ok(unzigzag(self.raw_varint(28)? & 0xffff_ffff) as i32)
    }

    fn varlong(&mut self) -> Result<i64, BatchError> {
        Ok(unzigzag(self.raw_varint(63)?))
    }

    fn raw_varint(&mut self, last_shift: u32) -> Result<u64, BatchError> {
        let mut raw = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            raw |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(raw);
            }
            shift += 7;
            if shift > last_shift {
                return Err(MALFORMED);
            }
        }
    }

    /// Skips `n` bytes; a negative number (null) is none.
    fn skip(&mut self, n: i32) -> Result<(), BatchError> {
        let mut n = usize::try_from(n).unwrap_or(0);
        loop {
            let here = n.min(self.end - self.start);
            self.start += here;
            n -= here;
            if n == 0 {
                return Ok(());
            }
            if !self.more(1)? {
                return Err(BatchError::InvalidRecord("Reached end of input stream before skipping all bytes"));
            }
        }
    }

    /// Decompresses one more chunk behind what is buffered, so that `wanted` bytes may lie in one piece; false at the end.
    fn more(&mut self, wanted: usize) -> Result<bool, BatchError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() || self.start + wanted > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            // Doubles with what has come out, never with what a length announces.
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.source.read(self.buffer.get_mut(self.end..).unwrap_or(&mut [])) {
                Ok(n) => {
                    self.end += n;
                    return Ok(n > 0);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(failed(&e, self.limit)),
            }
        }
    }
}

fn unzigzag(raw: u64) -> i64 {
    ((raw >> 1) as i64) ^ -((raw & 1) as i64)
}

fn failed(error: &io::Error, limit: usize) -> BatchError {
    if is_limit_reached(error) { BatchError::TooLarge { limit } } else { BatchError::Decompress(error.to_string()) }
}

/// Hands every record of `batch` (exactly one batch, of any codec) to `each`. `limit` bounds what is decompressed, in
/// bytes.
pub fn for_each_record<E: From<BatchError>>(
    batch: &[u8],
    limit: usize,
    mut each: impl FnMut(&BatchHeader, RecordView<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let header = BatchHeader::parse(batch)?;
    let payload = batch.get(RECORDS_OFFSET..).unwrap_or(&[]);
    if header.compression()? == CompressionType::None {
        for record in super::record::records(&header, payload) {
            each(&header, record?)?;
        }
        return Ok(());
    }
    let mut stream = RecordStream::of_payload(&header, payload, limit)?;
    while let Some(record) = stream.next_record() {
        each(&header, record?)?;
    }
    Ok(())
}
