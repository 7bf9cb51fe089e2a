//! WriteTxnMarkersRequest, versions 1–2.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// WriteTxnMarkersRequest, versions 1–2 (flexible: 1–2).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WriteTxnMarkersRequest {
    pub markers: Vec<WritableTxnMarker>,
}
impl WriteTxnMarkersRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.markers = r.get_vec(true, |r| WritableTxnMarker::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.markers, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(WriteTxnMarkersRequest, 1, 2, 27, request, 1);

/// Part of [`WriteTxnMarkersRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WritableTxnMarker {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub transaction_result: bool,
    pub topics: Vec<WritableTxnMarkerTopic>,
    pub coordinator_epoch: i32,
    pub transaction_version: i8,
}
impl WritableTxnMarker {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.producer_id = r.get_i64()?;
        m.producer_epoch = r.get_i16()?;
        m.transaction_result = r.get_bool()?;
        m.topics = r.get_vec(true, |r| WritableTxnMarkerTopic::read(version, r))?;
        m.coordinator_epoch = r.get_i32()?;
        if version >= 2 {
            m.transaction_version = r.get_i8()?;
        }
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i64(self.producer_id);
        out.put_i16(self.producer_epoch);
        out.put_bool(self.transaction_result);
        out.put_vec(true, &self.topics, |out, x| x.write(version, out))?;
        out.put_i32(self.coordinator_epoch);
        if version >= 2 {
            out.put_i8(self.transaction_version);
        }
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`WriteTxnMarkersRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WritableTxnMarkerTopic {
    pub name: StrBytes,
    pub partition_indexes: Vec<i32>,
}
impl WritableTxnMarkerTopic {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.get_text(true)?;
        m.partition_indexes = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.name)?;
        out.put_vec(true, &self.partition_indexes, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}
