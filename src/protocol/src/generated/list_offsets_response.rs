//! ListOffsetsResponse, versions 1–11.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ListOffsetsResponse, versions 1–11 (flexible: 6–11).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListOffsetsResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<ListOffsetsTopicResponse>,
}
impl ListOffsetsResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version >= 2 {
            m.throttle_time_ms = r.get_i32()?;
        }
        m.topics = r.get_vec(flex, |r| ListOffsetsTopicResponse::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version >= 2 {
            out.put_i32(self.throttle_time_ms);
        }
        out.put_vec(flex, &self.topics, |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(ListOffsetsResponse, 1, 11, 2, response, 6);

/// Part of [`ListOffsetsResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListOffsetsTopicResponse {
    pub name: StrBytes,
    pub partitions: Vec<ListOffsetsPartitionResponse>,
}
impl ListOffsetsTopicResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        m.name = r.get_text(flex)?;
        m.partitions = r.get_vec(flex, |r| ListOffsetsPartitionResponse::read(version, r))?;
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

/// Part of [`ListOffsetsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct ListOffsetsPartitionResponse {
    pub partition_index: i32,
    pub error_code: i16,
    pub timestamp: i64,
    pub offset: i64,
    pub leader_epoch: i32,
}
impl Default for ListOffsetsPartitionResponse {
    fn default() -> Self {
        Self { partition_index: 0, error_code: 0, timestamp: -1, offset: -1, leader_epoch: -1 }
    }
}
impl ListOffsetsPartitionResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        m.error_code = r.get_i16()?;
        m.timestamp = r.get_i64()?;
        m.offset = r.get_i64()?;
        if version >= 4 {
            m.leader_epoch = r.get_i32()?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        out.put_i32(self.partition_index);
        out.put_i16(self.error_code);
        out.put_i64(self.timestamp);
        out.put_i64(self.offset);
        if version >= 4 {
            out.put_i32(self.leader_epoch);
        } else {
            absent(self.leader_epoch != -1, "ListOffsetsPartitionResponse.leader_epoch", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
