//! Every length of every version of every advertised API, with every hostile value.
//!
//! The audit, whose own tests hold it against the decoders, says which bodies cannot be decoded: those must close the
//! connection without an answer. The others must be answered, or be refused like a Produce without acknowledgement.

use super::child::Node;
use super::samples::sample;
use super::{Attacker, Outcome, size};
use ottla_broker::server::registry::APIS;
use ottla_protocol::audit::{LengthField, LengthKind, audit_request, length_fields};

/// Encodings of hostile values for a field; `remaining` bytes follow it.
fn lies(field: &LengthField, remaining: usize) -> Vec<Vec<u8>> {
    let remaining = remaining as u32;
    match field.kind {
        LengthKind::ClassicI16 => [-2, -1, 0, remaining.wrapping_add(1) as i16, i16::MAX, i16::MIN]
            .iter()
            .map(|n| n.to_be_bytes().to_vec())
            .collect(),
        LengthKind::ClassicI32 => [-2, -1, 0, remaining as i32 + 1, i32::MAX, i32::MAX - 1, 1 << 20, i32::MIN]
            .iter()
            .map(|n| n.to_be_bytes().to_vec())
            .collect(),
        LengthKind::Compact | LengthKind::TagCount | LengthKind::TagSize => {
            let values = [0, 1, remaining + 1, remaining + 2, 1 << 20, i32::MAX as u32, 1 << 31, u32::MAX];
            let mut all: Vec<Vec<u8>> = values.iter().map(|n| uvarint(*n)).collect();
            // Overlong zero, 33 to 35 bits, six bytes, ten bytes, no end.
            all.push(vec![0x80, 0x80, 0x80, 0x80, 0]);
            all.push(vec![0xff, 0xff, 0xff, 0xff, 0x1f]);
            all.push(vec![0xff, 0xff, 0xff, 0xff, 0x7f]);
            all.push(vec![0x80, 0x80, 0x80, 0x80, 0x80, 1]);
            all.push(vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
            all.push(vec![0xff; 12]);
            all
        }
    }
}

fn uvarint(mut n: u32) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

#[test]
fn every_length_that_lies_is_refused_or_answered_and_the_node_serves_on() {
    let mut node = Node::start(&[]);
    let mut attacker = Attacker::new(node.address);
    let (mut closed, mut answered, mut silent) = (0, 0, 0);
    for api in APIS {
        for version in api.min..=api.max {
            let name = format!("{} v{version}", api.name);
            for seed in 0..size(6, 100) as u64 {
                let body = sample(api.key, version, seed);
                for field in length_fields(api.key, version, &body).unwrap() {
                    let end = field.offset + field.width;
                    for lie in lies(&field, body.len() - end) {
                        let bad = [&body[..field.offset], &lie, &body[end..]].concat();
                        let outcome = attacker.ask(api.key, version, &bad);
                        let what = || format!("{name}: {field:?} says {lie:02x?} in {body:02x?}: {outcome:?}");
                        match (audit_request(api.key, version, &bad), &outcome) {
                            (_, Outcome::Closed) => closed += 1,
                            (Ok(_), Outcome::Answered(_)) => answered += 1,
                            // acks=0 without an error.
                            (Ok(_), Outcome::Silent) if api.key == 0 => silent += 1,
                            _ => panic!("{}", what()),
                        }
                        let may_close = audit_request(api.key, version, &bad).is_err() || api.key == 0;
                        assert!(may_close || outcome != Outcome::Closed, "{}", what());
                    }
                }
            }
            node.check(&name);
        }
    }
    println!("{closed} closed, {answered} answered, {silent} without acknowledgement");
    assert!(closed > 40_000 && answered > 5_000, "{closed} {answered}");
    node.stop();
}

#[test]
fn every_proper_prefix_of_a_body_closes_the_connection_and_bytes_behind_it_do_not_matter() {
    let mut node = Node::start(&[]);
    let mut attacker = Attacker::new(node.address);
    for api in APIS {
        for version in api.min..=api.max {
            let body = sample(api.key, version, 7);
            let step = if size(0, 1) == 1 { 1 } else { body.len().div_ceil(6).max(1) };
            for end in (0..body.len()).step_by(step) {
                let outcome = attacker.ask(api.key, version, &body[..end]);
                assert_eq!(outcome, Outcome::Closed, "{} v{version} cut at {end}: {body:02x?}", api.name);
            }
            let whole = attacker.ask(api.key, version, &body);
            let longer = attacker.ask(api.key, version, &[&body[..], &[0xff; 100]].concat());
            assert_eq!(
                std::mem::discriminant(&whole),
                std::mem::discriminant(&longer),
                "{} v{version}: {body:02x?}",
                api.name
            );
        }
        node.check(api.name);
    }
    node.stop();
}

#[test]
fn lengths_in_headers_lie_in_vain() {
    let mut node = Node::start(&[]);
    let mut attacker = Attacker::new(node.address);
    let probe = crate::client::frame(18, 0, 2, &[]);
    let mut ask = |header: &[u8], body: &[u8]| {
        let len = (header.len() + body.len()) as i32;
        let bytes = [&len.to_be_bytes()[..], header, body, &probe].concat();
        attacker.outcome(&bytes, 1)
    };
    // Metadata v1 and v12; an empty list of topics.
    let classic = |length: i16| [&[0, 3, 0, 1, 0, 0, 0, 1][..], &length.to_be_bytes()].concat();
    for length in [-2, -1, i16::MIN] {
        assert!(matches!(ask(&classic(length), &[0; 4]), Outcome::Answered(_)), "{length} is null");
    }
    for length in [1, 4, 5, i16::MAX] {
        assert_eq!(ask(&classic(length), &[0; 4]), Outcome::Closed, "client id of {length}");
    }
    let v12 = [0, 3, 0, 12, 0, 0, 0, 1, 0xff, 0xff];
    let body = [1, 0, 0, 0];
    for (tags, is_read) in [
        (vec![0], true),
        (vec![1, 0, 0], true),
        (vec![2, 9, 1, 7, 3, 0], true),
        (vec![2, 9, 0, 9, 0], true),
        (vec![0x80, 0x80, 0x80, 0x80, 0], true),
        (vec![1, 9, 200], false),
        (vec![9], false),
        (vec![0xff, 0xff, 0xff, 0xff, 0x0f], false),
        (vec![0xff, 0xff, 0xff, 0xff, 0xff, 1], false),
        (vec![1, 9, 0xff, 0xff, 0xff, 0xff, 0x0f], false),
        (vec![1, 9, 0xff, 0xff, 0xff, 0xff, 0x7f], false),
    ] {
        let outcome = ask(&[&v12[..], &tags].concat(), &body);
        assert_eq!(matches!(outcome, Outcome::Answered(_)), is_read, "{tags:02x?}: {outcome:?}");
    }
    node.check("headers");
    node.stop();
}
