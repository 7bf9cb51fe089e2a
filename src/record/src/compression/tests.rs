//! Round trips, bounds and garbage.

use super::*;
use proptest::prelude::*;

const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip(-1), Compression::Snappy, Compression::Lz4(9), Compression::Zstd(3)];

fn packed(compression: Compression, input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compress(compression, input, &mut out).expect("compresses");
    out
}

#[test]
fn round_trips_at_block_borders() {
    for codec in CODECS {
        for size in [0, 1, 32_767, 32_768, 32_769, 65_536, 65_537, 300_000] {
            let input: Vec<u8> = (0..size).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
            assert_eq!(
                decompress(codec.codec(), &packed(codec, &input), size as usize).expect("reads"),
                input,
                "{codec:?} {size}"
            );
        }
    }
}

#[test]
fn more_than_the_limit_is_its_own_error() {
    for codec in CODECS {
        let bomb = packed(codec, &vec![0; 5_000_000]);
        let e = decompress(codec.codec(), &bomb, 100_000).expect_err("above the limit");
        assert!(matches!(e, CompressionError::TooLarge { limit: 100_000 }), "{codec:?}: {e}");
    }
}

#[test]
fn a_cut_stream_is_an_error() {
    for codec in CODECS.into_iter().skip(1) {
        let whole = packed(codec, b"some bytes that are not very long, but long enough to be cut somewhere");
        let e = decompress(codec.codec(), &whole[..whole.len() / 2], 1_000);
        assert!(matches!(e, Err(CompressionError::Corrupt(_))), "{codec:?}");
    }
}

#[test]
fn raw_snappy_is_read() {
    let raw = snap::raw::Encoder::new().compress_vec(b"librdkafka sends it so").expect("compresses");
    assert_eq!(decompress(CompressionType::Snappy, &raw, 100).expect("reads"), b"librdkafka sends it so");
}

#[test]
fn gzip_members_follow_each_other_and_a_tail_is_ignored() {
    let mut two = [packed(Compression::Gzip(1), b"one"), packed(Compression::Gzip(9), b"two")].concat();
    two.extend_from_slice(b"tail");
    assert_eq!(decompress(CompressionType::Gzip, &two, 100).expect("reads"), b"onetwo");
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), flip in any::<usize>()) {
        for codec in CODECS {
            let _ = decompress(codec.codec(), &bytes, 10_000);
            let mut broken = packed(codec, &bytes);
            if !broken.is_empty() {
                let at = flip % broken.len();
                broken[at] ^= 1 << (flip % 8);
            }
            let _ = decompress(codec.codec(), &broken, 10_000);
        }
    }
}
