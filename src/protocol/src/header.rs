//! Headers of requests and responses.
//!
//! Parsing tolerates what Apache Kafka 4.3.1 tolerates (`RequestHeader.parse`): any negative length of the client
//! id is null, text that is not UTF-8 is repaired, tagged fields are skipped. An API key that is not known, or of which no version is
//! left, is an error; a version that is not known is not (ApiVersions must be answered whatever its version is).

use crate::api::Api;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;
use ottla_base::codec::Source;
use ottla_base::wire::{Reader, WireError};
use thiserror::Error;

/// What stands before every request. The client id is a slice of the frame: copy it to keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    /// The API.
    pub api_key: i16,
    /// Version of the request, not checked yet.
    pub api_version: i16,
    /// Returned in the response.
    pub correlation_id: i32,
    /// What the client calls itself. Kafka treats null as empty.
    pub client_id: Option<StrBytes>,
}

impl RequestHeader {
    /// The client id, empty for null.
    pub fn client_id(&self) -> &str {
        self.client_id.as_ref().map_or("", StrBytes::as_str)
    }
}

/// Why a header cannot be read. Kafka closes the connection for either.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// Its form depends on the API, so nothing more can be read.
    #[error("API key {api_key} (version {api_version}) is not known")]
    UnknownApi {
        /// The key.
        api_key: i16,
        /// The version.
        api_version: i16,
    },
    /// The bytes end too early.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Reads the header of a request's frame. Also gives the header's length: the body starts there.
pub fn parse_header(frame: &Bytes) -> Result<(RequestHeader, usize), HeaderError> {
    let r = &mut Reader::new(frame);
    let (api_key, api_version) = (r.i16()?, r.i16()?);
    let api = Api::of(api_key).ok_or(HeaderError::UnknownApi { api_key, api_version })?;
    let correlation_id = r.i32()?;
    // Classic in both versions of the header, so that any broker can read any client's ApiVersions.
    let client_id = match usize::try_from(r.i16()?) {
        Ok(length) => Some(text(frame.slice_ref(r.take(length)?))),
        Err(_) => None,
    };
    if api.request_header_version(api_version) >= 2 {
        r.skip_tags()?;
    }
    let length = frame.len() - r.remaining();
    Ok((RequestHeader { api_key, api_version, correlation_id, client_id }, length))
}

/// Kafka decodes text that is not UTF-8 with U+FFFD in place of what is wrong.
fn text(bytes: Bytes) -> StrBytes {
    StrBytes::from_utf8(bytes.clone())
        .unwrap_or_else(|_| StrBytes::from_string(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Appends the header of the response to a request. The request's API must be known, as [`parse_header`] makes sure.
pub fn put_response_header(request: &RequestHeader, out: &mut BytesMut) {
    out.put_i32(request.correlation_id);
    if Api::of(request.api_key).is_some_and(|api| api.response_header_version(request.api_version) >= 1) {
        out.put_u8(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Result<(RequestHeader, usize), HeaderError> {
        parse_header(&Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn classic_header_ends_after_the_client_id() {
        let (header, length) = parse(&[0, 3, 0, 1, 0, 0, 0, 9, 0, 2, b'm', b'e', 0xff]).unwrap();
        assert_eq!((header.api_key, header.api_version, header.correlation_id), (3, 1, 9));
        assert_eq!((header.client_id(), length), ("me", 12));
    }

    #[test]
    fn flexible_header_has_tagged_fields() {
        let (header, length) = parse(&[0, 3, 0, 9, 0, 0, 0, 9, 0xff, 0xff, 1, 7, 2, 0, 0, 0x55]).unwrap();
        assert_eq!((header.client_id, length), (None, 15));
        // A tag that announces more than there is.
        assert!(parse(&[0, 3, 0, 9, 0, 0, 0, 9, 0xff, 0xff, 1, 7, 2, 0]).is_err());
    }

    #[test]
    fn api_versions_is_read_in_any_version() {
        let (header, length) = parse(&[0, 18, 0x7f, 0xff, 0, 0, 0, 9, 0, 0, 0]).unwrap();
        assert_eq!((header.api_version, header.client_id(), length), (i16::MAX, "", 11));
    }

    #[test]
    fn flexible_responses_have_tagged_fields_except_of_api_versions() {
        for (api_key, api_version, tags) in [(3, 8, false), (3, 9, true), (18, 4, false)] {
            let mut out = BytesMut::new();
            put_response_header(&RequestHeader { api_key, api_version, correlation_id: 7, client_id: None }, &mut out);
            assert_eq!(&out[..], if tags { &[0, 0, 0, 7, 0][..] } else { &[0, 0, 0, 7][..] });
        }
    }

    #[test]
    fn unknown_and_removed_apis_are_named() {
        let error = HeaderError::UnknownApi { api_key: 7, api_version: 3 };
        assert_eq!(parse(&[0, 7, 0, 3, 0, 0, 0, 9, 0, 0]), Err(error));
        assert!(matches!(parse(&[0x7f, 0xff, 0, 3]), Err(HeaderError::UnknownApi { .. })));
    }

    #[test]
    fn odd_client_ids_are_read_as_kafka_reads_them() {
        assert_eq!(parse(&[0, 3, 0, 1, 0, 0, 0, 9, 0xff, 0xfe]).unwrap().0.client_id, None);
        assert_eq!(parse(&[0, 3, 0, 1, 0, 0, 0, 9, 0, 1, 0xff]).unwrap().0.client_id(), "\u{fffd}");
    }

    #[test]
    fn every_proper_prefix_of_a_header_is_an_error() {
        let bytes = [0, 3, 0, 9, 0, 0, 0, 9, 0, 2, b'm', b'e', 1, 7, 2, 0, 0];
        for n in 0..bytes.len() {
            assert!(parse(&bytes[..n]).is_err(), "{n}");
        }
        assert_eq!(parse(&bytes).unwrap().1, bytes.len());
    }

    proptest! {
        #[test]
        fn hostile_headers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), key in 0u8..95) {
            let _ = parse(&bytes);
            let _ = parse(&[&[0, key][..], &bytes].concat());
        }
    }
}
