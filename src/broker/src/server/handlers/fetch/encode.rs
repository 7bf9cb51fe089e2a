//! The Fetch response, written by hand so that record bytes are not copied: they leave from where they lie, in memory or in
//! a segment file.
//!
//! Must equal kafka-protocol's encoding byte for byte; the test compares every version.

use crate::server::output::{FrameBuilder, Part};
use bytes::{BufMut, BytesMut};
use ottla_base::ids::Uuid;
use ottla_base::wire::{WireError, Writer};

/// One partition of the response.
#[derive(Clone, Debug)]
pub struct Partition {
    /// Its index.
    pub index: i32,
    /// Kafka's error code.
    pub error: i16,
    /// −1 on error.
    pub high_watermark: i64,
    /// −1 on error.
    pub last_stable_offset: i64,
    /// −1 on error.
    pub log_start_offset: i64,
    /// (epoch, end offset) when the logs diverge.
    pub diverging_epoch: Option<(i32, i64)>,
    /// (leader id, leader epoch) with errors 6 and 74.
    pub current_leader: Option<(i32, i32)>,
    /// (producer id, first offset); `None` for read_uncommitted.
    pub aborted: Option<Vec<(i64, i64)>>,
    /// −1: none.
    pub preferred_read_replica: i32,
    /// Empty, never null (clients choke on null).
    pub records: Vec<Part>,
}

impl Partition {
    /// An error and nothing else.
    pub fn error(index: i32, error: i16) -> Partition {
        Partition {
            index,
            error,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: None,
            current_leader: None,
            aborted: None,
            preferred_read_replica: -1,
            records: Vec::new(),
        }
    }

    /// Bytes of records.
    pub fn size(&self) -> usize {
        self.records.iter().map(Part::len).sum()
    }
}

/// One topic of the response.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Name, sent up to version 12.
    pub name: String,
    /// Id, sent from version 13 on.
    pub id: Uuid,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

/// The whole response.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// How long the client should back off.
    pub throttle_ms: i32,
    /// Top-level error (sessions).
    pub error: i16,
    /// Session id, 0 for none.
    pub session_id: i32,
    /// Topics, grouped in order.
    pub topics: Vec<Topic>,
    /// (node id, host, port, rack) of current leaders.
    pub endpoints: Vec<(i32, String, i32, Option<String>)>,
}

impl Response {
    /// Appends the body of `version` to `frame`.
    pub fn encode(self, frame: &mut FrameBuilder, version: i16) -> Result<(), WireError> {
        let flexible = version >= 12;
        let out = frame.buf();
        out.put_i32(self.throttle_ms);
        if version >= 7 {
            out.put_i16(self.error);
            out.put_i32(self.session_id);
        }
        put_len(out, flexible, Some(self.topics.len()))?;
        for topic in self.topics {
            let out = frame.buf();
            if version >= 13 {
                out.put_uuid(topic.id);
            } else if flexible {
                out.put_compact_string(&topic.name)?;
            } else {
                out.put_string(&topic.name)?;
            }
            put_len(out, flexible, Some(topic.partitions.len()))?;
            for partition in topic.partitions {
                encode_partition(partition, frame, version)?;
            }
            if flexible {
                frame.buf().put_uvarint(0);
            }
        }
        let out = frame.buf();
        if flexible {
            if version >= 16 && !self.endpoints.is_empty() {
                let mut field = BytesMut::new();
                field.put_compact_len(Some(self.endpoints.len()))?;
                for (id, host, port, rack) in &self.endpoints {
                    field.put_i32(*id);
                    field.put_compact_string(host)?;
                    field.put_i32(*port);
                    field.put_compact_nullable_string(rack.as_deref())?;
                    field.put_uvarint(0);
                }
                out.put_uvarint(1);
                out.put_uvarint(0);
                out.put_uvarint(u32::try_from(field.len()).unwrap_or(u32::MAX));
                out.put_slice(&field);
            } else {
                out.put_uvarint(0);
            }
        }
        Ok(())
    }
}

fn put_len(out: &mut BytesMut, flexible: bool, len: Option<usize>) -> Result<(), WireError> {
    if flexible { out.put_compact_len(len) } else { out.put_array_len(len) }
}

