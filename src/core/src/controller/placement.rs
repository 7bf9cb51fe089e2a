//! Which brokers get a new partition's replicas (`StripedReplicaPlacer`): racks take turns, leaders are spread first, and
//! a fenced broker is chosen only after the unfenced ones of its rack, never as the first replica.

use crate::controller::requests::ApiError;
use crate::errors::KafkaError;
use crate::metadata::MetadataImage;
use ottla_base::ids::{DIRECTORY_MIGRATING, DIRECTORY_UNASSIGNED, Uuid};
use ottla_base::rng::Rng;
use std::collections::BTreeMap;

/// A broker that may be given replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsableBroker {
    /// Node id.
    pub id: i32,
    /// Its rack.
    pub rack: Option<String>,
    /// Fenced brokers are the last choice.
    pub fenced: bool,
}

/// Replicas for each of `num_partitions` new partitions.
///
/// Errors are INVALID_REPLICATION_FACTOR with Kafka's text.
pub fn place(
    brokers: &[UsableBroker],
    num_partitions: i32,
    num_replicas: i16,
    rng: &mut Rng,
) -> Result<Vec<Vec<i32>>, ApiError> {
    let mut racks = RackList::new(brokers, rng);
    check(&racks, num_replicas)?;
    Ok((0..num_partitions).map(|_| racks.place(num_replicas, rng)).collect())
}

fn check(racks: &RackList, num_replicas: i16) -> Result<(), ApiError> {
    let invalid = |text: String| Err(ApiError::new(KafkaError::InvalidReplicationFactor, text));
    if num_replicas <= 0 {
        return invalid(format!("Invalid replication factor {num_replicas}: the replication factor must be positive."));
    }
    if racks.unfenced_count == 0 {
        return invalid("All brokers are currently fenced, or have all their log directories cordoned.".to_owned());
    }
    if usize::try_from(num_replicas).is_ok_and(|n| n > racks.total_count) {
        return invalid(format!(
            "The target replication factor of {num_replicas} cannot be reached because only {} broker(s) are registered \
             or some brokers have all their log directories cordoned.",
            racks.total_count
        ));
    }
    Ok(())
}

/// The directory that a new replica on `broker` starts in (`ClusterControlManager.defaultDir`).
pub fn default_dir(image: &MetadataImage, broker: i32) -> Uuid {
    if !image.metadata_version().is_some_and(|v| v.is_directory_assignment_supported()) {
        return DIRECTORY_MIGRATING;
    }
    match image.broker(broker).map(|b| b.directories.as_slice()) {
        // That the broker is not registered is found elsewhere.
        None => DIRECTORY_UNASSIGNED,
        Some([]) => DIRECTORY_MIGRATING,
        Some([only]) => *only,
        Some(_) => DIRECTORY_UNASSIGNED,
    }
}

#[derive(Debug, Default)]
struct BrokerList {
    brokers: Vec<i32>,
    index: usize,
    offset: usize,
    epoch: usize,
}

impl BrokerList {
    fn initialize(&mut self, rng: &mut Rng) {
        if !self.brokers.is_empty() {
            self.brokers.sort_unstable();
            self.offset = below(rng, self.brokers.len());
        }
    }

    fn next(&mut self, epoch: usize) -> Option<i32> {
        if self.brokers.is_empty() {
            return None;
        }
        if self.epoch != epoch {
            self.epoch = epoch;
            self.index = 0;
            self.offset = (self.offset + 1) % self.brokers.len();
        }
        if self.index >= self.brokers.len() {
            return None;
        }
        let broker = self.brokers[(self.index + self.offset) % self.brokers.len()];
        self.index += 1;
        Some(broker)
    }
}

#[derive(Debug, Default)]
struct Rack {
    fenced: BrokerList,
    unfenced: BrokerList,
}

#[derive(Debug)]
struct RackList {
    racks: Vec<Rack>,
    total_count: usize,
    unfenced_count: usize,
    epoch: usize,
    offset: usize,
}

impl RackList {
    fn new(brokers: &[UsableBroker], rng: &mut Rng) -> RackList {
        // No rack sorts first, as in Kafka's OptionalStringComparator.
        let mut by_name: BTreeMap<Option<&str>, Rack> = BTreeMap::new();
        for broker in brokers {
            let rack = by_name.entry(broker.rack.as_deref()).or_default();
            let list = if broker.fenced { &mut rack.fenced } else { &mut rack.unfenced };
            list.brokers.push(broker.id);
        }
        let mut racks: Vec<Rack> = by_name.into_values().collect();
        for rack in &mut racks {
            rack.fenced.initialize(rng);
            rack.unfenced.initialize(rng);
        }
        let offset = below(rng, racks.len());
        RackList {
            racks,
            total_count: brokers.len(),
            unfenced_count: brokers.iter().filter(|b| !b.fenced).count(),
            epoch: 0,
            offset,
        }
    }

