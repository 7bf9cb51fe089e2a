//! The audit against kafka-protocol and the generated codecs: what it accepts they decode, byte for byte, and what is
//! cut or lies about a length it refuses. Bodies are made from the table itself, so that every field of every version occurs.

use super::*;
use crate::api::APIS;
use crate::generated::crate_checks::{crate_requests, crate_structs, typed_messages};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, Message};
use ottla_base::rng::Rng;
use ottla_base::wire::Writer;
use proptest::prelude::*;

/// Writes random valid bodies. Bytes of fixed fields are 0 or 1, because one of them may be a boolean; tagged fields are
/// never at their default, because encoders leave those out.
struct Sampler {
    rng: Rng,
    version: i16,
    flexible: bool,
    out: BytesMut,
}

impl Sampler {
    fn body(api: &crate::api::Api, version: i16, seed: u64) -> Bytes {
        let rng = Rng::from_seed(seed ^ (api.key as u64) << 32 ^ (version as u64) << 16);
        let mut sampler = Sampler { rng, version, flexible: api.is_flexible(version), out: BytesMut::new() };
        sampler.shape(&SHAPES[api.root]);
        sampler.out.freeze()
    }

    fn below(&mut self, n: u64) -> usize {
        (self.rng.next_u64() % n) as usize
    }

    fn shape(&mut self, shape: &Shape) {
        let version = self.version;
        let present = |field: &&Field| contains(field.versions, version);
        for field in shape.fields.iter().filter(present).filter(|field| field.tag.is_none()) {
            self.value(field);
        }
        if !self.flexible {
            return;
        }
        let mut tagged: Vec<_> = shape.fields.iter().filter(present).filter(|field| field.tag.is_some()).collect();
        tagged.sort_by_key(|field| field.tag);
        tagged.retain(|_| self.below(2) == 0);
        let unknown = self.below(4) == 0;
        self.out.put_uvarint(tagged.len() as u32 + u32::from(unknown));
        for field in tagged {
            let before = self.out.split();
            self.value(field);
            let value = std::mem::replace(&mut self.out, before);
            self.out.put_uvarint(field.tag.unwrap().into());
            self.out.put_uvarint(value.len() as u32);
            self.out.extend_from_slice(&value);
        }
        if unknown {
            self.out.put_uvarint(300);
            self.out.put_uvarint(3);
            self.out.extend_from_slice(b"???");
        }
    }

    fn value(&mut self, field: &Field) {
        let tagged = field.tag.is_some();
        let nullable = contains(field.nullable, self.version);
        let null = nullable && !tagged && self.below(4) == 0;
        if field.array {
            let count = self.below(3) + usize::from(tagged);
            self.length(4, (!null).then_some(count));
            for _ in 0..if null { 0 } else { count } {
                self.one(field.kind, false, false);
            }
            return;
        }
        if let (Kind::Struct(_), true) = (field.kind, nullable) {
            if tagged {
                self.out.put_uvarint(1);
            } else {
                self.out.extend_from_slice(&[if null { 0xff } else { 1 }]);
            }
            if null {
                return;
            }
        }
        self.one(field.kind, null, tagged);
    }

    fn one(&mut self, kind: Kind, null: bool, tagged: bool) {
        match kind {
            Kind::Fixed(width) => {
                for _ in 0..width {
                    let byte = self.below(2) as u8 | u8::from(tagged);
                    self.out.extend_from_slice(&[byte]);
                }
            }
            Kind::Struct(index) => self.shape(&SHAPES[usize::from(index)]),
            Kind::Text | Kind::Blob => {
                let len = self.below(4) + usize::from(tagged);
                self.length(if matches!(kind, Kind::Text) { 2 } else { 4 }, (!null).then_some(len));
                for _ in 0..if null { 0 } else { len } {
                    let letter = b'a' + self.below(26) as u8;
                    self.out.extend_from_slice(&[letter]);
                }
            }
        }
    }

    fn length(&mut self, width: usize, length: Option<usize>) {
        if self.flexible {
            self.out.put_uvarint(length.map_or(0, |length| length as u32 + 1));
        } else {
            let length = length.map_or(-1, |length| length as i32);
            self.out.extend_from_slice(&length.to_be_bytes()[4 - width..]);
        }
    }
}

/// Calls `check` with random bodies of every version of every request.
fn each_body(samples: u64, mut check: impl FnMut(i16, i16, Bytes)) {
    for api in APIS {
        for version in api.min_version..=api.max_version {
            for seed in 0..samples {
                check(api.key, version, Sampler::body(api, version, seed));
            }
        }
    }
}

