//! WriteTxnMarkersResponse, versions 1–2.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// WriteTxnMarkersResponse, versions 1–2 (flexible: 1–2).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WriteTxnMarkersResponse {
    pub markers: Vec<WritableTxnMarkerResult>,
}
impl WriteTxnMarkersResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.markers = r.get_vec(true, |r| WritableTxnMarkerResult::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.markers, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(WriteTxnMarkersResponse, 1, 2, 27, response, 1);

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WritableTxnMarkerResult {
    pub producer_id: i64,
    pub topics: Vec<WritableTxnMarkerTopicResult>,
}
impl WritableTxnMarkerResult {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.producer_id = r.get_i64()?;
        m.topics = r.get_vec(true, |r| WritableTxnMarkerTopicResult::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i64(self.producer_id);
        out.put_vec(true, &self.topics, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WritableTxnMarkerTopicResult {
    pub name: StrBytes,
    pub partitions: Vec<WritableTxnMarkerPartitionResult>,
}
impl WritableTxnMarkerTopicResult {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.partitions = r.get_vec(true, |r| WritableTxnMarkerPartitionResult::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_vec(true, &self.partitions, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WritableTxnMarkerPartitionResult {
    pub partition_index: i32,
    pub error_code: i16,
}
impl WritableTxnMarkerPartitionResult {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        m.error_code = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.partition_index);
        out.put_i16(self.error_code);
        out.put_no_tags();
        Ok(())
    }
}
