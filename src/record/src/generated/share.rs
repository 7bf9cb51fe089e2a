//! Records of `__share_group_state`.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// ShareSnapshotKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareSnapshotKey {
    pub group_id: String,
    pub topic_id: Uuid,
    pub partition: i32,
}
impl ShareSnapshotKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.topic_id = r.get_uuid()?;
        m.partition = r.get_i32()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_uuid(self.topic_id);
        out.put_i32(self.partition);
        Ok(())
    }
}

message!(ShareSnapshotKey, 0, 0, 0);
/// ShareSnapshotValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct ShareSnapshotValue {
    pub snapshot_epoch: i32,
    pub state_epoch: i32,
    pub leader_epoch: i32,
    pub start_offset: i64,
    pub delivery_complete_count: i32,
    pub create_timestamp: i64,
    pub write_timestamp: i64,
    pub state_batches: Vec<ShareSnapshotValueStateBatch>,
}
impl Default for ShareSnapshotValue {
    fn default() -> Self {
        Self {
            snapshot_epoch: 0,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            create_timestamp: 0,
            write_timestamp: 0,
            state_batches: Vec::new(),
        }
    }
}
impl ShareSnapshotValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.snapshot_epoch = r.get_i32()?;
        m.state_epoch = r.get_i32()?;
        m.leader_epoch = r.get_i32()?;
        m.start_offset = r.get_i64()?;
        m.create_timestamp = r.get_i64()?;
        m.write_timestamp = r.get_i64()?;
        m.state_batches = r.get_vec(true, |r| ShareSnapshotValueStateBatch::read(version, r))?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.delivery_complete_count = r.get_i32()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.snapshot_epoch);
        out.put_i32(self.state_epoch);
        out.put_i32(self.leader_epoch);
        out.put_i64(self.start_offset);
        out.put_i64(self.create_timestamp);
        out.put_i64(self.write_timestamp);
        out.put_vec(true, &self.state_batches, |out, x| x.write(version, out))?;
        let mut tags = Tags::default();
        tags.put(0, self.delivery_complete_count != -1, |out| {
            out.put_i32(self.delivery_complete_count);
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(ShareSnapshotValue, 0, 0, 0);

/// Part of [`ShareSnapshotValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareSnapshotValueStateBatch {
    pub first_offset: i64,
    pub last_offset: i64,
    pub delivery_state: i8,
    pub delivery_count: i16,
}
impl ShareSnapshotValueStateBatch {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.first_offset = r.get_i64()?;
        m.last_offset = r.get_i64()?;
        m.delivery_state = r.get_i8()?;
        m.delivery_count = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i64(self.first_offset);
        out.put_i64(self.last_offset);
        out.put_i8(self.delivery_state);
        out.put_i16(self.delivery_count);
        out.put_no_tags();
        Ok(())
    }
}
/// ShareUpdateKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareUpdateKey {
    pub group_id: String,
    pub topic_id: Uuid,
    pub partition: i32,
}
impl ShareUpdateKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(false)?;
        m.topic_id = r.get_uuid()?;
        m.partition = r.get_i32()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.group_id)?;
        out.put_uuid(self.topic_id);
        out.put_i32(self.partition);
        Ok(())
    }
}

message!(ShareUpdateKey, 0, 0, 1);
/// ShareUpdateValue, versions 0 (flexible: 0).
#[derive(Clone, Debug, PartialEq)]
pub struct ShareUpdateValue {
    pub snapshot_epoch: i32,
    pub leader_epoch: i32,
    pub start_offset: i64,
    pub delivery_complete_count: i32,
    pub state_batches: Vec<ShareUpdateValueStateBatch>,
}
impl Default for ShareUpdateValue {
    fn default() -> Self {
        Self {
            snapshot_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            state_batches: Vec::new(),
        }
    }
}
impl ShareUpdateValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.snapshot_epoch = r.get_i32()?;
        m.leader_epoch = r.get_i32()?;
        m.start_offset = r.get_i64()?;
        m.state_batches = r.get_vec(true, |r| ShareUpdateValueStateBatch::read(version, r))?;
        r.get_tags(|tag, r| {
            match tag {
                0 => m.delivery_complete_count = r.get_i32()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i32(self.snapshot_epoch);
        out.put_i32(self.leader_epoch);
        out.put_i64(self.start_offset);
        out.put_vec(true, &self.state_batches, |out, x| x.write(version, out))?;
        let mut tags = Tags::default();
        tags.put(0, self.delivery_complete_count != -1, |out| {
            out.put_i32(self.delivery_complete_count);
            Ok(())
        })?;
        tags.write(out);
        Ok(())
    }
}

message!(ShareUpdateValue, 0, 0, 1);

/// Part of [`ShareUpdateValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ShareUpdateValueStateBatch {
    pub first_offset: i64,
    pub last_offset: i64,
    pub delivery_state: i8,
    pub delivery_count: i16,
}
impl ShareUpdateValueStateBatch {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.first_offset = r.get_i64()?;
        m.last_offset = r.get_i64()?;
        m.delivery_state = r.get_i8()?;
        m.delivery_count = r.get_i16()?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_i64(self.first_offset);
        out.put_i64(self.last_offset);
        out.put_i8(self.delivery_state);
        out.put_i16(self.delivery_count);
        out.put_no_tags();
        Ok(())
    }
}
coordinator_records!(
    ShareSnapshot(ShareSnapshotKey, ShareSnapshotValue),
    ShareUpdate(ShareUpdateKey, ShareUpdateValue)
);