#[test]
fn valid_bodies_pass_and_bytes_after_them_do_not_matter() {
    each_body(8, |key, version, body| {
        let heap = audit_request(key, version, &body);
        assert!(heap.is_ok(), "{key} v{version}: {heap:?}");
        assert_eq!(body_length(key, version, &body), Ok(body.len()), "{key} v{version}");
        let longer = [&body[..], b"trailing"].concat();
        assert_eq!(audit_request(key, version, &longer), heap, "{key} v{version}");
    });
}

#[test]
fn a_body_cut_anywhere_is_refused() {
    each_body(2, |key, version, body| {
        for end in 0..body.len() {
            assert!(audit_request(key, version, &body[..end]).is_err(), "{key} v{version} cut at {end}");
        }
    });
}

#[test]
fn every_length_that_lies_is_refused() {
    let mut tried = 0;
    each_body(4, |key, version, body| {
        for field in length_fields(key, version, &body).unwrap() {
            let hostile: &[&[u8]] = match field.kind {
                LengthKind::ClassicI16 => &[&[0x7f, 0xff], &[0xff, 0xfe], &[0x80, 0]],
                LengthKind::ClassicI32 => &[&[0x7f, 0xff, 0xff, 0xff], &[0xff, 0xff, 0xff, 0xfe], &[0x80, 0, 0, 0]],
                _ => &[
                    &[0xff, 0xff, 0xff, 0xff, 0x07],
                    &[0xff, 0xff, 0xff, 0xff, 0x0f],
                    &[0xff, 0xff, 0xff, 0xff, 0x1f],
                    &[0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
                ],
            };
            for lie in hostile {
                let bad = [&body[..field.offset], lie, &body[field.offset + field.width..]].concat();
                assert!(audit_request(key, version, &bad).is_err(), "{key} v{version} {field:?} {lie:x?}");
                tried += 1;
            }
        }
    });
    assert!(tried > 10_000, "{tried}");
}

#[test]
fn kafka_protocol_decodes_what_passes_and_encodes_it_back() {
    let mut versions = 0;
    macro_rules! check {
        ($key:literal, $request:ident) => {
            let api = crate::api::Api::of($key).unwrap();
            for version in api.min_version..=api.max_version {
                let known = <$request as Message>::VERSIONS;
                if !(known.min..=known.max).contains(&version) {
                    continue;
                }
                let name = format!("{} v{version}", stringify!($request));
                let mut default = BytesMut::new();
                $request::default().encode(&mut default, version).unwrap();
                assert_eq!(body_length($key, version, &default), Ok(default.len()), "default {name}");
                for seed in 0..8 {
                    let body = Sampler::body(api, version, seed);
                    let mut rest = body.clone();
                    let request = $request::decode(&mut rest, version).unwrap_or_else(|e| panic!("{name}: {e}"));
                    assert_eq!(rest.len(), 0, "{name}");
                    let mut again = BytesMut::new();
                    request.encode(&mut again, version).unwrap();
                    assert_eq!(again.freeze(), body, "{name}");
                }
                versions += 1;
            }
        };
    }
    crate_requests!(check);
    assert!(versions > 250, "{versions}");
}

#[test]
fn generated_requests_decode_what_passes_and_encode_it_back() {
    macro_rules! check {
        ($request:ident, $response:ident) => {{
            use crate::generated::$request as Request;
            let api = crate::api::Api::of(Request::API_KEY).unwrap();
            assert_eq!((Request::LOWEST_VERSION, Request::HIGHEST_VERSION), (api.min_version, api.max_version));
            for version in api.min_version..=api.max_version {
                for seed in 0..16 {
                    let body = Sampler::body(api, version, seed);
                    let mut rest = body.clone();
                    let request = Request::decode(&mut rest, version).unwrap();
                    assert_eq!(rest.len(), 0, "{} v{version}", api.name);
                    let mut again = BytesMut::new();
                    request.encode(&mut again, version).unwrap();
                    // Tags that are not known are not kept, so compare what is: the message.
                    assert_eq!(Request::decode(&mut again.freeze(), version), Ok(request));
                }
            }
        }};
    }
    typed_messages!(check);
}

/// An API of which the crate lacks a version has codecs of our own; nothing is served in part.
#[test]
fn each_version_of_each_api_has_a_codec() {
    let mut complete: Vec<i16> = Vec::new();
    macro_rules! in_crate {
        ($key:literal, $request:ident) => {
            let api = crate::api::Api::of($key).unwrap();
            let known = <$request as Message>::VERSIONS;
            if known.min <= api.min_version && known.max >= api.max_version {
                complete.push($key);
            }
        };
    }
    crate_requests!(in_crate);
    macro_rules! ours {
        ($request:ident, $response:ident) => {
            complete.push(crate::generated::$request::API_KEY);
        };
    }
    typed_messages!(ours);
    complete.sort();
    assert_eq!(complete, APIS.iter().map(|api| api.key).collect::<Vec<_>>());
}

/// A body that was changed at random either is refused, or is one that the decoder walks just as the audit did.
#[test]
fn what_passes_after_a_change_is_decoded_without_surprise() {
    let (mut passed, mut decoded) = (0u64, 0u64);
    macro_rules! check {
        ($key:literal, $request:ident) => {
            let api = crate::api::Api::of($key).unwrap();
            let mut rng = Rng::from_seed($key);
            for version in api.min_version..=api.max_version.min(<$request as Message>::VERSIONS.max) {
                for seed in 0..60 {
                    let mut body = Sampler::body(api, version, seed).to_vec();
                    for _ in 0..=rng.below(3) {
                        if let Some(at) = (!body.is_empty()).then(|| rng.below(body.len() as u64) as usize) {
                            body[at] = [0, 1, 2, 3, 0x7f, 0x80, 0xff][rng.below(7) as usize];
                        }
                    }
                    let Ok(length) = body_length($key, version, &body) else { continue };
                    passed += 1;
                    let mut rest = Bytes::from(body.clone());
                    if $request::decode(&mut rest, version).is_ok() {
                        decoded += 1;
                        assert_eq!(body.len() - rest.len(), length, "{} v{version} {body:x?}", stringify!($request));
                    }
                }
            }
        };
    }
    crate_requests!(check);
    assert!(passed > 1000 && decoded > passed / 2, "{passed} {decoded}");
}

#[test]
fn sizes_in_the_table_cover_the_types_in_memory() {
    macro_rules! check {
        ($index:literal, $module:ident::$name:ident) => {
            let (table, real) = (SHAPES[$index].size as usize, size_of::<kafka_protocol::messages::$module::$name>());
            assert!(table >= real, "{}: {table} < {real}", stringify!($name));
            assert!(table <= real + 48, "{}: {table} > {real} + 48", stringify!($name));
        };
    }
    crate_structs!(check);
    assert_eq!(size_of::<kafka_protocol::protocol::StrBytes>() as u64, SLICE_SIZE);
}

#[test]
fn the_estimate_grows_with_what_would_be_reserved() {
    // Metadata v0 with 1,000 topics of which each takes two bytes.
    let mut body = 1000i32.to_be_bytes().to_vec();
    body.extend([0; 2000]);
    let heap = audit_request(3, 0, &body).unwrap();
    assert!(heap >= 1000 * size_of::<metadata_request::MetadataRequestTopic>(), "{heap}");
    assert!(heap < 1_000_000, "{heap}");
}

#[test]
fn tags_may_come_in_any_order_and_twice_but_must_say_their_size() {
    // Fetch v15: tag 1 (replica state: i32, i64, no tags), tag 0 (cluster id), tag 0 again.
    let mut start = vec![0; 4 + 4 + 4 + 1 + 4 + 4];
    start.extend([1, 1, 1]);
    let state = [&[1, 13][..], &[0; 13]].concat();
    let body = [&start[..], &[3], &state, &[0, 2, 2, b'a', 0, 2, 2, b'b']].concat();
    let length = body.len();
    assert_eq!(body_length(1, 15, &body), Ok(length));
    assert!(FetchRequest::decode(&mut Bytes::from(body.clone()), 15).is_ok());

    let wrong = [&start[..], &[1], &[1, 14], &[0; 14]].concat();
    let offset = start.len() + 3;
    assert_eq!(audit_request(1, 15, &wrong), Err(AuditError::TagSize { offset, tag: 1, announced: 14, taken: 13 }));
}

#[test]
fn unknown_apis_and_versions_are_named() {
    assert_eq!(audit_request(7, 0, &[]), Err(AuditError::UnknownApi(7)));
    let error = AuditError::UnsupportedVersion { api_key: 0, version: 2 };
    assert_eq!(audit_request(0, 2, &[]), Err(error));
}

proptest! {
    #[test]
    fn random_bytes_never_panic_and_never_cost_more_than_a_bound(
        bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(2), Just(0xff), any::<u8>()], 0..120),
    ) {
        for api in APIS {
            for version in api.min_version..=api.max_version {
                if let Ok(heap) = audit_request(api.key, version, &bytes) {
                    prop_assert!(heap <= 1000 * (bytes.len() + 1));
                }
            }
        }
    }
}
