//! `quorum-state`: KRaft's election file, one line of JSON (`FileQuorumStateStore`). Raft's own votes are in the entry log;
//! this file is read for the highest epoch that Apache Kafka may have seen since, and written so that Apache Kafka can
//! take the directory over.

use ottla_base::ids::{Uuid, uuid_from_text, uuid_to_text};
use std::fmt::Write;

/// Name of the file in the metadata partition's directory.
pub const FILE_NAME: &str = "quorum-state";

/// Its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumState {
    /// Leader of the epoch, or -1.
    pub leader_id: i32,
    /// The highest epoch seen.
    pub leader_epoch: i32,
    /// Who was voted for in the epoch, or -1.
    pub voted_id: i32,
    /// Its directory; zero when not known.
    pub voted_directory_id: Uuid,
    /// Voters; only in data_version 0.
    pub current_voters: Vec<i32>,
}

impl QuorumState {
    /// One line of JSON as Kafka writes it. data_version 1 when the voters are in the log (kraft.version 1).
    pub fn to_json(&self, data_version: i16) -> String {
        let (leader, epoch, voted) = (self.leader_id, self.leader_epoch, self.voted_id);
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = if data_version == 0 {
            let voters: Vec<String> = self.current_voters.iter().map(|id| format!("{{\"voterId\":{id}}}")).collect();
            write!(
                out,
                "{{\"clusterId\":\"\",\"leaderId\":{leader},\"leaderEpoch\":{epoch},\"votedId\":{voted},\
                 \"appliedOffset\":0,\"currentVoters\":[{}],\"data_version\":0}}",
                voters.join(",")
            )
        } else {
            write!(
                out,
                "{{\"leaderId\":{leader},\"leaderEpoch\":{epoch},\"votedId\":{voted},\"votedDirectoryId\":\"{}\",\
                 \"data_version\":1}}",
                uuid_to_text(self.voted_directory_id)
            )
        };
        out
    }

    /// Reads what Kafka (or we) wrote. `None` when it is not that: the log then says what is known.
    pub fn parse(text: &str) -> Option<QuorumState> {
        let line = text.lines().next()?;
        if !line.trim().starts_with('{') || !line.trim().ends_with('}') {
            return None;
        }
        let version = number(line, "data_version")?;
        if !(0..=1).contains(&version) {
            return None;
        }
        let int = |key: &str| number(line, key).and_then(|n| i32::try_from(n).ok());
        let current_voters =
            line.split("\"voterId\"").skip(1).filter_map(leading_number).filter_map(|n| i32::try_from(n).ok());
        Some(QuorumState {
            leader_id: int("leaderId").unwrap_or(-1),
            leader_epoch: int("leaderEpoch")?,
            voted_id: int("votedId").unwrap_or(-1),
            voted_directory_id: text_value(line, "votedDirectoryId").and_then(uuid_from_text).unwrap_or_default(),
            current_voters: current_voters.collect(),
        })
    }
}

/// The number after `"key":`. Kafka's values hold no quotes, so keys cannot be mistaken.
fn number(line: &str, key: &str) -> Option<i64> {
    let (_, rest) = line.split_once(&format!("\"{key}\""))?;
    leading_number(rest)
}

fn leading_number(rest: &str) -> Option<i64> {
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

fn text_value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{key}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_kafkas_byte_for_byte() {
        let v0 = r#"{"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}"#;
        let v1 = r#"{"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}"#;
        let zero = QuorumState::parse(v0).unwrap();
        assert_eq!(zero.current_voters, [1]);
        assert_eq!(zero.to_json(0), v0);
        assert_eq!(QuorumState::parse(v1).unwrap().to_json(1), v1);
    }

    #[test]
    fn what_is_not_a_quorum_state_is_none() {
        for text in
            ["", "{", "{}", "[]", r#"{"leaderEpoch":"x","data_version":1}"#, r#"{"leaderEpoch":1,"data_version":2}"#]
        {
            assert_eq!(QuorumState::parse(text), None, "{text}");
        }
    }
}
