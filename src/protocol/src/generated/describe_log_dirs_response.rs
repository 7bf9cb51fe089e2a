//! DescribeLogDirsResponse, versions 1–5.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// DescribeLogDirsResponse, versions 1–5 (flexible: 2–5).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeLogDirsResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub results: Vec<DescribeLogDirsResult>,
}
impl DescribeLogDirsResponse {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 2;
        let mut m = Self::default();
        m.throttle_time_ms = r.get_i32()?;
        if version >= 3 {
            m.error_code = r.get_i16()?;
        }
        m.results = r.get_vec(flex, |r| DescribeLogDirsResult::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 2;
        out.put_i32(self.throttle_time_ms);
        if version >= 3 {
            out.put_i16(self.error_code);
        }
        out.put_vec(flex, &self.results, |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

message!(DescribeLogDirsResponse, 1, 5, 35, response, 2);

/// Part of [`DescribeLogDirsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeLogDirsResult {
    pub error_code: i16,
    pub log_dir: StrBytes,
    pub topics: Vec<DescribeLogDirsTopic>,
    pub total_bytes: i64,
    pub usable_bytes: i64,
    pub is_cordoned: bool,
}
impl Default for DescribeLogDirsResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            log_dir: StrBytes::default(),
            topics: Vec::new(),
            total_bytes: -1,
            usable_bytes: -1,
            is_cordoned: false,
        }
    }
}
impl DescribeLogDirsResult {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 2;
        let mut m = Self::default();
        m.error_code = r.get_i16()?;
        m.log_dir = r.get_text(flex)?;
        m.topics = r.get_vec(flex, |r| DescribeLogDirsTopic::read(version, r))?;
        if version >= 4 {
            m.total_bytes = r.get_i64()?;
        }
        if version >= 4 {
            m.usable_bytes = r.get_i64()?;
        }
        if version >= 5 {
            m.is_cordoned = r.get_bool()?;
        }
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 2;
        out.put_i16(self.error_code);
        out.put_text(flex, &self.log_dir)?;
        out.put_vec(flex, &self.topics, |out, x| x.write(version, out))?;
        if version >= 4 {
            out.put_i64(self.total_bytes);
        }
        if version >= 4 {
            out.put_i64(self.usable_bytes);
        }
        if version >= 5 {
            out.put_bool(self.is_cordoned);
        }
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`DescribeLogDirsResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeLogDirsTopic {
    pub name: StrBytes,
    pub partitions: Vec<DescribeLogDirsPartition>,
}
impl DescribeLogDirsTopic {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 2;
        let mut m = Self::default();
        m.name = r.get_text(flex)?;
        m.partitions = r.get_vec(flex, |r| DescribeLogDirsPartition::read(version, r))?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 2;
        out.put_text(flex, &self.name)?;
        out.put_vec(flex, &self.partitions, |out, x| x.write(version, out))?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}

/// Part of [`DescribeLogDirsResponse`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DescribeLogDirsPartition {
    pub partition_index: i32,
    pub partition_size: i64,
    pub offset_lag: i64,
    pub is_future_key: bool,
}
impl DescribeLogDirsPartition {
    pub(crate) fn read(version: i16, r: &mut FrameReader<'_>) -> Result<Self, WireError> {
        let flex = version >= 2;
        let mut m = Self::default();
        m.partition_index = r.get_i32()?;
        m.partition_size = r.get_i64()?;
        m.offset_lag = r.get_i64()?;
        m.is_future_key = r.get_bool()?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 2;
        out.put_i32(self.partition_index);
        out.put_i64(self.partition_size);
        out.put_i64(self.offset_lag);
        out.put_bool(self.is_future_key);
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
