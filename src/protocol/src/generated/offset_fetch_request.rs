//! OffsetFetchRequest, versions 1–10.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// OffsetFetchRequest, versions 1–10 (flexible: 6–10).
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequest {
    pub group_id: StrBytes,
    pub topics: Option<Vec<OffsetFetchRequestTopic>>,
    pub groups: Vec<OffsetFetchRequestGroup>,
    pub require_stable: bool,
}
impl Default for OffsetFetchRequest {
    fn default() -> Self {
        Self { group_id: StrBytes::default(), topics: Some(Vec::new()), groups: Vec::new(), require_stable: false }
    }
}
impl OffsetFetchRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version <= 7 {
            m.group_id = r.get_text(flex)?;
        }
        if version <= 7 {
            m.topics =
                nullable_if(version >= 2, r.get_nullable_vec(flex, |r| OffsetFetchRequestTopic::read(version, r))?)?;
        }
        if version >= 8 {
            m.groups = r.get_vec(flex, |r| OffsetFetchRequestGroup::read(version, r))?;
        }
        if version >= 7 {
            m.require_stable = r.get_bool()?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version <= 7 {
            out.put_text(flex, &self.group_id)?;
        } else {
            absent(!self.group_id.is_empty(), "OffsetFetchRequest.group_id", version)?;
        }
        if version <= 7 {
            nullable_if(version >= 2, self.topics.as_ref())?;
            out.put_nullable_vec(flex, self.topics.as_deref(), |out, x| x.write(version, out))?;
        } else {
            absent(!matches!(&self.topics, Some(v) if v.is_empty()), "OffsetFetchRequest.topics", version)?;
        }
        if version >= 8 {
            out.put_vec(flex, &self.groups, |out, x| x.write(version, out))?;
        } else {
            absent(!self.groups.is_empty(), "OffsetFetchRequest.groups", version)?;
        }
        if version >= 7 {
            out.put_bool(self.require_stable);
        } else {
            absent(self.require_stable, "OffsetFetchRequest.require_stable", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(OffsetFetchRequest, 1, 10, 9, request, 6);

/// Part of [`OffsetFetchRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetFetchRequestTopic {
    pub name: StrBytes,
    pub partition_indexes: Vec<i32>,
}
impl OffsetFetchRequestTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version <= 7 {
            m.name = r.get_text(flex)?;
        }
        if version <= 7 {
            m.partition_indexes = r.get_vec(flex, Source::get_i32)?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version <= 7 {
            out.put_text(flex, &self.name)?;
        } else {
            absent(!self.name.is_empty(), "OffsetFetchRequestTopic.name", version)?;
        }
        if version <= 7 {
            out.put_vec(flex, &self.partition_indexes, |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
        } else {
            absent(!self.partition_indexes.is_empty(), "OffsetFetchRequestTopic.partition_indexes", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`OffsetFetchRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequestGroup {
    pub group_id: StrBytes,
    pub member_id: Option<StrBytes>,
    pub member_epoch: i32,
    pub topics: Option<Vec<OffsetFetchRequestTopics>>,
}
impl Default for OffsetFetchRequestGroup {
    fn default() -> Self {
        Self { group_id: StrBytes::default(), member_id: None, member_epoch: -1, topics: Some(Vec::new()) }
    }
}
impl OffsetFetchRequestGroup {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if version >= 8 {
            m.group_id = r.get_text(flex)?;
        }
        if version >= 9 {
            m.member_id = r.get_nullable_text(flex)?;
        }
        if version >= 9 {
            m.member_epoch = r.get_i32()?;
        }
        if version >= 8 {
            m.topics = r.get_nullable_vec(flex, |r| OffsetFetchRequestTopics::read(version, r))?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if version >= 8 {
            out.put_text(flex, &self.group_id)?;
        } else {
            absent(!self.group_id.is_empty(), "OffsetFetchRequestGroup.group_id", version)?;
        }
        if version >= 9 {
            out.put_nullable_text(flex, self.member_id.as_deref())?;
        }
        if version >= 9 {
            out.put_i32(self.member_epoch);
        }
        if version >= 8 {
            out.put_nullable_vec(flex, self.topics.as_deref(), |out, x| x.write(version, out))?;
        } else {
            absent(!matches!(&self.topics, Some(v) if v.is_empty()), "OffsetFetchRequestGroup.topics", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`OffsetFetchRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OffsetFetchRequestTopics {
    pub name: StrBytes,
    pub topic_id: Uuid,
    pub partition_indexes: Vec<i32>,
}
impl OffsetFetchRequestTopics {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 6;
        let mut m = Self::default();
        if (8..=9).contains(&version) {
            m.name = r.get_text(flex)?;
        }
        if version >= 10 {
            m.topic_id = r.get_uuid()?;
        }
        if version >= 8 {
            m.partition_indexes = r.get_vec(flex, Source::get_i32)?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 6;
        if (8..=9).contains(&version) {
            out.put_text(flex, &self.name)?;
        }
        if version >= 10 {
            out.put_uuid(self.topic_id);
        }
        if version >= 8 {
            out.put_vec(flex, &self.partition_indexes, |out, x| {
                out.put_i32(*x);
                Ok(())
            })?;
        } else {
            absent(!self.partition_indexes.is_empty(), "OffsetFetchRequestTopics.partition_indexes", version)?;
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
