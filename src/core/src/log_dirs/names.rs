//! Names of partition directories: `topic-0`, and with a suffix while one is deleted, moved or stray.

use ottla_base::rng::Rng;
use thiserror::Error;

/// What a suffix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DirKind {
    /// No suffix.
    Live,
    /// To be removed.
    Delete,
    /// A replica that moves here from another log directory.
    Future,
    /// Of a partition that the metadata does not know, or not here.
    Stray,
}

impl DirKind {
    fn suffix(self) -> &'static str {
        match self {
            DirKind::Live => "",
            DirKind::Delete => "-delete",
            DirKind::Future => "-future",
            DirKind::Stray => "-stray",
        }
    }
}

/// A directory's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionDir {
    /// The topic; may be cut to fit for `-delete` and `-stray`.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// What the suffix says.
    pub kind: DirKind,
}

/// A directory that is not a partition's. Kafka refuses to start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "Found directory {path}, '{name}' is not in the form of topic-partition or topic-partition.uniqueId-delete (if marked \
     for deletion).\nKafka's log directories (and children) should only contain Kafka topic data."
)]
pub struct NotAPartition {
    /// The whole path.
    pub path: String,
    /// Its last part.
    pub name: String,
}

/// `topic-0`.
pub fn log_dir_name(topic: &str, partition: i32) -> String {
    format!("{topic}-{partition}")
}

/// A fresh name for a directory that becomes `kind`. For deletion and strays the topic is cut so that the name has at
/// most 255 bytes; a future replica keeps the whole topic, as in Kafka.
pub fn suffixed_dir_name(topic: &str, partition: i32, kind: DirKind, rng: &mut Rng) -> String {
    let unique = format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64());
    let tail = format!("-{partition}.{unique}{}", kind.suffix());
    let mut keep = topic.len();
    if kind != DirKind::Future {
        keep = keep.min(255usize.saturating_sub(tail.len()));
        while !topic.is_char_boundary(keep) {
            keep -= 1;
        }
    }
    format!("{}{tail}", &topic[..keep])
}

/// Takes a directory's name apart (`LocalLog.parseTopicPartitionName`). `None` when it is not a partition's.
pub fn parse_dir_name(name: &str) -> Option<PartitionDir> {
    let kind = [DirKind::Delete, DirKind::Future, DirKind::Stray]
        .into_iter()
        .find(|kind| name.ends_with(kind.suffix()))
        .unwrap_or(DirKind::Live);
    let base = match kind {
        DirKind::Live => name,
        _ => {
            let stem = name.strip_suffix(kind.suffix())?;
            if name.contains(char::is_whitespace) || !has_unique_part(stem) {
                return None;
            }
            &name[..name.rfind('.')?]
        }
    };
    let (topic, partition) = base.rsplit_once('-')?;
    if topic.is_empty() || partition.is_empty() {
        return None;
    }
    Some(PartitionDir { topic: topic.to_owned(), partition: partition.parse().ok()?, kind })
}

/// Something, `-`, something, `.`, something.
fn has_unique_part(stem: &str) -> bool {
    let Some(dash) = stem.bytes().skip(1).position(|b| b == b'-').map(|i| i + 1) else { return false };
    stem.bytes().enumerate().any(|(i, b)| b == b'.' && i >= dash + 2 && i + 1 < stem.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_kafka_does() {
        let live = |topic: &str, partition| Some(PartitionDir { topic: topic.into(), partition, kind: DirKind::Live });
        assert_eq!(parse_dir_name("orders-0"), live("orders", 0));
        assert_eq!(parse_dir_name("a-b.c-12"), live("a-b.c", 12));
        assert_eq!(parse_dir_name("__consumer_offsets-49"), live("__consumer_offsets", 49));
        for bad in ["orders", "-0", "orders-", "orders-x", "", "-delete", "a-delete", "orders-0-delete", "a-0.-delete"]
        {
            assert_eq!(parse_dir_name(bad), None, "{bad:?}");
        }
        let parsed = parse_dir_name("a.b-1.0123456789abcdef0123456789abcdef-stray").unwrap();
        assert_eq!((parsed.topic.as_str(), parsed.partition, parsed.kind), ("a.b", 1, DirKind::Stray));
    }

    #[test]
    fn suffixed_names_fit_a_file_system_and_come_apart_again() {
        let mut rng = Rng::from_seed(1);
        for kind in [DirKind::Delete, DirKind::Stray, DirKind::Future] {
            let name = suffixed_dir_name("orders", 7, kind, &mut rng);
            assert_eq!(parse_dir_name(&name).unwrap(), PartitionDir { topic: "orders".into(), partition: 7, kind });
        }
        let long = "t".repeat(249);
        let name = suffixed_dir_name(&long, 123, DirKind::Delete, &mut rng);
        assert_eq!(name.len(), 255);
        assert_eq!(parse_dir_name(&name).unwrap().partition, 123);
    }
}
