//! DescribeShareGroupOffsetsRequest, versions 0–1.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// DescribeShareGroupOffsetsRequest, versions 0–1 (flexible: 0–1).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsRequest {
    pub groups: Vec<DescribeShareGroupOffsetsRequestGroup>,
}
impl DescribeShareGroupOffsetsRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.groups = r.get_vec(true, |r| DescribeShareGroupOffsetsRequestGroup::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_vec(true, &self.groups, |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

message!(DescribeShareGroupOffsetsRequest, 0, 1, 90, request, 0);

/// Part of [`DescribeShareGroupOffsetsRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeShareGroupOffsetsRequestGroup {
    pub group_id: StrBytes,
    pub topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic>>,
}
impl Default for DescribeShareGroupOffsetsRequestGroup {
    fn default() -> Self {
        Self { group_id: StrBytes::default(), topics: Some(Vec::new()) }
    }
}
impl DescribeShareGroupOffsetsRequestGroup {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.get_text(true)?;
        m.topics = r.get_nullable_vec(true, |r| DescribeShareGroupOffsetsRequestTopic::read(version, r))?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.group_id)?;
        out.put_nullable_vec(true, self.topics.as_deref(), |out, x| x.write(version, out))?;
        out.put_no_tags();
        Ok(())
    }
}

/// Part of [`DescribeShareGroupOffsetsRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsRequestTopic {
    pub topic_name: StrBytes,
    pub partitions: Vec<i32>,
}
impl DescribeShareGroupOffsetsRequestTopic {
    pub(crate) fn read(_version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_name = r.get_text(true)?;
        m.partitions = r.get_vec(true, Source::get_i32)?;
        r.skip_tags()?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(true, &self.topic_name)?;
        out.put_vec(true, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        out.put_no_tags();
        Ok(())
    }
}
