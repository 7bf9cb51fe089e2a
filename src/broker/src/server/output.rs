//! What a connection has still to write: response frames as pieces of memory and ranges of files.
//!
//! Owner: the connection's task. Ranges of files are read when the socket has room for them, through one buffer of at
//! most [`CHUNK`] bytes, so that a peer that reads slowly, or not at all, costs a chunk and not what it asked for. What lies in
//! memory is counted in the node's budget (see [`super::budget`]). What is not in the page cache is read on the blocking pool
//! (design D9): a disk never holds up the other connections of a worker.
//!
//! Deliberately absent: sendfile (on loopback it was measured to be no gain).

use super::budget::Budget;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use ottla_base::storage::File;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;
use tokio::task::JoinHandle;

/// The most that is read from files ahead of the socket.
const CHUNK: usize = 256 * 1024;
/// Pieces of memory up to this size are copied rather than written from where they lie.
const COPY_MAX: usize = 4 * 1024;
/// Pieces handed to one system call.
const SLICES_MAX: usize = 64;

/// A piece of a response.
#[derive(Clone, Debug)]
pub enum Part {
    /// In memory.
    Bytes(Bytes),
    /// In a segment file.
    FileRange {
        /// The segment.
        file: Arc<dyn File>,
        /// First byte.
        position: u64,
        /// Bytes.
        len: usize,
    },
}

