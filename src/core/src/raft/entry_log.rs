//! Raft's entries and votes on disk: one file of checksummed records inside `__cluster_metadata-0`, under a suffix that
//! Kafka ignores.
//!
//! A file begins with a [`Marker`] record: the point of the metadata log that it goes on from, the vote at that time, who
//! the peers are. Then come entries and votes as they happened; an entry replaces those from its index on. A file that has
//! grown is replaced by a new one (`.part`, synced, renamed) that starts behind what the metadata log has on the medium.
//!
//! One sync covers everything written before it. A record that does not check ends the file there: it was torn, and
//! nobody was told of it.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use ottla_base::ids::Uuid;
use ottla_base::storage::{File, OpenMode, Storage};
use ottla_base::wire::{Reader, WireError, Writer};
use raft::eraftpb::{Entry, EntryType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SUFFIX: &str = ".raft";
const PARTIAL_SUFFIX: &str = ".raft.part";
const MARKER: u8 = 1;
const ENTRY: u8 = 2;
const VOTE: u8 = 3;
const FORMAT_VERSION: u8 = 1;

/// raft's vote and commit index (`HardState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vote {
    /// Current term.
    pub term: u64,
    /// Raft id voted for in the term; 0 for none.
    pub vote: u64,
    /// Highest index known to be committed when this was written.
    pub commit: u64,
}

/// A raft id and the (node, directory) that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Raft's id; never 0, never reused for another directory.
    pub raft_id: u64,
    /// Node id.
    pub node_id: i32,
    /// Metadata directory; zero when it is not known.
    pub directory_id: Uuid,
}

/// Where an entry log begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marker {
    /// Index of the last entry that is not in the file.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// End of the metadata log after that entry.
    pub end_offset: i64,
    /// Epoch of the metadata log's last batch at that point.
    pub end_epoch: i32,
    /// Vote at that time.
    pub vote: Vote,
    /// Raft id of this voter.
    pub self_id: u64,
    /// All voters.
    pub peers: Vec<Peer>,
}

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// Its beginning.
    pub marker: Marker,
    /// The last vote.
    pub vote: Vote,
    /// Entries that follow the marker, without gaps.
    pub entries: Vec<Entry>,
}

/// The file that is being written.
#[derive(Debug)]
pub struct EntryLog {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    name: String,
    file: Arc<dyn File>,
    len: u64,
    buffer: BytesMut,
    /// The file was made and its name is not on the medium.
    name_unsynced: bool,
    syncs: u64,
}

impl EntryLog {
    /// Finds the newest whole file in `dir` and reads it. Older and unfinished files are removed.
    pub fn open(storage: Arc<dyn Storage>, dir: &Path) -> io::Result<Option<(EntryLog, Recovered)>> {
        let mut names = Vec::new();
        for entry in storage.read_dir(dir)? {
            if entry.name.ends_with(PARTIAL_SUFFIX) {
                storage.remove_file(&dir.join(&entry.name))?;
            } else if entry.name.ends_with(SUFFIX) {
                names.push(entry.name);
            }
        }
        names.sort_unstable();
        let mut found = None;
        while let Some(name) = names.pop() {
            let path = dir.join(&name);
            if found.is_none() {
                let bytes = storage.read(&path)?;
                if let Some((recovered, len)) = decode(&bytes) {
                    let file = storage.open(&path, OpenMode::ReadWrite)?;
                    // What follows would be taken for entries once the gap is filled.
                    file.set_len(len)?;
                    let log = EntryLog {
                        storage: storage.clone(),
                        dir: dir.to_owned(),
                        name,
                        file,
                        len,
                        buffer: BytesMut::new(),
                        name_unsynced: false,
                        syncs: 0,
                    };
                    found = Some((log, recovered));
                    continue;
                }
            }
            storage.remove_file(&path)?;
        }
        Ok(found)
    }

