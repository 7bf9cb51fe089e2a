//! Control records: the transaction markers and the records by which KRaft marks elections, snapshots and voters.
//!
//! A control batch holds one record (a KRaft batch may hold several). Its key is `version i16 = 0, type i16`; the value's
//! form depends on the type. Bodies are the generated ones of [`crate::generated::control`].
//! Pure functions; no input can panic. Types of the future are [`ControlRecord::Unknown`]: readers skip them but advance
//! over their offsets.

use crate::batch::{BatchBuilder, NO_SEQUENCE, RecordView};
use crate::generated::control::{
    EndTxnMarker, KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord, VotersRecord,
};
use bytes::{Bytes, BytesMut};
use ottla_base::wire::{Reader, WireError};
use std::io;
use thiserror::Error;

/// What a control record marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ControlRecordType {
    /// A transaction of the batch's producer was aborted.
    Abort,
    /// A transaction of the batch's producer was committed.
    Commit,
    /// A KRaft leader was elected.
    LeaderChange,
    /// First record of a snapshot.
    SnapshotHeader,
    /// Last record of a snapshot.
    SnapshotFooter,
    /// The KRaft protocol's version.
    KRaftVersion,
    /// The KRaft voters.
    KRaftVoters,
    /// Not known to Kafka 4.3.
    Unknown(i16),
}

impl ControlRecordType {
    /// From the number in a key.
    pub fn from_id(id: i16) -> ControlRecordType {
        match id {
            0 => ControlRecordType::Abort,
            1 => ControlRecordType::Commit,
            2 => ControlRecordType::LeaderChange,
            3 => ControlRecordType::SnapshotHeader,
            4 => ControlRecordType::SnapshotFooter,
            5 => ControlRecordType::KRaftVersion,
            6 => ControlRecordType::KRaftVoters,
            other => ControlRecordType::Unknown(other),
        }
    }

    /// The number in a key.
    pub fn id(self) -> i16 {
        match self {
            ControlRecordType::Abort => 0,
            ControlRecordType::Commit => 1,
            ControlRecordType::LeaderChange => 2,
            ControlRecordType::SnapshotHeader => 3,
            ControlRecordType::SnapshotFooter => 4,
            ControlRecordType::KRaftVersion => 5,
            ControlRecordType::KRaftVoters => 6,
            ControlRecordType::Unknown(id) => id,
        }
    }

    /// A control record's key.
    pub fn key(self) -> [u8; 4] {
        let [high, low] = self.id().to_be_bytes();
        [0, 0, high, low]
    }

    /// Reads a key. A version above 0 is read as version 0, as Kafka does.
    pub fn parse_key(key: &[u8]) -> Result<ControlRecordType, ControlRecordError> {
        let mut r = Reader::new(key);
        let version = r.i16()?;
        if version < 0 {
            return Err(ControlRecordError::BadVersion(version));
        }
        Ok(ControlRecordType::from_id(r.i16()?))
    }
}

