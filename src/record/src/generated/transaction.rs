//! Records of `__transaction_state`.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::codec::*;

/// TransactionLogKey, versions 0 (flexible: none).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TransactionLogKey {
    pub transactional_id: String,
}
impl TransactionLogKey {
    pub(crate) fn read(_version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.transactional_id = r.get_text(false)?;
        Ok(m)
    }
    pub(crate) fn write(&self, _version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        out.put_text(false, &self.transactional_id)?;
        Ok(())
    }
}

message!(TransactionLogKey, 0, 0, 0);
/// TransactionLogValue, versions 0–1 (flexible: 1).
#[derive(Clone, Debug, PartialEq)]
pub struct TransactionLogValue {
    pub producer_id: i64,
    pub previous_producer_id: i64,
    pub next_producer_id: i64,
    pub producer_epoch: i16,
    pub next_producer_epoch: i16,
    pub transaction_timeout_ms: i32,
    pub transaction_status: i8,
    pub transaction_partitions: Option<Vec<PartitionsSchema>>,
    pub transaction_last_update_timestamp_ms: i64,
    pub transaction_start_timestamp_ms: i64,
    pub client_transaction_version: i16,
}
impl Default for TransactionLogValue {
    fn default() -> Self {
        Self {
            producer_id: 0,
            previous_producer_id: -1,
            next_producer_id: -1,
            producer_epoch: 0,
            next_producer_epoch: -1,
            transaction_timeout_ms: 0,
            transaction_status: 0,
            transaction_partitions: Some(Vec::new()),
            transaction_last_update_timestamp_ms: 0,
            transaction_start_timestamp_ms: 0,
            client_transaction_version: 0,
        }
    }
}
impl TransactionLogValue {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let flex = version >= 1;
        let mut m = Self::default();
        m.producer_id = r.get_i64()?;
        m.producer_epoch = r.get_i16()?;
        m.transaction_timeout_ms = r.get_i32()?;
        m.transaction_status = r.get_i8()?;
        m.transaction_partitions = r.get_nullable_vec(flex, |r| PartitionsSchema::read(version, r))?;
        m.transaction_last_update_timestamp_ms = r.get_i64()?;
        m.transaction_start_timestamp_ms = r.get_i64()?;
        if flex {
            r.get_tags(|tag, r| {
                match tag {
                    0 => m.previous_producer_id = r.get_i64()?,
                    1 => m.next_producer_id = r.get_i64()?,
                    2 => m.client_transaction_version = r.get_i16()?,
                    3 => m.next_producer_epoch = r.get_i16()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 1;
        out.put_i64(self.producer_id);
        if !(version >= 1) {
            absent(self.previous_producer_id != -1, "TransactionLogValue.previous_producer_id", version)?;
        }
        if !(version >= 1) {
            absent(self.next_producer_id != -1, "TransactionLogValue.next_producer_id", version)?;
        }
        out.put_i16(self.producer_epoch);
        if !(version >= 1) {
            absent(self.next_producer_epoch != -1, "TransactionLogValue.next_producer_epoch", version)?;
        }
        out.put_i32(self.transaction_timeout_ms);
        out.put_i8(self.transaction_status);
        out.put_nullable_vec(flex, self.transaction_partitions.as_deref(), |out, x| x.write(version, out))?;
        out.put_i64(self.transaction_last_update_timestamp_ms);
        out.put_i64(self.transaction_start_timestamp_ms);
        if !(version >= 1) {
            absent(self.client_transaction_version != 0, "TransactionLogValue.client_transaction_version", version)?;
        }
        if flex {
            let mut tags = Tags::default();
            tags.put(0, self.previous_producer_id != -1, |out| {
                out.put_i64(self.previous_producer_id);
                Ok(())
            })?;
            tags.put(1, self.next_producer_id != -1, |out| {
                out.put_i64(self.next_producer_id);
                Ok(())
            })?;
            tags.put(2, self.client_transaction_version != 0, |out| {
                out.put_i16(self.client_transaction_version);
                Ok(())
            })?;
            tags.put(3, self.next_producer_epoch != -1, |out| {
                out.put_i16(self.next_producer_epoch);
                Ok(())
            })?;
            tags.write(out);
        }
        Ok(())
    }
}

message!(TransactionLogValue, 0, 1, 0);

/// Part of [`TransactionLogValue`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PartitionsSchema {
    pub topic: String,
    pub partition_ids: Vec<i32>,
}
impl PartitionsSchema {
    pub(crate) fn read(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
        let flex = version >= 1;
        let mut m = Self::default();
        m.topic = r.get_text(flex)?;
        m.partition_ids = r.get_vec(flex, Source::get_i32)?;
        if flex {
            r.skip_tags()?;
        }
        Ok(m)
    }
    pub(crate) fn write(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
        let flex = version >= 1;
        out.put_text(flex, &self.topic)?;
        out.put_vec(flex, &self.partition_ids, |out, x| {
            out.put_i32(*x);
            Ok(())
        })?;
        if flex {
            out.put_no_tags();
        }
        Ok(())
    }
}
coordinator_records!(TransactionLog(TransactionLogKey, TransactionLogValue));