    /// Makes the first file of a directory. Nothing is synced: the first group of entries does it.
    pub fn create(storage: Arc<dyn Storage>, dir: &Path, marker: &Marker) -> io::Result<EntryLog> {
        let name = file_name(marker.index);
        let file = storage.open(&dir.join(&name), OpenMode::Create)?;
        file.set_len(0)?;
        let mut log = EntryLog {
            storage,
            dir: dir.to_owned(),
            name,
            file,
            len: 0,
            buffer: BytesMut::new(),
            name_unsynced: true,
            syncs: 0,
        };
        log.put(|body| encode_marker(marker, body))?;
        log.write()?;
        Ok(log)
    }

    /// Removes the file: raft starts anew.
    pub fn remove(self) -> io::Result<()> {
        self.storage.remove_file(&self.dir.join(&self.name))
    }

    /// Adds entries to what the next `write` writes.
    pub fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        for entry in entries {
            self.put(|body| encode_entry(entry, body))?;
        }
        Ok(())
    }

    /// Adds a vote to what the next `write` writes.
    pub fn vote(&mut self, vote: Vote) -> io::Result<()> {
        self.put(|body| {
            body.put_u8(VOTE);
            put_vote(vote, body);
            Ok(())
        })
    }

    /// Writes what was added, to the page cache.
    pub fn write(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            let buffer = self.buffer.split();
            self.file.write_all_at(&buffer, self.len)?;
            self.len += buffer.len() as u64;
            // One large group must not pin its buffer for ever.
            if buffer.len() <= 64 << 10 {
                self.buffer = buffer;
                self.buffer.clear();
            }
        }
        Ok(())
    }

    /// Puts everything written on the medium.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync()?;
        self.syncs += 1;
        if self.name_unsynced {
            self.storage.sync_dir(&self.dir)?;
            self.syncs += 1;
            self.name_unsynced = false;
        }
        Ok(())
    }

    /// How many syncs there were since it was opened.
    pub fn syncs(&self) -> u64 {
        self.syncs
    }

    /// Length of the file.
    pub fn bytes(&self) -> u64 {
        self.len
    }

    /// Starts a new file behind `marker`, with the entries that follow it. The metadata log has everything up to the
    /// marker on the medium.
    pub fn replace(&mut self, marker: &Marker, entries: &[Entry]) -> io::Result<()> {
        let name = file_name(marker.index);
        if name == self.name {
            return Ok(());
        }
        let part = self.dir.join(format!("{}{PARTIAL_SUFFIX}", name.strip_suffix(SUFFIX).unwrap_or(&name)));
        let file = self.storage.open(&part, OpenMode::Create)?;
        file.set_len(0)?;
        let mut next = EntryLog {
            storage: self.storage.clone(),
            dir: self.dir.clone(),
            name: name.clone(),
            file,
            len: 0,
            buffer: BytesMut::new(),
            name_unsynced: false,
            syncs: self.syncs,
        };
        next.put(|body| encode_marker(marker, body))?;
        next.append(entries)?;
        next.write()?;
        next.sync()?;
        self.storage.rename(&part, &self.dir.join(&name))?;
        self.storage.sync_dir(&self.dir)?;
        next.syncs += 1;
        self.storage.remove_file(&self.dir.join(&self.name))?;
        *self = next;
        Ok(())
    }

    fn put(&mut self, body: impl FnOnce(&mut BytesMut) -> Result<(), WireError>) -> io::Result<()> {
        let start = self.buffer.len();
        self.buffer.put_u64(0);
        body(&mut self.buffer).map_err(io::Error::other)?;
        let body = self.buffer.get(start + 8..).unwrap_or_default();
        let len = u32::try_from(body.len()).map_err(io::Error::other)?;
        let crc = crc32c::crc32c(body);
        let mut head = self.buffer.get_mut(start..).unwrap_or_default();
        head.put_u32(len);
        head.put_u32(crc);
        Ok(())
    }
}

fn file_name(index: u64) -> String {
    format!("{index:020}{SUFFIX}")
}

fn put_vote(vote: Vote, out: &mut BytesMut) {
    out.put_u64(vote.term);
    out.put_u64(vote.vote);
    out.put_u64(vote.commit);
}

