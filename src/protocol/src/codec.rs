//! What generated request and response codecs use: reading from a frame so that strings and bytes stay slices of it, and
//! the public face of each message, which feels like kafka-protocol's.
//!
//! Pure functions; holds nothing.

pub(crate) use bytes::{BufMut, Bytes, BytesMut};
pub(crate) use kafka_protocol::protocol::buf::{ByteBuf, ByteBufMut};
pub(crate) use kafka_protocol::protocol::{StrBytes, VersionRange};
pub(crate) use ottla_base::codec::{Sink, Source, Tags, absent, check_version, nullable_if};
pub(crate) use ottla_base::ids::Uuid;
pub(crate) use ottla_base::wire::{WireError, Writer};

/// Reads a message from the front of a frame.
pub(crate) struct FrameReader<'a>(&'a mut Bytes);

impl FrameReader<'_> {
    pub(crate) fn new(frame: &mut Bytes) -> FrameReader<'_> {
        FrameReader(frame)
    }

    fn need(&self, needed: usize) -> Result<(), WireError> {
        let left = self.0.len();
        if needed > left { Err(WireError::Truncated { needed, left }) } else { Ok(()) }
    }
}

impl Source for FrameReader<'_> {
    type Text = StrBytes;

    fn left(&self) -> usize {
        self.0.len()
    }

    fn get_array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let left = self.0.len();
        let bytes = *self.0.first_chunk::<N>().ok_or(WireError::Truncated { needed: N, left })?;
        self.skip(N)?;
        Ok(bytes)
    }

    fn get_text_of(&mut self, len: usize) -> Result<StrBytes, WireError> {
        StrBytes::try_from(self.get_blob_of(len)?).map_err(|_| WireError::NotUtf8)
    }

    fn get_blob_of(&mut self, len: usize) -> Result<Bytes, WireError> {
        self.need(len)?;
        Ok(self.0.split_to(len))
    }

    fn skip(&mut self, len: usize) -> Result<(), WireError> {
        self.need(len)?;
        bytes::Buf::advance(self.0, len);
        Ok(())
    }
}

/// Gives a generated struct its versions and its public functions, and makes it one of kafka-protocol's messages.
macro_rules! message {
    ($name:ident, $low:literal, $high:literal, $key:literal, $kind:ident, $flexible:literal) => {
        impl $name {
            /// `api_key`.
            pub const API_KEY: i16 = $key;
            /// Lowest version.
            pub const LOWEST_VERSION: i16 = $low;
            /// Highest version.
            pub const HIGHEST_VERSION: i16 = $high;

            /// Writes the body. An error when `version` is not known or cannot express a field that is set.
            pub fn encode(&self, buf: &mut BytesMut, version: i16) -> Result<(), WireError> {
                check_version(stringify!($name), version, $low, $high)?;
                self.write(version, buf)
            }

            /// Takes the body from the front of `buf`; strings and bytes are slices of it.
            pub fn decode(buf: &mut Bytes, version: i16) -> Result<Self, WireError> {
                check_version(stringify!($name), version, $low, $high)?;
                Self::read(version, &mut FrameReader::new(buf))
            }
        }

        impl kafka_protocol::protocol::Message for $name {
            const VERSIONS: VersionRange = VersionRange { min: $low, max: $high };
            const DEPRECATED_VERSIONS: Option<VersionRange> = None;
        }

        impl kafka_protocol::protocol::Encodable for $name {
            fn encode<B: ByteBufMut>(&self, buf: &mut B, version: i16) -> anyhow::Result<()> {
                let mut out = BytesMut::new();
                $name::encode(self, &mut out, version)?;
                buf.put_slice(&out);
                Ok(())
            }

            fn compute_size(&self, version: i16) -> anyhow::Result<usize> {
                let mut out = BytesMut::new();
                $name::encode(self, &mut out, version)?;
                Ok(out.len())
            }
        }

        impl kafka_protocol::protocol::Decodable for $name {
            fn decode<B: ByteBuf>(buf: &mut B, version: i16) -> anyhow::Result<Self> {
                let mut frame = buf.peek_bytes(0..buf.remaining());
                let before = frame.len();
                let message = $name::decode(&mut frame, version)?;
                buf.advance(before - frame.len());
                Ok(message)
            }
        }

        impl kafka_protocol::protocol::HeaderVersion for $name {
            fn header_version(version: i16) -> i16 {
                message!(@header $kind) + i16::from(version >= $flexible)
            }
        }
    };
    (@header request) => { 1 };
    (@header response) => { 0 };
}

