//! Valid bodies of any version of any request, made through the audit itself: whatever it misses is appended, as zeros, until it
//! is content; then its lengths are given values one after the other, and what follows is made anew.

use ottla_base::rng::Rng;
use ottla_protocol::audit::{AuditError, LengthField, LengthKind, body_length, length_fields};

/// A body with filled arrays, texts and tagged fields.
pub fn sample(key: i16, version: i16, seed: u64) -> Vec<u8> {
    let mut rng = Rng::from_seed(seed ^ (key as u64) << 32 ^ (version as u64) << 16);
    let mut body = Vec::new();
    complete(key, version, &mut body);
    for at in 0..200 {
        let fields = length_fields(key, version, &body).expect("complete");
        let Some(field) = fields.get(at) else { break };
        let before = body.clone();
        body.truncate(field.offset);
        let n = [1, 1, 2, 0, 1, 1, 0, 1][rng.below(8) as usize];
        let null = rng.below(6) == 0;
        match field.kind {
            LengthKind::ClassicI16 => body.extend(if null { -1i16 } else { n }.to_be_bytes()),
            LengthKind::ClassicI32 => body.extend(if null { -1i32 } else { i32::from(n) }.to_be_bytes()),
            LengthKind::Compact => body.push(if null { 0 } else { n as u8 + 1 }),
            LengthKind::TagCount => {
                body.push(n as u8);
                if n > 0 {
                    body.extend([[0, 1, 2, 99][rng.below(4) as usize], 0]);
                }
            }
            LengthKind::TagSize => body = before.clone(),
        }
        let valid = try_complete(key, version, &mut body);
        if !valid {
            // Null is not allowed there.
            body = before;
        }
    }
    complete(key, version, &mut body);
    body
}

/// The shortest valid body, and what an array of it takes for each element: (offset and kind of its count, element).
pub fn arrays(key: i16, version: i16) -> Vec<(Vec<u8>, LengthField, Vec<u8>, Vec<u8>)> {
    let mut body = Vec::new();
    complete(key, version, &mut body);
    let mut out = Vec::new();
    for field in length_fields(key, version, &body).expect("complete") {
        let head = body[..field.offset].to_vec();
        let with = |count: u8| -> Option<Vec<u8>> {
            let mut longer = head.clone();
            match field.kind {
                LengthKind::ClassicI32 => longer.extend([0, 0, 0, count]),
                LengthKind::Compact => longer.push(count + 1),
                _ => return None,
            }
            try_complete(key, version, &mut longer).then(|| longer[field.offset + field.width..].to_vec())
        };
        let (Some(none), Some(one), Some(two)) = (with(0), with(1), with(2)) else { continue };
        let size = one.len() - none.len();
        // Elements lie one after the other, and the rest is as long as without them.
        assert_eq!(two.len(), one.len() + size, "{key} v{version} {field:?}");
        out.push((head, field, one[..size].to_vec(), one[size..].to_vec()));
    }
    out
}

/// Appends and corrects until the audit is content.
fn complete(key: i16, version: i16, body: &mut Vec<u8>) {
    assert!(try_complete(key, version, body), "{key} v{version} {body:x?}");
}

fn try_complete(key: i16, version: i16, body: &mut Vec<u8>) -> bool {
    for _ in 0..10_000 {
        match body_length(key, version, body) {
            Ok(length) => {
                body.truncate(length);
                return true;
            }
            Err(AuditError::Truncated { needed, left, .. }) => {
                body.resize(body.len() + needed as usize - left, 0);
            }
            // A zero that had been appended: no null here, or a struct that must be announced.
            Err(AuditError::BadLength { offset, length: -1 | 0 }) if body[offset] == 0 => body[offset] = 1,
            Err(AuditError::TagSize { offset, taken, .. }) if taken < 128 => body[offset - 1] = taken as u8,
            Err(AuditError::TagNotInVersion { offset, .. }) => body[offset] = 99,
            Err(_) => return false,
        }
    }
    false
}

#[test]
fn samples_fill_most_lengths() {
    let (mut lengths, mut filled) = (0, 0);
    for api in ottla_broker::server::registry::APIS {
        for version in api.min..=api.max {
            let body = sample(api.key, version, 1);
            for field in length_fields(api.key, version, &body).unwrap() {
                lengths += 1;
                let bytes = &body[field.offset..field.offset + field.width];
                filled += usize::from(bytes.iter().any(|b| !matches!(b, 0 | 0xff)) && bytes != [1]);
            }
        }
    }
    assert!(lengths > 700 && filled > lengths / 3, "{filled} of {lengths}");
}