fn encode_marker(marker: &Marker, out: &mut BytesMut) -> Result<(), WireError> {
    out.put_u8(MARKER);
    out.put_u8(FORMAT_VERSION);
    out.put_u64(marker.index);
    out.put_u64(marker.term);
    out.put_i64(marker.end_offset);
    out.put_i32(marker.end_epoch);
    put_vote(marker.vote, out);
    out.put_u64(marker.self_id);
    out.put_array_len(Some(marker.peers.len()))?;
    for peer in &marker.peers {
        out.put_u64(peer.raft_id);
        out.put_i32(peer.node_id);
        out.put_uuid(peer.directory_id);
    }
    Ok(())
}

fn encode_entry(entry: &Entry, out: &mut BytesMut) -> Result<(), WireError> {
    out.put_u8(ENTRY);
    out.put_u8(match entry.entry_type {
        EntryType::EntryNormal => 0,
        EntryType::EntryConfChange => 1,
        EntryType::EntryConfChangeV2 => 2,
    });
    out.put_u64(entry.index);
    out.put_u64(entry.term);
    out.put_nullable_bytes(Some(&entry.context))?;
    out.put_nullable_bytes(Some(&entry.data))
}

/// The content of a file and the length of its good part; `None` when not even its beginning is whole.
fn decode(bytes: &[u8]) -> Option<(Recovered, u64)> {
    let mut rest = bytes;
    let mut recovered: Option<Recovered> = None;
    let mut good = 0;
    while let Some(body) = take_record(&mut rest) {
        match (decode_record(body), &mut recovered) {
            (Ok(Record::Marker(marker)), None) => {
                recovered = Some(Recovered { vote: marker.vote, marker, entries: Vec::new() });
            }
            (Ok(Record::Vote(vote)), Some(recovered)) => recovered.vote = vote,
            (Ok(Record::Entry(entry)), Some(recovered)) => {
                let next = recovered.marker.index + 1 + recovered.entries.len() as u64;
                let keep = entry.index.checked_sub(recovered.marker.index + 1);
                match keep.and_then(|k| usize::try_from(k).ok()) {
                    Some(keep) if entry.index <= next => {
                        recovered.entries.truncate(keep);
                        recovered.entries.push(entry);
                    }
                    // A gap: not something that we wrote.
                    _ => break,
                }
            }
            _ => break,
        }
        good = (bytes.len() - rest.len()) as u64;
    }
    recovered.map(|recovered| (recovered, good))
}

fn take_record<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut head = rest.get(..8)?;
    let (len, crc) = (head.get_u32() as usize, head.get_u32());
    let body = rest.get(8..)?.get(..len)?;
    if len == 0 || crc32c::crc32c(body) != crc {
        return None;
    }
    *rest = rest.get(8 + len..)?;
    Some(body)
}

enum Record {
    Marker(Marker),
    Entry(Entry),
    Vote(Vote),
}

fn u64_of(r: &mut Reader<'_>) -> Result<u64, WireError> {
    Ok(r.i64()? as u64)
}

fn vote_of(r: &mut Reader<'_>) -> Result<Vote, WireError> {
    Ok(Vote { term: u64_of(r)?, vote: u64_of(r)?, commit: u64_of(r)? })
}