    /// Precondition: `check` has passed, so the loops below end.
    fn place(&mut self, num_replicas: i16, rng: &mut Rng) -> Vec<i32> {
        // After as many assignments as there are unfenced brokers the pattern would repeat; a single broker would
        // loop for ever.
        if self.epoch == self.unfenced_count && self.unfenced_count > 1 {
            shuffle(&mut self.racks, rng);
            for rack in &mut self.racks {
                shuffle(&mut rack.fenced.brokers, rng);
                shuffle(&mut rack.unfenced.brokers, rng);
            }
            self.epoch = 0;
        }
        let count = self.racks.len();
        if self.offset == count {
            self.offset = 0;
        }
        let mut replicas = Vec::new();
        let mut first_rack = self.offset;
        loop {
            if let Some(broker) = self.racks[first_rack].unfenced.next(self.epoch) {
                replicas.push(broker);
                break;
            }
            first_rack = (first_rack + 1) % count;
        }
        let mut rack = self.offset;
        // The rack of the leader is skipped once, so that the second replica is elsewhere.
        let mut skip = Some(first_rack);
        for _ in 1..num_replicas {
            loop {
                let result = if skip == Some(rack) {
                    skip = None;
                    None
                } else {
                    let rack = &mut self.racks[rack];
                    rack.unfenced.next(self.epoch).or_else(|| rack.fenced.next(self.epoch))
                };
                rack = (rack + 1) % count;
                if let Some(broker) = result {
                    replicas.push(broker);
                    break;
                }
            }
        }
        self.epoch += 1;
        self.offset += 1;
        replicas
    }
}

fn below(rng: &mut Rng, bound: usize) -> usize {
    usize::try_from(rng.below(bound as u64)).unwrap_or(0)
}

/// Fisher and Yates.
fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, below(rng, i + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn brokers(racks: &[(i32, Option<&str>, bool)]) -> Vec<UsableBroker> {
        racks
            .iter()
            .map(|(id, rack, fenced)| UsableBroker { id: *id, rack: rack.map(str::to_owned), fenced: *fenced })
            .collect()
    }

    #[test]
    fn leaders_are_spread_evenly() {
        let brokers = brokers(&[(0, None, false), (1, None, false), (2, None, false)]);
        for seed in 0..50 {
            let placed = place(&brokers, 30, 2, &mut Rng::from_seed(seed)).unwrap();
            for broker in 0..3 {
                assert_eq!(placed.iter().filter(|r| r[0] == broker).count(), 10);
            }
            assert!(placed.iter().all(|r| r.iter().collect::<BTreeSet<_>>().len() == 2));
        }
    }

    #[test]
    fn replicas_go_to_different_racks_first() {
        let brokers = brokers(&[
            (0, Some("a"), false),
            (1, Some("a"), false),
            (2, Some("b"), false),
            (3, Some("b"), false),
            (4, Some("c"), false),
        ]);
        let rack = |id: i32| ["a", "a", "b", "b", "c"][id as usize];
        for seed in 0..50 {
            for replicas in place(&brokers, 20, 3, &mut Rng::from_seed(seed)).unwrap() {
                assert_eq!(replicas.iter().map(|r| rack(*r)).collect::<BTreeSet<_>>().len(), 3, "{replicas:?}");
            }
        }
    }

    #[test]
    fn a_fenced_broker_never_leads() {
        let brokers = brokers(&[(0, None, true), (1, None, false), (2, None, false)]);
        for seed in 0..50 {
            for replicas in place(&brokers, 10, 3, &mut Rng::from_seed(seed)).unwrap() {
                assert_ne!(replicas[0], 0);
                assert_eq!(replicas[2], 0, "fenced brokers come last");
            }
        }
    }

    #[test]
    fn impossible_factors_have_kafkas_texts() {
        let two = brokers(&[(0, None, false), (1, None, true)]);
        let text =
            |brokers: &[UsableBroker], n| place(brokers, 1, n, &mut Rng::from_seed(1)).unwrap_err().message.unwrap();
        assert_eq!(text(&two, 0), "Invalid replication factor 0: the replication factor must be positive.");
        assert_eq!(
            text(&two, 3),
            "The target replication factor of 3 cannot be reached because only 2 broker(s) are registered or some \
             brokers have all their log directories cordoned."
        );
        assert_eq!(text(&two[1..], 1), "All brokers are currently fenced, or have all their log directories cordoned.");
    }

    #[test]
    fn one_broker_takes_everything() {
        let one = brokers(&[(7, None, false)]);
        assert_eq!(place(&one, 4, 1, &mut Rng::from_seed(9)).unwrap(), vec![vec![7]; 4]);
    }
}
