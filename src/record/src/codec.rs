//! The public face of generated record codecs: what each message offers beside its fields, and the enums over a
//! family of records with their frames.
//!
//! A metadata record is framed as `uvarint 1, uvarint key, uvarint version, body`
//! (`AbstractApiMessageSerde`); a coordinator record has a key `i16 type, body` and a value `i16 version, body`
//! (`CoordinatorRecordSerde`). Pure functions; holds nothing.

pub(crate) use bytes::{BufMut, Bytes, BytesMut};
pub(crate) use ottla_base::codec::{Sink, Source, Tags, absent, check_version};
pub(crate) use ottla_base::ids::Uuid;
pub(crate) use ottla_base::wire::{Reader, WireError, Writer};

use thiserror::Error;

/// Version of the frame around metadata records, the only one there has been since Kafka 3.0.
pub(crate) const METADATA_FRAME_VERSION: u32 = 1;

/// Why a coordinator record could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CoordinatorRecordError {
    /// A type that Kafka 4.3.1 does not know. Kafka skips such records with a warning.
    #[error("coordinator record type {0} is not known")]
    UnknownType(i16),
    /// The bytes are not what their type and version say.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Gives a generated struct its versions and its public functions.
macro_rules! message {
    ($name:ident, $low:literal, $high:literal $(, $key:literal)?) => {
        impl $name {
            $(
                /// The id of this record or its type prefix.
                pub const API_KEY: i16 = $key;
            )?
            /// Lowest version.
            pub const LOWEST_VERSION: i16 = $low;
            /// Highest version.
            pub const HIGHEST_VERSION: i16 = $high;

            /// Writes the body. An error when `version` is not known or cannot express a field that is set.
            pub fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), WireError> {
                check_version(stringify!($name), version, $low, $high)?;
                self.write(version, out)
            }

            /// Reads the body; bytes after it stay in `r`.
            pub fn decode(version: i16, r: &mut Reader<'_>) -> Result<Self, WireError> {
                check_version(stringify!($name), version, $low, $high)?;
                Self::read(version, r)
            }

            /// The body after its version as an `i16` (`MessageUtil.toVersionPrefixedBytes`).
            pub fn encode_versioned(&self, version: i16) -> Result<Bytes, WireError> {
                let mut out = BytesMut::new();
                out.put_i16(version);
                self.encode(version, &mut out)?;
                Ok(out.freeze())
            }

            /// Reads a body after its version. As Kafka does with the consumer protocol and with transaction markers,
            /// a version above the highest is read as the highest and bytes after the body are ignored.
            pub fn decode_versioned(bytes: &[u8]) -> Result<Self, WireError> {
                let mut r = Reader::new(bytes);
                let version = r.get_i16()?.min($high);
                Self::decode(version, &mut r)
            }
        }
    };
}

/// The enum over all metadata records.
macro_rules! metadata_records {
    ($($variant:ident($record:ident)),*) => {
        /// Any metadata record.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum MetadataRecord {
            $($variant($record),)*
        }

        impl MetadataRecord {
            /// The record's id.
            pub fn api_key(&self) -> i16 {
                match self { $(MetadataRecord::$variant(_) => $record::API_KEY,)* }
            }

            /// The highest version of its schema.
            pub fn highest_version(&self) -> i16 {
                match self { $(MetadataRecord::$variant(_) => $record::HIGHEST_VERSION,)* }
            }

            /// Name of its schema.
            pub fn name(&self) -> &'static str {
                match self { $(MetadataRecord::$variant(_) => stringify!($record),)* }
            }

            /// The value of a log record: frame and body.
            pub fn encode_frame(&self, version: i16) -> Result<Bytes, WireError> {
                let mut out = BytesMut::new();
                out.put_uvarint(crate::codec::METADATA_FRAME_VERSION);
                out.put_uvarint(self.api_key() as u32);
                out.put_uvarint(u32::from(version.unsigned_abs()));
                match self { $(MetadataRecord::$variant(record) => record.encode(version, &mut out)?,)* }
                Ok(out.freeze())
            }

            /// Reads the value of a log record; also gives its version. Bytes after the body are an error.
            pub fn decode_frame(bytes: &[u8]) -> Result<(MetadataRecord, i16), WireError> {
                let r = &mut Reader::new(bytes);
                let (key, version) = crate::codec::metadata_frame(r)?;
                let record = match key {
                    $($record::API_KEY => MetadataRecord::$variant($record::decode(version, r)?),)*
                    _ => return Err(WireError::Invalid(format!("metadata record type {key} is not known"))),
                };
                match r.remaining() {
                    0 => Ok((record, version)),
                    n => Err(WireError::Invalid(format!("{n} bytes of garbage after {}", record.name()))),
                }
            }
        }

        $(impl From<$record> for MetadataRecord {
            fn from(record: $record) -> MetadataRecord {
                MetadataRecord::$variant(record)
            }
        })*
    };
}