/// Pairs requests with their responses, so that code generic over kafka-protocol's `Request` takes ours too.
macro_rules! requests {
    ($($request:ident => $response:ident,)*) => {$(
        impl kafka_protocol::protocol::Request for crate::generated::$request {
            const KEY: i16 = crate::generated::$request::API_KEY;
            type Response = crate::generated::$response;
        }
    )*};
}

requests! {
    ListOffsetsRequest => ListOffsetsResponse,
    OffsetCommitRequest => OffsetCommitResponse,
    OffsetFetchRequest => OffsetFetchResponse,
    WriteTxnMarkersRequest => WriteTxnMarkersResponse,
    DescribeLogDirsRequest => DescribeLogDirsResponse,
    BrokerHeartbeatRequest => BrokerHeartbeatResponse,
    ShareFetchRequest => ShareFetchResponse,
    ShareAcknowledgeRequest => ShareAcknowledgeResponse,
    AddRaftVoterRequest => AddRaftVoterResponse,
    WriteShareGroupStateRequest => WriteShareGroupStateResponse,
    ReadShareGroupStateSummaryRequest => ReadShareGroupStateSummaryResponse,
    StreamsGroupHeartbeatRequest => StreamsGroupHeartbeatResponse,
    StreamsGroupDescribeRequest => StreamsGroupDescribeResponse,
    DescribeShareGroupOffsetsRequest => DescribeShareGroupOffsetsResponse,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::crate_checks::typed_messages;
    use crate::generated::*;
    use kafka_protocol::protocol::{Decodable, Encodable};

    #[test]
    fn every_message_is_read_and_written_as_kafka_does() {
        let golden = include_str!("generated/golden.txt");
        let mut samples = 0;
        macro_rules! check {
            ($($name:ident),*) => {$(
                for line in golden.lines().filter(|line| line.split(' ').next() == Some(stringify!($name))) {
                    let (version, bytes) = sample(line);
                    let mut rest = bytes.clone();
                    let message = $name::decode(&mut rest, version).expect(line);
                    assert_eq!(rest.len(), 0, "{line}");
                    let mut out = BytesMut::new();
                    message.encode(&mut out, version).expect(line);
                    assert_eq!(out, bytes, "{line}");
                    for end in 0..bytes.len() {
                        assert!($name::decode(&mut bytes.slice(..end), version).is_err(), "{line} cut at {end}");
                    }
                    through_the_traits(&message, &bytes, version);
                    samples += 1;
                }
            )*};
        }
        typed_messages!(check);
        assert_eq!(samples, golden.lines().count());
    }

    /// As code does that is generic over kafka-protocol's messages.
    fn through_the_traits<T: Encodable + Decodable + PartialEq + std::fmt::Debug>(
        message: &T,
        bytes: &Bytes,
        version: i16,
    ) {
        let longer = Bytes::from([bytes, &b"rest"[..]].concat());
        let mut rest = longer.clone();
        assert_eq!(&T::decode(&mut rest, version).unwrap(), message);
        assert_eq!(&rest[..], b"rest");
        let mut out = BytesMut::new();
        message.encode(&mut out, version).unwrap();
        assert_eq!((&out[..], message.compute_size(version).unwrap()), (&bytes[..], bytes.len()));
    }

    /// Version and bytes of a line of the golden file.
    fn sample(line: &str) -> (i16, Bytes) {
        let mut words = line.split(' ').skip(1);
        let version = words.next().unwrap().parse().unwrap();
        let hex = words.next().unwrap();
        let byte = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
        (version, (0..hex.len()).step_by(2).map(byte).collect::<Vec<u8>>().into())
    }

    #[test]
    fn strings_and_bytes_are_slices_of_the_frame() {
        let request = OffsetCommitRequest { group_id: "group".to_owned().into(), ..Default::default() };
        let mut out = BytesMut::new();
        request.encode(&mut out, 10).unwrap();
        let frame = out.freeze();
        let decoded = OffsetCommitRequest::decode(&mut frame.clone(), 10).unwrap();
        assert_eq!(decoded.group_id.as_ptr(), frame[1..].as_ptr());
    }

    #[test]
    fn headers_follow_the_table() {
        use kafka_protocol::protocol::HeaderVersion;
        for (key, version) in [(2, 5), (2, 6), (88, 0)] {
            let api = crate::api::Api::of(key).unwrap();
            let ours = if key == 2 {
                (ListOffsetsRequest::header_version(version), ListOffsetsResponse::header_version(version))
            } else {
                (
                    StreamsGroupHeartbeatRequest::header_version(version),
                    StreamsGroupHeartbeatResponse::header_version(version),
                )
            };
            assert_eq!(ours, (api.request_header_version(version), api.response_header_version(version)));
        }
    }
}