impl Part {
    /// Bytes of this piece.
    pub fn len(&self) -> usize {
        match self {
            Part::Bytes(bytes) => bytes.len(),
            Part::FileRange { len, .. } => *len,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn memory(&self) -> usize {
        match self {
            Part::Bytes(bytes) => bytes.len(),
            Part::FileRange { .. } => 0,
        }
    }
}

/// A response frame that is being encoded: text goes into [`FrameBuilder::buf`], records are put as they are.
#[derive(Debug)]
pub struct FrameBuilder {
    /// Everything up to the first part that was put; the size is patched into it at the end.
    head: Option<BytesMut>,
    parts: Vec<Part>,
    buf: BytesMut,
    /// Bytes in `head` and `parts`.
    len: usize,
}

impl FrameBuilder {
    /// A frame that starts with `start`, whose first four bytes are the room for its size.
    pub fn new(start: BytesMut) -> FrameBuilder {
        FrameBuilder { head: None, parts: Vec::new(), buf: start, len: 0 }
    }

    /// Where to write next.
    pub fn buf(&mut self) -> &mut BytesMut {
        &mut self.buf
    }

    /// Appends `part`, by reference unless it is small.
    pub fn put(&mut self, part: Part) {
        match part {
            Part::Bytes(bytes) if bytes.len() <= COPY_MAX => self.buf.put_slice(&bytes),
            part => {
                self.cut();
                self.len += part.len();
                self.parts.push(part);
            }
        }
    }

    fn cut(&mut self) {
        let buf = std::mem::take(&mut self.buf);
        self.len += buf.len();
        match &self.head {
            None => self.head = Some(buf),
            Some(_) if buf.is_empty() => {}
            Some(_) => self.parts.push(Part::Bytes(buf.freeze())),
        }
    }

    /// Writes the size into the first four bytes. `None` when it is more than a size can say.
    pub fn finish(mut self) -> Option<Vec<Part>> {
        self.cut();
        let mut head = self.head?;
        let size = i32::try_from(self.len.checked_sub(4)?).ok()?;
        *head.first_chunk_mut::<4>()? = size.to_be_bytes();
        self.parts.insert(0, Part::Bytes(head.freeze()));
        Some(self.parts)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Output {
    parts: VecDeque<Part>,
    /// Bytes in `parts` and `chunk`.
    len: usize,
    /// Read from files, or copied, and not written yet: `chunk[chunk_at..]`.
    chunk: Vec<u8>,
    chunk_at: usize,
    /// The next chunk, which comes from the medium.
    reading: Option<JoinHandle<io::Result<Vec<u8>>>>,
    budget: Arc<Budget>,
    /// What of the parts was counted in the budget.
    counted: usize,
}

impl Output {
    /// Nothing to write.
    pub fn new(budget: &Arc<Budget>) -> Output {
        Output {
            parts: VecDeque::new(),
            len: 0,
            chunk: Vec::new(),
            chunk_at: 0,
            reading: None,
            budget: Arc::clone(budget),
            counted: 0,
        }
    }

    /// Bytes still to be written.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether everything was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends a piece.
    pub fn push(&mut self, part: Part) {
        if part.is_empty() {
            return;
        }
        self.len += part.len();
        self.counted += part.memory();
        self.budget.add_outgoing(part.memory());
        self.parts.push_back(part);
    }

    /// Writes as much as the socket takes; ready with the number of bytes, which is not 0, or an error. A file that turns out
    /// to be shorter than planned is an error: its length has been announced.
    pub fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        if self.chunk_at == self.chunk.len() && self.starts_with_file() {
            ready!(self.poll_fill(cx))?;
        }
        let n = if self.chunk_at < self.chunk.len() {
            let n = ready!(Pin::new(stream).poll_write(cx, &self.chunk[self.chunk_at..]))?;
            self.chunk_at += n;
            n
        } else {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let mut count = 0;
            for (slice, part) in slices.iter_mut().zip(&self.parts) {
                let Part::Bytes(bytes) = part else { break };
                *slice = IoSlice::new(bytes);
                count += 1;
            }
            let n = ready!(Pin::new(stream).poll_write_vectored(cx, &slices[..count]))?;
            self.advance(n);
            n
        };
        if n == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.len -= n;
        if self.len == 0 {
            // An idle connection holds no buffer.
            self.chunk = Vec::new();
            self.chunk_at = 0;
        }
        Poll::Ready(Ok(n))
    }

    /// The next piece lies in a file, or does so behind little that can be sent along with it.
    fn starts_with_file(&self) -> bool {
        let mut ahead = 0;
        for part in self.parts.iter().take(SLICES_MAX) {
            match part {
                Part::FileRange { .. } => return true,
                Part::Bytes(bytes) => ahead += bytes.len(),
            }
            if ahead > COPY_MAX {
                return false;
            }
        }
        false
    }

    /// Fills the chunk: with what is in the page cache, or, if nothing is, from the medium.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reading.is_none() {
            self.fill()?;
            if !self.chunk.is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        let Some(Part::FileRange { file, position, len }) = self.parts.front_mut() else { return Poll::Ready(Ok(())) };
        let reading = self.reading.get_or_insert_with(|| {
            let (file, position, n) = (Arc::clone(file), *position, (*len).min(CHUNK));
            tokio::task::spawn_blocking(move || {
                let mut chunk = vec![0; n];
                file.read_exact_at(&mut chunk, position).map(|()| chunk)
            })
        });
        let read = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        self.chunk = read.map_err(io::Error::other)??;
        self.chunk_at = 0;
        *position += self.chunk.len() as u64;
        *len -= self.chunk.len();
        if *len == 0 {
            self.pop();
        }
        Poll::Ready(Ok(()))
    }

    /// Puts into the chunk what can be had without waiting.
    fn fill(&mut self) -> io::Result<()> {
        self.chunk.clear();
        self.chunk_at = 0;
        self.chunk.reserve_exact(self.len.min(CHUNK));
        while self.chunk.len() < CHUNK {
            match self.parts.front_mut() {
                Some(Part::Bytes(bytes)) if bytes.len() <= COPY_MAX => {
                    self.chunk.extend_from_slice(bytes);
                    self.pop();
                }
                Some(Part::FileRange { file, position, len }) => {
                    let at = self.chunk.len();
                    let n = (*len).min(CHUNK - at);
                    self.chunk.resize(at + n, 0);
                    let read = file.read_at_now(&mut self.chunk[at..], *position);
                    let got = *read.as_ref().ok().and_then(Option::as_ref).unwrap_or(&0);
                    self.chunk.truncate(at + got);
                    match read? {
                        Some(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                        Some(_) => {}
                        None => break,
                    }
                    *position += got as u64;
                    *len -= got;
                    if *len == 0 {
                        self.pop();
                    }
                }
                Some(Part::Bytes(_)) | None => break,
            }
        }
        Ok(())
    }

    fn advance(&mut self, mut n: usize) {
        while n > 0 {
            let Some(Part::Bytes(bytes)) = self.parts.front_mut() else { return };
            if n < bytes.len() {
                bytes.advance(n);
                self.counted -= n;
                self.budget.sub_outgoing(n);
                return;
            }
            n -= bytes.len();
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(part) = self.parts.pop_front() {
            self.counted -= part.memory();
            self.budget.sub_outgoing(part.memory());
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.budget.sub_outgoing(self.counted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_base::storage::{DiskStorage, OpenMode, Storage, SyncMode};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::AsyncReadExt;

    fn pattern(len: usize, salt: usize) -> Vec<u8> {
        (0..len).map(|i| ((i * 31 + salt) % 251) as u8).collect()
    }

    #[tokio::test]
    async fn pieces_of_memory_and_of_files_leave_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let storage = DiskStorage::new(SyncMode::Ephemeral);
        let file = storage.open(&dir.path().join("segment"), OpenMode::Create).unwrap();
        let content = pattern(3 * CHUNK, 5);
        file.write_all_at(&content, 0).unwrap();

        let budget = Budget::new(1 << 20);
        let mut output = Output::new(&budget);
        let mut expected = Vec::new();
        let memory = |output: &mut Output, expected: &mut Vec<u8>, len: usize| {
            let bytes = pattern(len, len);
            expected.extend_from_slice(&bytes);
            output.push(Part::Bytes(bytes.into()));
        };
        let range = |output: &mut Output, expected: &mut Vec<u8>, from: usize, len: usize| {
            expected.extend_from_slice(&content[from..from + len]);
            output.push(Part::FileRange { file: Arc::clone(&file), position: from as u64, len });
        };
        memory(&mut output, &mut expected, 10);
        range(&mut output, &mut expected, 7, 2 * CHUNK + 3);
        memory(&mut output, &mut expected, 100_000);
        memory(&mut output, &mut expected, 1);
        range(&mut output, &mut expected, 0, 1);
        range(&mut output, &mut expected, 2 * CHUNK, CHUNK);
        for _ in 0..100 {
            memory(&mut output, &mut expected, 3000);
        }
        assert_eq!(output.len(), expected.len());
        assert_eq!(budget.outgoing(), expected.len() - (2 * CHUNK + 3) - 1 - CHUNK);

        let (mut near, mut far) = tokio::io::duplex(10_000);
        let reader = tokio::spawn(async move {
            let mut got = Vec::new();
            far.read_to_end(&mut got).await.unwrap();
            got
        });
        while !output.is_empty() {
            std::future::poll_fn(|cx| output.poll_write(cx, &mut near)).await.unwrap();
        }
        drop(near);
        assert_eq!(reader.await.unwrap(), expected);
        assert_eq!(budget.outgoing(), 0);
    }

    #[tokio::test]
    async fn a_file_that_is_too_short_is_an_error_and_what_is_dropped_is_not_counted() {
        let dir = tempfile::tempdir().unwrap();
        let storage = DiskStorage::new(SyncMode::Ephemeral);
        let file = storage.open(&dir.path().join("segment"), OpenMode::Create).unwrap();
        let budget = Budget::new(1 << 20);
        let mut output = Output::new(&budget);
        output.push(Part::Bytes(Bytes::from_static(b"head")));
        output.push(Part::FileRange { file, position: 0, len: 10 });
        output.push(Part::Bytes(Bytes::from_static(b"tail")));
        let (mut near, _far) = tokio::io::duplex(10_000);
        let result = std::future::poll_fn(|cx| output.poll_write(cx, &mut near)).await;
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(budget.outgoing(), 4);
        drop(output);
        assert_eq!(budget.outgoing(), 0);
    }

    /// A file of which the page cache holds only some pieces.
    #[derive(Debug)]
    struct Cold {
        content: Vec<u8>,
        warm: Vec<std::ops::Range<u64>>,
        waited: AtomicUsize,
    }

    impl File for Cold {
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            assert!(tokio::runtime::Handle::try_current().is_ok());
            assert_ne!(std::thread::current().name(), Some("worker"), "a worker waits for a disk");
            self.waited.fetch_add(buf.len(), Ordering::Relaxed);
            let rest = &self.content[offset as usize..];
            let n = rest.len().min(buf.len());
            buf[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        }

        fn read_at_now(&self, buf: &mut [u8], offset: u64) -> io::Result<Option<usize>> {
            let Some(warm) = self.warm.iter().find(|range| range.contains(&offset)) else { return Ok(None) };
            let n = buf.len().min((warm.end - offset) as usize);
            buf[..n].copy_from_slice(&self.content[offset as usize..][..n]);
            Ok(Some(n))
        }

        fn write_vectored_at(&self, _: &[IoSlice<'_>], _: u64) -> io::Result<()> {
            unreachable!()
        }

        fn len(&self) -> io::Result<u64> {
            Ok(self.content.len() as u64)
        }

        fn set_len(&self, _: u64) -> io::Result<()> {
            unreachable!()
        }

        fn sync(&self) -> io::Result<()> {
            unreachable!()
        }
    }

    #[test]
    fn what_is_not_in_the_page_cache_is_read_elsewhere() {
        let worker = std::thread::Builder::new().name("worker".into()).spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let content = pattern(2 * CHUNK + 10, 3);
                let warm = vec![100..200, 5_000..9_000];
                let file = Arc::new(Cold { content: content.clone(), warm, waited: AtomicUsize::new(0) });
                let mut output = Output::new(&Budget::new(1 << 20));
                output.push(Part::Bytes(Bytes::from_static(b"head")));
                let mut expected = b"head".to_vec();
                for (from, len) in [(0, 2 * CHUNK + 10), (100, 50), (150, 100), (5_000, 4_000)] {
                    expected.extend_from_slice(&content[from..from + len]);
                    output.push(Part::FileRange { file: file.clone(), position: from as u64, len });
                }
                let mut got = Vec::new();
                while !output.is_empty() {
                    std::future::poll_fn(|cx| output.poll_write(cx, &mut Pin::new(&mut got))).await.unwrap();
                }
                assert!(got == expected);
                // All of the first range, and the cold half of the third.
                assert_eq!(file.waited.load(Ordering::Relaxed), 2 * CHUNK + 10 + 50);
            });
        });
        worker.unwrap().join().unwrap();
    }

    #[test]
    fn a_frame_is_cut_only_around_large_pieces() {
        let mut frame = FrameBuilder::new(BytesMut::from(&[0, 0, 0, 0, 1][..]));
        frame.put(Part::Bytes(Bytes::from_static(b"small")));
        frame.put(Part::Bytes(vec![7; COPY_MAX + 1].into()));
        frame.buf().put_slice(b"end");
        let parts = frame.finish().unwrap();
        let lens: Vec<usize> = parts.iter().map(Part::len).collect();
        assert_eq!(lens, [10, COPY_MAX + 1, 3]);
        let Part::Bytes(head) = &parts[0] else { panic!("in memory") };
        assert_eq!(head[..4], (6 + COPY_MAX as i32 + 1 + 3).to_be_bytes());
    }
}
