//! DescribeLogDirsRequest, versions 1–5.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// DescribeLogDirsRequest, versions 1–5 (flexible: 2–5).
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeLogDirsRequest {
    pub topics: Option<Vec<DescribableLogDirTopic>>,
}
impl Default for DescribeLogDirsRequest {
    fn default() -> Self {
        Self { topics: Some(Vec::new()) }
    }
}
impl DescribeLogDirsRequest {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 2;
        let mut m = Self::default();
        m.topics = r.get_nullable_vec(flex, |r| DescribableLogDirTopic::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 2;
        out.put_nullable_vec(flex, self.topics.as_deref(), |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(DescribeLogDirsRequest, 1, 5, 35, request, 2);

/// Part of [`DescribeLogDirsRequest`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribableLogDirTopic {
    pub topic: StrBytes,
    pub partitions: Vec<i32>,
}
impl DescribableLogDirTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 2;
        let mut m = Self::default();
        m.topic = r.get_text(flex)?;
        m.partitions = r.get_vec(flex, Source::get_i32)?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 2;
        out.put_text(flex, &self.topic)?;
        out.put_vec(flex, &self.partitions, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
