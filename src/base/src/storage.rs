//! The one seam between cores and disks: a synchronous trait with two implementations, [`DiskStorage`] and the
//! simulated disk of `storage::sim`.
//!
//! Appends and reads of warm data are called inline by cores. What may block for long (fsync, unlink, directory sync)
//! is called by whoever carries out the effect that asks for it.
//!
//! Invariants: a file handle may be used from several threads (positions are explicit); a failed `sync` is never
//! retried on the same file by a caller (the kernel may have dropped the dirty pages).

pub mod lock;
pub mod sim;

pub use sim::SimStorage;

use std::fmt::Debug;
use std::fs;
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Must exist; reads only.
    Read,
    /// Must exist; reads and writes.
    ReadWrite,
    /// Created when missing; reads and writes; an existing content is kept.
    Create,
    /// Must not exist; reads and writes.
    CreateNew,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// File name without its directory.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Length in bytes (0 for directories).
    pub len: u64,
    /// Modification time, milliseconds since the epoch.
    pub modified_ms: i64,
}

/// An open file. Positions are explicit, so handles are shared freely.
pub trait File: Send + Sync + Debug {
    /// Reads up to `buf.len()` bytes at `offset`; 0 at or past the end.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// As [`File::read_at`], if that can be done without waiting for the medium; `None` when it cannot (or when only waiting
    /// would tell). What the page cache holds of the range may be less than all of it.
    fn read_at_now(&self, buf: &mut [u8], offset: u64) -> io::Result<Option<usize>> {
        self.read_at(buf, offset).map(Some)
    }

    /// Writes all of `parts`, one after the other, from `offset`. On an error any prefix may have been written.
    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<()>;

    /// Current length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file holds no byte.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts or extends (with zeros) to `len`.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Returns when data and length are on the medium (fdatasync).
    fn sync(&self) -> io::Result<()>;

    /// The underlying file for zero-copy sends; `None` on a simulated disk.
    fn as_std(&self) -> Option<&fs::File> {
        None
    }

    /// Writes all of `bytes` at `offset`.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_vectored_at(&[IoSlice::new(bytes)], offset)
    }

    /// Fills `buf` from `offset`, or fails with `UnexpectedEof`.
    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => {
                    buf = &mut buf[n..];
                    offset += n as u64;
                }
            }
        }
        Ok(())
    }
}

/// A tree of files.
pub trait Storage: Send + Sync + Debug {
    /// Opens a file.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>>;
    /// Entries of a directory, sorted by name.
    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>>;
    /// Makes a directory and its parents; fine when it exists.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Removes one file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with all that it holds.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Renames atomically, replacing a file at `to`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Returns when the entries of a directory (creations, renames, removals) are on the medium.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Whether something is at `path`.
    fn exists(&self, path: &Path) -> bool;

    /// The whole content of a small file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path, OpenMode::Read)?;
        let mut out = vec![0; usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?];
        file.read_exact_at(&mut out, 0)?;
        Ok(out)
    }

    /// Replaces a small file so that a crash leaves the old or the new content: `<path>.tmp`, fsync, rename, fsync of
    /// the directory (`CheckpointFile.write`).
    fn write_atomically(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut tmp = path.as_os_str().to_owned();
        tmp.push(".tmp");
        let tmp = PathBuf::from(tmp);
        let file = self.open(&tmp, OpenMode::Create)?;
        file.set_len(0)?;
        file.write_all_at(content, 0)?;
        file.sync()?;
        drop(file);
        self.rename(&tmp, path)?;
        match path.parent() {
            Some(dir) => self.sync_dir(dir),
            None => Ok(()),
        }
    }
}

/// The machine's file system.
#[derive(Clone, Copy, Debug)]
pub struct DiskStorage {
    sync: SyncMode,
}

/// Whether a sync reaches the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMode {
    /// `fdatasync` and directory syncs are carried out.
    Durable,
    /// They return at once: for `--ephemeral`, where data does not outlive the process.
    Ephemeral,
}

impl DiskStorage {
    /// A view of the file system.
    pub fn new(sync: SyncMode) -> DiskStorage {
        DiskStorage { sync }
    }
}

#[derive(Debug)]
struct DiskFile {
    file: fs::File,
    sync: SyncMode,
}