/// Why a record is not a control record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ControlRecordError {
    /// Key or value is null.
    #[error("control record without {0}")]
    Missing(&'static str),
    /// A negative version.
    #[error("Invalid version found for control record: {0}. May indicate data corruption")]
    BadVersion(i16),
    /// The bytes are not what the type says.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// A control record with its body.
#[derive(Clone, Debug, PartialEq)]
pub enum ControlRecord {
    /// End of an aborted transaction; written by the coordinator of this epoch.
    Abort {
        /// Epoch of the transaction coordinator.
        coordinator_epoch: i32,
    },
    /// End of a committed transaction; written by the coordinator of this epoch.
    Commit {
        /// Epoch of the transaction coordinator.
        coordinator_epoch: i32,
    },
    /// A KRaft leader was elected.
    LeaderChange(LeaderChangeMessage),
    /// First record of a snapshot.
    SnapshotHeader(SnapshotHeaderRecord),
    /// Last record of a snapshot.
    SnapshotFooter(SnapshotFooterRecord),
    /// The KRaft protocol's version.
    KRaftVersion(KRaftVersionRecord),
    /// The KRaft voters.
    KRaftVoters(VotersRecord),
    /// Not known to Kafka 4.3; to be skipped.
    Unknown(i16),
}

/// The version that a KRaft body announces in its first field, capped at what is known.
fn body_version(value: &[u8], highest: i16) -> Result<i16, ControlRecordError> {
    match Reader::new(value).i16()? {
        version if version < 0 => Err(ControlRecordError::BadVersion(version)),
        version => Ok(version.min(highest)),
    }
}

macro_rules! body {
    ($ty:ident, $value:expr) => {
        $ty::decode(body_version($value, $ty::HIGHEST_VERSION)?, &mut Reader::new($value))?
    };
}

impl ControlRecord {
    /// Reads a record of a control batch.
    pub fn parse(record: &RecordView<'_>) -> Result<ControlRecord, ControlRecordError> {
        let key = record.key.ok_or(ControlRecordError::Missing("key"))?;
        ControlRecord::decode(key, record.value)
    }

    /// Reads a key and a value.
    pub fn decode(key: &[u8], value: Option<&[u8]>) -> Result<ControlRecord, ControlRecordError> {
        let kind = ControlRecordType::parse_key(key)?;
        if let ControlRecordType::Unknown(id) = kind {
            return Ok(ControlRecord::Unknown(id));
        }
        let value = value.ok_or(ControlRecordError::Missing("value"))?;
        Ok(match kind {
            ControlRecordType::Abort => ControlRecord::Abort { coordinator_epoch: coordinator_epoch(value)? },
            ControlRecordType::Commit => ControlRecord::Commit { coordinator_epoch: coordinator_epoch(value)? },
            ControlRecordType::LeaderChange => ControlRecord::LeaderChange(body!(LeaderChangeMessage, value)),
            ControlRecordType::SnapshotHeader => ControlRecord::SnapshotHeader(body!(SnapshotHeaderRecord, value)),
            ControlRecordType::SnapshotFooter => ControlRecord::SnapshotFooter(body!(SnapshotFooterRecord, value)),
            ControlRecordType::KRaftVersion => ControlRecord::KRaftVersion(body!(KRaftVersionRecord, value)),
            ControlRecordType::KRaftVoters => ControlRecord::KRaftVoters(body!(VotersRecord, value)),
            ControlRecordType::Unknown(id) => ControlRecord::Unknown(id),
        })
    }

    /// What it marks.
    pub fn kind(&self) -> ControlRecordType {
        match self {
            ControlRecord::Abort { .. } => ControlRecordType::Abort,
            ControlRecord::Commit { .. } => ControlRecordType::Commit,
            ControlRecord::LeaderChange(_) => ControlRecordType::LeaderChange,
            ControlRecord::SnapshotHeader(_) => ControlRecordType::SnapshotHeader,
            ControlRecord::SnapshotFooter(_) => ControlRecordType::SnapshotFooter,
            ControlRecord::KRaftVersion(_) => ControlRecordType::KRaftVersion,
            ControlRecord::KRaftVoters(_) => ControlRecordType::KRaftVoters,
            ControlRecord::Unknown(id) => ControlRecordType::Unknown(*id),
        }
    }

    /// The value's bytes. A KRaft body is written in the version that its `version` field says (Kafka 4.3 writes 0). The
    /// value of an unknown type is empty.
    pub fn value(&self) -> Result<Bytes, WireError> {
        let mut out = BytesMut::new();
        match self {
            ControlRecord::Abort { coordinator_epoch } | ControlRecord::Commit { coordinator_epoch } => {
                let marker = EndTxnMarker { coordinator_epoch: *coordinator_epoch };
                return marker.encode_versioned(EndTxnMarker::HIGHEST_VERSION);
            }
            ControlRecord::LeaderChange(body) => body.encode(body.version, &mut out)?,
            ControlRecord::SnapshotHeader(body) => body.encode(body.version, &mut out)?,
            ControlRecord::SnapshotFooter(body) => body.encode(body.version, &mut out)?,
            ControlRecord::KRaftVersion(body) => body.encode(body.version, &mut out)?,
            ControlRecord::KRaftVoters(body) => body.encode(body.version, &mut out)?,
            ControlRecord::Unknown(_) => {}
        }
        Ok(out.freeze())
    }

    /// Appends this record to a batch and makes it a control batch.
    pub fn append_to(&self, batch: &mut BatchBuilder, timestamp: i64) -> Result<(), WireError> {
        let value = self.value()?;
        batch.control(true).append_kv(timestamp, Some(&self.kind().key()), Some(&value));
        Ok(())
    }
}

/// A marker's value: version i16 (one above 0 is read as 0, as Kafka does), coordinator epoch i32.
fn coordinator_epoch(value: &[u8]) -> Result<i32, ControlRecordError> {
    let mut r = Reader::new(value);
    let version = r.i16()?;
    if version < 0 {
        return Err(ControlRecordError::BadVersion(version));
    }
    Ok(EndTxnMarker::decode(EndTxnMarker::HIGHEST_VERSION, &mut r)?.coordinator_epoch)
}

/// The batch that ends a transaction: one marker, transactional and control, without sequence. Base offset and leader
/// epoch are stamped at append.
pub fn end_transaction_batch(
    commit: bool,
    producer_id: i64,
    producer_epoch: i16,
    coordinator_epoch: i32,
    wall_ms: i64,
) -> io::Result<Bytes> {
    let marker =
        if commit { ControlRecord::Commit { coordinator_epoch } } else { ControlRecord::Abort { coordinator_epoch } };
    let mut batch = BatchBuilder::new(0);
    batch.transactional(true).producer(producer_id, producer_epoch, NO_SEQUENCE);
    marker.append_to(&mut batch, wall_ms).map_err(io::Error::other)?;
    batch.build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{BatchError, for_each_record, verify_crc};
    use crate::generated::control::LeaderChangeMessageVoter;
    use proptest::prelude::*;

    #[test]
    fn a_marker_reads_back() {
        let batch = end_transaction_batch(true, 4000, 7, 12, 1_700_000_000_000).expect("builds");
        verify_crc(&batch).expect("crc");
        let mut seen = Vec::new();
        for_each_record::<BatchError>(&batch, 1000, |header, record| {
            assert!(header.is_control() && header.is_transactional());
            assert_eq!((record.key, record.value), (Some(&[0, 0, 0, 1][..]), Some(&[0, 0, 0, 0, 0, 12][..])));
            seen.push(ControlRecord::parse(&record).expect("parses"));
            Ok(())
        })
        .expect("walks");
        assert_eq!(seen, vec![ControlRecord::Commit { coordinator_epoch: 12 }]);
    }

    #[test]
    fn batches_are_kafkas_byte_for_byte() {
        let hex = |bytes: Bytes| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let marker =
            |commit, epoch| hex(end_transaction_batch(commit, 4000, 7, epoch, 1_700_000_000_000).expect("builds"));
        assert_eq!(
            marker(true, 12),
            "000000000000000000000042ffffffff02d10589930030000000000000018bcfe568000000018bcfe568000000000000000fa00007ffffffff\
             000000012000000008000000010c00000000000c00"
        );
        assert_eq!(
            marker(false, -1),
            "000000000000000000000042ffffffff024c2874750030000000000000018bcfe568000000018bcfe568000000000000000fa00007ffffffff\
             000000012000000008000000000c0000ffffffff00"
        );
        let voter = LeaderChangeMessageVoter { voter_id: 1, ..Default::default() };
        let (voters, granting_voters) = (vec![voter.clone()], vec![voter]);
        let change = LeaderChangeMessage { version: 0, leader_id: 1, voters, granting_voters };
        let mut batch = BatchBuilder::new(5);
        batch.partition_leader_epoch(3);
        ControlRecord::LeaderChange(change).append_to(&mut batch, 1_700_000_000_000).expect("encodes");
        assert_eq!(
            hex(batch.build().expect("builds")),
            "00000000000000050000004f00000003021154eaf90020000000000000018bcfe568000000018bcfe56800ffffffffffffffffffffffffffff\
             000000013a0000000800000002260000000000010200000001000200000001000000"
        );
    }

    #[test]
    fn every_body_reads_back() {
        let all = [
            ControlRecord::Abort { coordinator_epoch: -1 },
            ControlRecord::LeaderChange(LeaderChangeMessage { leader_id: 3, version: 1, ..Default::default() }),
            ControlRecord::SnapshotHeader(SnapshotHeaderRecord {
                last_contained_log_timestamp: 9,
                ..Default::default()
            }),
            ControlRecord::SnapshotFooter(SnapshotFooterRecord::default()),
            ControlRecord::KRaftVersion(KRaftVersionRecord { k_raft_version: 1, ..Default::default() }),
            ControlRecord::KRaftVoters(VotersRecord::default()),
        ];
        for record in all {
            let value = record.value().expect("encodes");
            assert_eq!(ControlRecord::decode(&record.kind().key(), Some(&value)), Ok(record));
        }
    }

    #[test]
    fn unknown_types_are_skipped_and_null_is_refused() {
        assert_eq!(ControlRecord::decode(&[0, 9, 0, 42], None), Ok(ControlRecord::Unknown(42)));
        assert_eq!(ControlRecord::decode(&[0, 0, 0, 1], None), Err(ControlRecordError::Missing("value")));
        assert_eq!(ControlRecordType::parse_key(&[0x80, 0, 0, 1]), Err(ControlRecordError::BadVersion(-32768)));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(id in 0i16..8, value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = ControlRecord::decode(&ControlRecordType::from_id(id).key(), Some(&value));
        }
    }
}