/// Reads a metadata record's frame: (id, version).
pub(crate) fn metadata_frame(r: &mut Reader<'_>) -> Result<(i16, i16), WireError> {
    let frame = r.get_uvarint()?;
    if frame != METADATA_FRAME_VERSION {
        return Err(WireError::Invalid(format!("metadata record with frame version {frame}")));
    }
    let mut short = |what| {
        let value = r.get_uvarint()?;
        i16::try_from(value).map_err(|_| WireError::Invalid(format!("metadata record with {what} {value}")))
    };
    Ok((short("type")?, short("version")?))
}

/// The enums over the records of one coordinator.
macro_rules! coordinator_records {
    ($($variant:ident($key:ident, $value:ident)),*) => {
        use crate::codec::CoordinatorRecordError;

        /// Any key, which says what the record is about.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum CoordinatorRecordKey {
            $($variant($key),)*
        }

        impl CoordinatorRecordKey {
            /// The type id, which is the key's prefix.
            pub fn record_type(&self) -> i16 {
                match self { $(CoordinatorRecordKey::$variant(_) => $key::API_KEY,)* }
            }

            /// The key of a log record.
            pub fn encode(&self) -> Result<Bytes, WireError> {
                let mut out = BytesMut::new();
                out.put_i16(self.record_type());
                match self { $(CoordinatorRecordKey::$variant(key) => key.encode($key::HIGHEST_VERSION, &mut out)?,)* }
                Ok(out.freeze())
            }

            /// Reads the key of a log record.
            pub fn decode(bytes: &[u8]) -> Result<CoordinatorRecordKey, CoordinatorRecordError> {
                let r = &mut Reader::new(bytes);
                match r.get_i16()? {
                    $($key::API_KEY => Ok(CoordinatorRecordKey::$variant($key::decode($key::HIGHEST_VERSION, r)?)),)*
                    other => Err(CoordinatorRecordError::UnknownType(other)),
                }
            }
        }

        /// Any value. A tombstone is the absence of one.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum CoordinatorRecordValue {
            $($variant($value),)*
        }

        impl CoordinatorRecordValue {
            /// The type id of the key that it belongs to.
            pub fn record_type(&self) -> i16 {
                match self { $(CoordinatorRecordValue::$variant(_) => $value::API_KEY,)* }
            }

            /// The highest version of its schema.
            pub fn highest_version(&self) -> i16 {
                match self { $(CoordinatorRecordValue::$variant(_) => $value::HIGHEST_VERSION,)* }
            }

            /// The value of a log record.
            pub fn encode(&self, version: i16) -> Result<Bytes, WireError> {
                match self { $(CoordinatorRecordValue::$variant(value) => value.encode_versioned(version),)* }
            }

            /// Reads the value of a log record whose key has the given type; also gives its version. A version that
            /// is not known is [`WireError::UnsupportedVersion`].
            pub fn decode(
                record_type: i16,
                bytes: &[u8],
            ) -> Result<(CoordinatorRecordValue, i16), CoordinatorRecordError> {
                let r = &mut Reader::new(bytes);
                match record_type {
                    $($value::API_KEY => {
                        let version = r.get_i16()?;
                        Ok((CoordinatorRecordValue::$variant($value::decode(version, r)?), version))
                    })*
                    other => Err(CoordinatorRecordError::UnknownType(other)),
                }
            }
        }

        $(impl From<$key> for CoordinatorRecordKey {
            fn from(key: $key) -> CoordinatorRecordKey {
                CoordinatorRecordKey::$variant(key)
            }
        }
        impl From<$value> for CoordinatorRecordValue {
            fn from(value: $value) -> CoordinatorRecordValue {
                CoordinatorRecordValue::$variant(value)
            }
        })*
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::group::{CoordinatorRecordKey, CoordinatorRecordValue, OffsetCommitKey, OffsetCommitValue};
    use crate::generated::metadata::{MetadataRecord, PartitionRecord, TopicRecord};
    use proptest::prelude::*;

    #[test]
    fn metadata_records_have_kafkas_frame() {
        let record = MetadataRecord::Topic(TopicRecord { name: "foo".into(), topic_id: Uuid::from_u128(5) });
        let bytes = record.encode_frame(0).unwrap();
        assert_eq!(&bytes[..], [&[1, 2, 0, 4][..], b"foo", &[0; 15], &[5, 0]].concat());
        assert_eq!(MetadataRecord::decode_frame(&bytes), Ok((record, 0)));
        let garbage = [&bytes[..], &[0]].concat();
        assert!(matches!(MetadataRecord::decode_frame(&garbage), Err(WireError::Invalid(_))));
        assert!(matches!(MetadataRecord::decode_frame(&[0, 2, 0]), Err(WireError::Invalid(_))));
        assert!(matches!(MetadataRecord::decode_frame(&[1, 29, 0]), Err(WireError::Invalid(_))));
    }

    #[test]
    fn a_field_that_the_version_lacks_is_refused_only_when_set() {
        let mut record = PartitionRecord { replicas: vec![1], ..Default::default() };
        let mut out = BytesMut::new();
        assert_eq!(record.encode(0, &mut out), Ok(()));
        record.directories = vec![Uuid::from_u128(9)];
        assert!(matches!(record.encode(0, &mut out), Err(WireError::Invalid(_))));
        assert_eq!(record.encode(1, &mut out), Ok(()));
        let message = "PartitionRecord";
        assert_eq!(record.encode(3, &mut out), Err(WireError::UnsupportedVersion { message, version: 3 }));
    }

    #[test]
    fn coordinator_records_carry_type_and_version() {
        let key = OffsetCommitKey { group: "g".into(), topic: "t".into(), partition: 3 };
        let bytes = CoordinatorRecordKey::from(key.clone()).encode().unwrap();
        assert_eq!(&bytes[..], [0, 1, 0, 1, b'g', 0, 1, b't', 0, 0, 0, 3]);
        assert_eq!(CoordinatorRecordKey::decode(&bytes), Ok(CoordinatorRecordKey::OffsetCommit(key)));

        let value = OffsetCommitValue { offset: 7, metadata: "m".into(), ..Default::default() };
        let bytes = CoordinatorRecordValue::from(value.clone()).encode(3).unwrap();
        assert_eq!(&bytes[..12], [0, 3, 0, 0, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);
        assert_eq!(CoordinatorRecordValue::decode(1, &bytes), Ok((CoordinatorRecordValue::OffsetCommit(value), 3)));
        assert_eq!(CoordinatorRecordKey::decode(&[0, 99]), Err(CoordinatorRecordError::UnknownType(99)));
        assert_eq!(CoordinatorRecordValue::decode(99, &[]), Err(CoordinatorRecordError::UnknownType(99)));
    }

    #[test]
    fn every_record_is_read_and_written_as_kafka_does() {
        let golden = include_str!("generated/golden.txt");
        let mut samples = 0;
        macro_rules! check {
            ($family:ident::$name:ident) => {
                for line in golden.lines().filter(|line| line.split(' ').next() == Some(stringify!($name))) {
                    type Record = crate::generated::$family::$name;
                    let (version, bytes) = sample(line);
                    let mut r = Reader::new(&bytes);
                    let record = Record::decode(version, &mut r).expect(line);
                    assert_eq!(r.remaining(), 0, "{line}");
                    let mut out = BytesMut::new();
                    record.encode(version, &mut out).expect(line);
                    assert_eq!(out, bytes, "{line}");
                    for end in 0..bytes.len() {
                        assert!(
                            Record::decode(version, &mut Reader::new(&bytes[..end])).is_err(),
                            "{line} cut at {end}"
                        );
                    }
                    samples += 1;
                }
            };
        }
        crate::generated::list::each_record!(check);
        assert_eq!(samples, golden.lines().count());
    }

    /// Version and bytes of a line of the golden file.
    fn sample(line: &str) -> (i16, Vec<u8>) {
        let mut words = line.split(' ').skip(1);
        let version = words.next().unwrap().parse().unwrap();
        let hex = words.next().unwrap();
        let bytes = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
        (version, bytes)
    }

    #[test]
    fn versioned_bodies_carry_their_version_and_newer_ones_are_read_as_the_newest() {
        use crate::generated::consumer_protocol::ConsumerProtocolSubscription;
        let subscription = ConsumerProtocolSubscription {
            topics: vec!["t".into()],
            user_data: None,
            generation_id: 5,
            ..Default::default()
        };
        let bytes = subscription.encode_versioned(2).unwrap();
        assert_eq!(&bytes[..9], [0, 2, 0, 0, 0, 1, 0, 1, b't']);
        assert_eq!(ConsumerProtocolSubscription::decode_versioned(&bytes), Ok(subscription.clone()));
        let mut newer = subscription.encode_versioned(3).unwrap().to_vec();
        newer[1] = 9;
        newer.push(7);
        assert_eq!(ConsumerProtocolSubscription::decode_versioned(&newer), Ok(subscription));
        assert!(ConsumerProtocolSubscription::decode_versioned(&[0xff, 0xff, 0, 0, 0, 0]).is_err());
    }

    proptest! {
        #[test]
        fn hostile_records_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), kind in 0i16..30) {
            let framed = [&[1, kind as u8, 0][..], &bytes].concat();
            let _ = MetadataRecord::decode_frame(&framed);
            let _ = CoordinatorRecordKey::decode(&bytes);
            let _ = CoordinatorRecordValue::decode(kind, &bytes);
        }
    }
}