fn decode_record(body: &[u8]) -> Result<Record, WireError> {
    let r = &mut Reader::new(body);
    match r.u8()? {
        MARKER => {
            let version = r.u8()?;
            if version != FORMAT_VERSION {
                return Err(WireError::Invalid(format!("entry log format {version}")));
            }
            let mut marker = Marker {
                index: u64_of(r)?,
                term: u64_of(r)?,
                end_offset: r.i64()?,
                end_epoch: r.i32()?,
                vote: vote_of(r)?,
                self_id: u64_of(r)?,
                peers: Vec::new(),
            };
            for _ in 0..r.array_len()?.unwrap_or(0) {
                let peer = Peer { raft_id: u64_of(r)?, node_id: r.i32()?, directory_id: r.uuid()? };
                marker.peers.push(peer);
            }
            Ok(Record::Marker(marker))
        }
        ENTRY => {
            let entry_type = match r.u8()? {
                0 => EntryType::EntryNormal,
                1 => EntryType::EntryConfChange,
                2 => EntryType::EntryConfChangeV2,
                other => return Err(WireError::Invalid(format!("entry type {other}"))),
            };
            let mut entry = Entry { entry_type, index: u64_of(r)?, term: u64_of(r)?, ..Entry::default() };
            let context: Bytes = r.bytes()?;
            entry.context = context;
            entry.data = r.bytes()?;
            Ok(Record::Entry(entry))
        }
        VOTE => Ok(Record::Vote(vote_of(r)?)),
        other => Err(WireError::Invalid(format!("entry log record {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_base::storage::{DiskStorage, SyncMode};

    fn entry(index: u64, term: u64, data: &'static [u8]) -> Entry {
        Entry { index, term, data: Bytes::from_static(data), ..Entry::default() }
    }

    fn marker() -> Marker {
        Marker {
            index: 4,
            term: 2,
            end_offset: 17,
            end_epoch: 2,
            vote: Vote { term: 2, vote: 1, commit: 4 },
            self_id: 1,
            peers: vec![Peer { raft_id: 1, node_id: 0, directory_id: Uuid::from_u128(9) }],
        }
    }

    fn disk() -> Arc<dyn Storage> {
        Arc::new(DiskStorage::new(SyncMode::Durable))
    }

    #[test]
    fn what_was_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        assert!(EntryLog::open(disk(), dir.path()).unwrap().is_none());
        let mut log = EntryLog::create(disk(), dir.path(), &marker()).unwrap();
        log.vote(Vote { term: 3, vote: 1, commit: 4 }).unwrap();
        log.append(&[entry(5, 3, b""), entry(6, 3, b"a"), entry(7, 3, b"b")]).unwrap();
        log.write().unwrap();
        log.sync().unwrap();
        assert_eq!(log.syncs(), 2, "the file and its name");
        log.append(&[entry(6, 4, b"c")]).unwrap();
        log.write().unwrap();
        log.sync().unwrap();
        assert_eq!(log.syncs(), 3);
        let (_, found) = EntryLog::open(disk(), dir.path()).unwrap().unwrap();
        assert_eq!(found.marker, marker());
        assert_eq!(found.vote, Vote { term: 3, vote: 1, commit: 4 });
        assert_eq!(found.entries, [entry(5, 3, b""), entry(6, 4, b"c")], "an entry replaces what follows");
    }

    #[test]
    fn a_tail_torn_at_any_byte_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = EntryLog::create(disk(), dir.path(), &marker()).unwrap();
        let whole = log.len;
        log.append(&[entry(5, 3, b"abc")]).unwrap();
        log.write().unwrap();
        let path = dir.path().join(&log.name);
        let bytes = std::fs::read(&path).unwrap();
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            let found = EntryLog::open(disk(), dir.path()).unwrap();
            assert_eq!(found.is_some(), len as u64 >= whole, "{len}");
            if let Some((log, found)) = found {
                assert!(found.entries.is_empty());
                assert_eq!(log.len, whole);
            }
        }
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            let found = EntryLog::open(disk(), dir.path()).unwrap();
            assert!(found.is_none_or(|(_, found)| found.entries.is_empty()), "bit flip at {at}");
        }
    }

    #[test]
    fn a_replaced_file_goes_on_behind_its_marker() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = EntryLog::create(disk(), dir.path(), &marker()).unwrap();
        log.append(&[entry(5, 3, b"a"), entry(6, 3, b"b")]).unwrap();
        log.write().unwrap();
        let next = Marker { index: 5, term: 3, end_offset: 20, ..marker() };
        log.replace(&next, &[entry(6, 3, b"b")]).unwrap();
        log.append(&[entry(7, 3, b"c")]).unwrap();
        log.write().unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let (_, found) = EntryLog::open(disk(), dir.path()).unwrap().unwrap();
        assert_eq!(found.marker, next);
        assert_eq!(found.entries, [entry(6, 3, b"b"), entry(7, 3, b"c")]);
    }
}