impl File for DiskFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.file.read_at(buf, offset) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn read_at_now(&self, buf: &mut [u8], offset: u64) -> io::Result<Option<usize>> {
        use rustix::io::{Errno, ReadWriteFlags, preadv2};
        match preadv2(&self.file, &mut [IoSliceMut::new(buf)], offset, ReadWriteFlags::NOWAIT) {
            Ok(n) => Ok(Some(n)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            // A file system or a kernel that cannot tell: as if everything were in memory.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => self.read_at(buf, offset).map(Some),
            Err(error) => Err(error.into()),
        }
    }

    fn write_vectored_at(&self, parts: &[IoSlice<'_>], mut offset: u64) -> io::Result<()> {
        if let [one] = parts {
            return self.file.write_all_at(one, offset);
        }
        let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|p| IoSlice::new(p)).collect();
        let mut rest = &mut slices[..];
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            // UIO_MAXIOV: more parts than this are refused by the kernel.
            let batch = &rest[..rest.len().min(1024)];
            let written = match rustix::io::pwritev(&self.file, batch, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => n,
                Err(rustix::io::Errno::INTR) => continue,
                Err(e) => return Err(e.into()),
            };
            offset += written as u64;
            IoSlice::advance_slices(&mut rest, written);
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        match self.sync {
            SyncMode::Durable => self.file.sync_data(),
            SyncMode::Ephemeral => Ok(()),
        }
    }

    fn as_std(&self) -> Option<&fs::File> {
        Some(&self.file)
    }
}

impl Storage for DiskStorage {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.read(true);
        match mode {
            OpenMode::Read => &mut options,
            OpenMode::ReadWrite => options.write(true),
            OpenMode::Create => options.write(true).create(true),
            OpenMode::CreateNew => options.write(true).create_new(true),
        };
        Ok(Arc::new(DiskFile { file: options.open(path)?, sync: self.sync }))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut out = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let meta = match entry.metadata() {
                Ok(meta) => meta,
                // Gone between the listing and the look: as if it had not been listed.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            let modified = meta.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
            out.push(DirEntry {
                name: entry.file_name().to_string_lossy().into_owned(),
                is_dir: meta.is_dir(),
                len: if meta.is_dir() { 0 } else { meta.len() },
                modified_ms: modified.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
            });
        }
        out.sort();
        Ok(out)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        match self.sync {
            SyncMode::Durable => fs::File::open(path)?.sync_all(),
            SyncMode::Ephemeral => Ok(()),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn write_atomically(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut tmp = path.as_os_str().to_owned();
        tmp.push(".tmp");
        let tmp = PathBuf::from(tmp);
        let mut file = fs::File::create(&tmp)?;
        file.write_all(content)?;
        if self.sync == SyncMode::Durable {
            file.sync_all()?;
        }
        drop(file);
        fs::rename(&tmp, path)?;
        match path.parent() {
            Some(dir) => self.sync_dir(dir),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectored_write_lands_at_the_offset_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let disk = DiskStorage::new(SyncMode::Durable);
        let file = disk.open(&dir.path().join("f"), OpenMode::CreateNew).unwrap();
        let many: Vec<Vec<u8>> = (0..3000u32).map(|i| i.to_be_bytes().to_vec()).collect();
        let parts: Vec<IoSlice<'_>> = many.iter().map(|p| IoSlice::new(p)).collect();
        file.write_vectored_at(&parts, 7).unwrap();
        assert_eq!(file.len().unwrap(), 7 + 12000);
        let mut got = vec![0; 12000];
        file.read_exact_at(&mut got, 7).unwrap();
        assert_eq!(got, many.concat());
    }

    #[test]
    fn what_was_just_written_is_read_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let disk = DiskStorage::new(SyncMode::Durable);
        let file = disk.open(&dir.path().join("f"), OpenMode::CreateNew).unwrap();
        file.write_all_at(b"abcdef", 0).unwrap();
        let mut buf = [0; 4];
        assert_eq!(file.read_at_now(&mut buf, 1).unwrap(), Some(4));
        assert_eq!(&buf, b"bcde");
        assert_eq!(file.read_at_now(&mut buf, 6).unwrap(), Some(0));
    }

    #[test]
    fn atomic_write_replaces_and_leaves_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let disk = DiskStorage::new(SyncMode::Durable);
        let path = dir.path().join("checkpoint");
        disk.write_atomically(&path, b"one").unwrap();
        disk.write_atomically(&path, b"two").unwrap();
        assert_eq!(disk.read(&path).unwrap(), b"two");
        assert_eq!(disk.read_dir(dir.path()).unwrap().len(), 1);
    }
}
