//! ListOffsetsRequest, versions 1–11.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ListOffsetsRequest, versions 1–11 (flexible: 6–11).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListOffsetsRequest {
    pub replica_id: i32,
    pub isolation_level: i8,
    pub topics: Vec<ListOffsetsTopic>,
    pub timeout_ms: i32,
}
impl ListOffsetsRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        m.replica_id = r.get_i32()?;
        if version >= 2 {
            m.isolation_level = r.get_i8()?;
        }
        m.topics = r.get_vec(flex, |r| ListOffsetsTopic::read(version, r))?;
        if version >= 10 {
            m.timeout_ms = r.get_i32()?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        out.put_i32(self.replica_id);
        if version >= 2 {
            out.put_i8(self.isolation_level);
        } else {
            absent(self.isolation_level != 0, "ListOffsetsRequest.isolation_level", version)?;
        }
        out.put_vec(flex, &self.topics, |out, x| x.write(version, out))?;
        if version >= 10 {
            out.put_i32(self.timeout_ms);
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(ListOffsetsRequest, 1, 11, 2, request, 6);

/// Part of [`ListOffsetsRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListOffsetsTopic {
    pub name: StrBytes,
    pub partitions: Vec<ListOffsetsPartition>,
}
impl ListOffsetsTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        m.name = r.get_text(flex)?;
        m.partitions = r.get_vec(flex, |r| ListOffsetsPartition::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        out.put_text(flex, &self.name)?;
        out.put_vec(flex, &self.partitions, |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`ListOffsetsRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct ListOffsetsPartition {
    pub partition_index: i32,
    pub current_leader_epoch: i32,
    pub timestamp: i64,
}
impl Default for ListOffsetsPartition {
    fn default() -> Self {
        Self { partition_index: 0, current_leader_epoch: -1, timestamp: 0 }
    }
}
impl ListOffsetsPartition {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        if version >= 4 {
            m.current_leader_epoch = r.get_i32()?;
        }
        m.timestamp = r.get_i64()?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        out.put_i32(self.partition_index);
        if version >= 4 {
            out.put_i32(self.current_leader_epoch);
        }
        out.put_i64(self.timestamp);
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
