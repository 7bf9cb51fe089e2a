//! Who votes (`VoterSet`, KIP-853).

use ottla_base::ids::Uuid;
use ottla_record::generated::control::{Endpoint, KRaftVersionFeature, VotersRecord, VotersRecordVoter};

/// A voter: a node id and the directory that its vote belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Node id.
    pub id: i32,
    /// Id of the metadata directory; zero in a static quorum, where it is not known.
    pub directory_id: Uuid,
    /// Controller listeners: (name, host, port).
    pub endpoints: Vec<(String, String, u16)>,
    /// Levels of `kraft.version` that it supports.
    pub kraft_versions: (i16, i16),
}

/// All voters, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoterSet {
    voters: Vec<Voter>,
}

impl VoterSet {
    /// From voters in any order; the last of several with the same id counts.
    pub fn new(voters: impl IntoIterator<Item = Voter>) -> VoterSet {
        let mut set = VoterSet::default();
        for voter in voters {
            set.put(voter);
        }
        set
    }

    /// Of a static quorum: ids only.
    pub fn of_ids(ids: impl IntoIterator<Item = i32>) -> VoterSet {
        VoterSet::new(ids.into_iter().map(|id| Voter {
            id,
            directory_id: Uuid::nil(),
            endpoints: Vec::new(),
            kraft_versions: (0, 0),
        }))
    }

    fn put(&mut self, voter: Voter) {
        match self.voters.binary_search_by_key(&voter.id, |v| v.id) {
            Ok(at) => self.voters[at] = voter,
            Err(at) => self.voters.insert(at, voter),
        }
    }

    /// Replaces what is known of a voter.
    #[must_use]
    pub fn with(&self, voter: Voter) -> VoterSet {
        let mut set = self.clone();
        set.put(voter);
        set
    }

    /// By id.
    pub fn get(&self, id: i32) -> Option<&Voter> {
        self.voters.binary_search_by_key(&id, |v| v.id).ok().and_then(|at| self.voters.get(at))
    }

    /// In order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &Voter> {
        self.voters.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.voters.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.voters.is_empty()
    }

    /// Whether `id` is the only voter.
    pub fn is_only(&self, id: i32) -> bool {
        self.voters.len() == 1 && self.get(id).is_some()
    }

    /// From the log.
    pub fn from_record(record: &VotersRecord) -> VoterSet {
        VoterSet::new(record.voters.iter().map(|v| Voter {
            id: v.voter_id,
            directory_id: v.voter_directory_id,
            endpoints: v.endpoints.iter().map(|e| (e.name.clone(), e.host.clone(), e.port)).collect(),
            kraft_versions: (
                v.k_raft_version_feature.min_supported_version,
                v.k_raft_version_feature.max_supported_version,
            ),
        }))
    }

    /// To the log.
    pub fn to_record(&self) -> VotersRecord {
        VotersRecord {
            version: 0,
            voters: self
                .voters
                .iter()
                .map(|v| VotersRecordVoter {
                    voter_id: v.id,
                    voter_directory_id: v.directory_id,
                    endpoints: v
                        .endpoints
                        .iter()
                        .map(|(name, host, port)| Endpoint { name: name.clone(), host: host.clone(), port: *port })
                        .collect(),
                    k_raft_version_feature: KRaftVersionFeature {
                        min_supported_version: v.kraft_versions.0,
                        max_supported_version: v.kraft_versions.1,
                    },
                })
                .collect(),
        }
    }
}