fn encode_partition(p: Partition, frame: &mut FrameBuilder, version: i16) -> Result<(), WireError> {
    let flexible = version >= 12;
    let out = frame.buf();
    out.put_i32(p.index);
    out.put_i16(p.error);
    out.put_i64(p.high_watermark);
    out.put_i64(p.last_stable_offset);
    if version >= 5 {
        out.put_i64(p.log_start_offset);
    }
    put_len(out, flexible, p.aborted.as_ref().map(Vec::len))?;
    for (producer_id, first_offset) in p.aborted.iter().flatten() {
        out.put_i64(*producer_id);
        out.put_i64(*first_offset);
        if flexible {
            out.put_uvarint(0);
        }
    }
    if version >= 11 {
        out.put_i32(p.preferred_read_replica);
    }
    put_len(out, flexible, Some(p.size()))?;
    for part in p.records {
        frame.put(part);
    }
    if flexible {
        let out = frame.buf();
        let tags = usize::from(p.diverging_epoch.is_some()) + usize::from(p.current_leader.is_some());
        out.put_uvarint(tags as u32);
        if let Some((epoch, end_offset)) = p.diverging_epoch {
            out.put_uvarint(0);
            out.put_uvarint(13);
            out.put_i32(epoch);
            out.put_i64(end_offset);
            out.put_uvarint(0);
        }
        if let Some((leader, epoch)) = p.current_leader {
            out.put_uvarint(1);
            out.put_uvarint(9);
            out.put_i32(leader);
            out.put_i32(epoch);
            out.put_uvarint(0);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{Buf, Bytes};
    use kafka_protocol::messages::fetch_response as kp;
    use kafka_protocol::messages::{BrokerId, FetchResponse, ProducerId, TopicName};
    use kafka_protocol::protocol::{Encodable, StrBytes};

    #[test]
    fn every_version_equals_the_crates_encoding() {
        for version in 4..=18i16 {
            let records = Bytes::from(vec![7; 10_000]);
            let mut partition = Partition::error(3, 0);
            partition.high_watermark = 10;
            partition.last_stable_offset = 9;
            partition.log_start_offset = if version >= 5 { 1 } else { -1 };
            partition.aborted = Some(vec![(5, 6)]);
            partition.records = vec![Part::Bytes(records.slice(..9_000)), Part::Bytes(records.slice(9_000..))];
            if version >= 12 {
                partition.diverging_epoch = Some((2, 8));
                partition.current_leader = Some((1, 7));
            }
            let empty = Partition::error(4, 1);
            let response = Response {
                throttle_ms: 1,
                error: if version >= 7 { 70 } else { 0 },
                session_id: if version >= 7 { 9 } else { 0 },
                topics: vec![Topic { name: "t".into(), id: Uuid::from_u128(7), partitions: vec![partition, empty] }],
                endpoints: if version >= 16 { vec![(1, "h".into(), 9092, None)] } else { vec![] },
            };
            let mut frame = FrameBuilder::new(BytesMut::from(&[0; 4][..]));
            response.clone().encode(&mut frame, version).unwrap();
            let mut ours = BytesMut::new();
            for part in frame.finish().unwrap() {
                let Part::Bytes(bytes) = part else { panic!("nothing lies in a file") };
                ours.put_slice(&bytes);
            }
            let size = ours.get_i32();
            assert_eq!(usize::try_from(size), Ok(ours.len()));

            let mut a = kp::PartitionData::default();
            a.partition_index = 3;
            a.high_watermark = 10;
            a.last_stable_offset = 9;
            a.log_start_offset = if version >= 5 { 1 } else { -1 };
            let mut aborted = kp::AbortedTransaction::default();
            aborted.producer_id = ProducerId(5);
            aborted.first_offset = 6;
            a.aborted_transactions = Some(vec![aborted]);
            a.records = Some(records);
            if version >= 12 {
                a.diverging_epoch.epoch = 2;
                a.diverging_epoch.end_offset = 8;
                a.current_leader.leader_id = BrokerId(1);
                a.current_leader.leader_epoch = 7;
            }
            let mut b = kp::PartitionData::default();
            b.partition_index = 4;
            b.error_code = 1;
            b.high_watermark = -1;
            b.last_stable_offset = -1;
            b.log_start_offset = -1;
            b.aborted_transactions = None;
            b.records = Some(Bytes::new());
            let mut topic = kp::FetchableTopicResponse::default();
            topic.topic = TopicName(StrBytes::from_static_str("t"));
            topic.topic_id = Uuid::from_u128(7);
            topic.partitions = vec![a, b];
            let mut theirs = FetchResponse::default();
            theirs.throttle_time_ms = 1;
            theirs.error_code = response.error;
            theirs.session_id = response.session_id;
            theirs.responses = vec![topic];
            if version >= 16 {
                let mut endpoint = kp::NodeEndpoint::default();
                endpoint.node_id = BrokerId(1);
                endpoint.host = StrBytes::from_static_str("h");
                endpoint.port = 9092;
                theirs.node_endpoints = vec![endpoint];
            }
            if version < 13 {
                theirs.responses[0].topic_id = Uuid::nil();
            } else {
                theirs.responses[0].topic = TopicName::default();
            }
            let mut expected = BytesMut::new();
            theirs.encode(&mut expected, version).unwrap();
            assert_eq!(ours, expected, "version {version}");
        }
    }
}
