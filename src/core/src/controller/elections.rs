//! Who leads and who is in sync when something changes: fencing, shutdown, ElectLeaders, AlterPartition, directories.

use crate::controller::configs::{MIN_INSYNC_REPLICAS, UNCLEAN_LEADER_ELECTION_ENABLE};
use crate::controller::decide::{Context, Decision};
use crate::controller::partition_change::{Election, PartitionChange};
use crate::controller::placement::default_dir;
use crate::controller::requests::*;
use crate::errors::KafkaError;
use crate::metadata::partition::{LeaderRecoveryState, NO_LEADER, NO_LEADER_CHANGE, PartitionRegistration};
use crate::metadata::{TopicImage, VersionedRecord};
use ottla_base::ids::Uuid;
use ottla_record::generated::metadata::MetadataRecord;
use std::sync::Arc;

/// Which partitions an event is about. Found by walking all of them: such events are rare.
#[derive(Clone, Debug)]
pub(crate) enum PartitionsOf {
    /// This broker is in the ISR.
    Isr(i32),
    /// This broker is in the ELR.
    Elr(i32),
    /// Nobody leads.
    NoLeader,
    /// A replica lies in this directory.
    Directory(Uuid),
    /// Exactly these.
    Listed(Vec<(Uuid, i32)>),
}

impl PartitionsOf {
    fn contains(&self, topic: Uuid, index: i32, partition: &PartitionRegistration) -> bool {
        match self {
            PartitionsOf::Isr(broker) => partition.isr.contains(broker),
            PartitionsOf::Elr(broker) => partition.elr.contains(broker),
            PartitionsOf::NoLeader => partition.leader == NO_LEADER,
            PartitionsOf::Directory(directory) => partition.directories.contains(directory),
            PartitionsOf::Listed(list) => list.contains(&(topic, index)),
        }
    }
}

/// `generateLeaderAndIsrUpdates`. Each broker argument is [`NO_LEADER`] when it does not apply: `remove` leaves ISR and
/// leadership, `add` counts as able to lead though the image still shows it fenced, `unclean` lost what it had not flushed.
pub(crate) fn leader_and_isr_updates(
    ctx: &Context<'_>,
    remove: i32,
    add: i32,
    unclean: i32,
    partitions: PartitionsOf,
    records: &mut Vec<VersionedRecord>,
) {
    let acceptable = |broker: i32| broker != remove && broker != unclean && (broker == add || ctx.is_active(broker));
    for topic in ctx.image.topics() {
        for (index, partition) in topic.partitions.iter() {
            if !partitions.contains(topic.id, *index, partition) {
                continue;
            }
            let election =
                if unclean_election_enabled(ctx, &topic.name) { Election::Unclean } else { Election::Online };
            let record = change(ctx, topic, *index, partition, &acceptable, |builder| {
                builder.election = election;
                if unclean != NO_LEADER {
                    builder.unclean_shutdown_replicas.push(unclean);
                }
                builder.target_isr.retain(|r| *r != remove && *r != unclean);
            });
            records.extend(record);
        }
    }
}

/// Builds one change record after `wish` has set what is wanted.
fn change(
    ctx: &Context<'_>,
    topic: &TopicImage,
    index: i32,
    partition: &PartitionRegistration,
    acceptable: &dyn Fn(i32) -> bool,
    wish: impl FnOnce(&mut PartitionChange<'_>),
) -> Option<VersionedRecord> {
    // `LeaderAcceptor`: a leader also needs its directory.
    let is_acceptable_leader = |broker: i32| {
        acceptable(broker)
            && partition
                .directory(broker)
                .is_some_and(|directory| ctx.image.broker(broker).is_some_and(|b| b.has_online_dir(directory)))
    };
    let default_dir = |broker| default_dir(ctx.image, broker);
    let mut builder = PartitionChange::new(
        partition,
        topic.id,
        index,
        &is_acceptable_leader,
        &default_dir,
        ctx.version,
        effective_min_isr(ctx, topic),
        ctx.image.is_elr_enabled(),
    );
    wish(&mut builder);
    builder.build()
}

/// `getTopicEffectiveMinIsr`.
fn effective_min_isr(ctx: &Context<'_>, topic: &TopicImage) -> usize {
    let value =
        ctx.config.configs.effective_topic_config(ctx.image, ctx.config.node_id, &topic.name, MIN_INSYNC_REPLICAS);
    let configured = value.and_then(|v| v.parse::<usize>().ok()).unwrap_or(1);
    let replication_factor = topic.partition(0).map_or(usize::MAX, |p| p.replicas.len());
    configured.min(replication_factor)
}

fn unclean_election_enabled(ctx: &Context<'_>, topic: &str) -> bool {
    let schema = &ctx.config.configs;
    schema
        .effective_topic_config(ctx.image, ctx.config.node_id, topic, UNCLEAN_LEADER_ELECTION_ENABLE)
        .is_some_and(|v| v.eq_ignore_ascii_case("true"))
}

pub(crate) fn elect_leaders(ctx: &Context<'_>, request: &ElectLeaders) -> Result<Decision, ApiError> {
    let election = match request.election_type {
        0 => Election::Preferred,
        1 => Election::Unclean,
        other => {
            return Err(ApiError::new(KafkaError::InvalidRequest, format!("Unknown election type {other}")));
        }
    };
    let mut records = Vec::new();
    let mut results = Vec::new();
    match &request.topic_partitions {
        None => {
            for topic in ctx.image.topics() {
                let mut partitions = Vec::new();
                for index in topic.partitions.keys() {
                    let error = elect_leader(ctx, &topic.name, *index, election, &mut records);
                    // Asked for all, those that are right already are not mentioned.
                    if error.error != KafkaError::ElectionNotNeeded {
                        partitions.push((*index, error));
                    }
                }
                results.push((topic.name.to_string(), partitions));
            }
        }
        Some(topics) => {
            for (name, indexes) in topics {
                let elect = |index: &i32| (*index, elect_leader(ctx, name, *index, election, &mut records));
                results.push((name.clone(), indexes.iter().map(elect).collect()));
            }
        }
    }
    Ok(Decision::of(records, Response::ElectLeaders(results)))
}

fn elect_leader(
    ctx: &Context<'_>,
    name: &str,
    index: i32,
    election: Election,
    records: &mut Vec<VersionedRecord>,
) -> ApiError {
    let unknown = |text: String| ApiError::new(KafkaError::UnknownTopicOrPartition, text);
    let Some(topic) = ctx.image.topic(name) else { return unknown(format!("No such topic as {name}")) };
    let Some(partition) = topic.partition(index) else {
        return unknown(format!("No such partition as {name}-{index}"));
    };
    if (election == Election::Preferred && partition.has_preferred_leader())
        || (election == Election::Unclean && partition.has_leader())
    {
        let text = "Leader election not needed for topic partition.";
        return ApiError::new(KafkaError::ElectionNotNeeded, text);
    }
    let record = change(ctx, topic, index, partition, &|b| ctx.is_active(b), |builder| builder.election = election);
    match record {
        Some(record) => {
            records.push(record);
            ApiError::NONE
        }
        None if election == Election::Preferred => {
            ApiError::new(KafkaError::PreferredLeaderNotAvailable, "The preferred leader was not available.")
        }
        None => ApiError::new(
            KafkaError::EligibleLeadersNotAvailable,
            "Eligible topic partition leaders are not available.",
        ),
    }
}

pub(crate) fn alter_partition(ctx: &Context<'_>, request: &AlterPartition) -> Result<Decision, ApiError> {
    ctx.check_broker_epoch(request.broker_id, request.broker_epoch)?;
    let mut records = Vec::new();
    let results = request
        .partitions
        .iter()
        .map(|data| AlterPartitionResult {
            topic_id: data.topic_id,
            partition: data.partition,
            result: alter_one_partition(ctx, request.broker_id, data, &mut records),
        })
        .collect();
    Ok(Decision::of(records, Response::AlterPartition(results)))
}

fn alter_one_partition(
    ctx: &Context<'_>,
    broker: i32,
    data: &AlterPartitionData,
    records: &mut Vec<VersionedRecord>,
) -> Result<AlteredPartition, KafkaError> {
    let topic = ctx.image.topic_by_id(data.topic_id).ok_or(KafkaError::UnknownTopicId)?;
    let partition = topic.partition(data.partition).ok_or(KafkaError::UnknownTopicOrPartition)?;
    let state = validate_alter_partition(ctx, broker, partition, data)?;
    let election = if unclean_election_enabled(ctx, &topic.name) { Election::Unclean } else { Election::Online };
    let record = change(ctx, topic, data.partition, partition, &|b| ctx.is_active(b), |builder| {
        builder.election = election;
        builder.target_isr = data.new_isr.iter().map(|(id, _)| *id).collect();
        builder.target_leader_recovery_state = state;
    });
    let mut after = (**partition).clone();
    if let Some(record) = record
        && let MetadataRecord::PartitionChange(change) = &record.record
    {
        // The builder's own record; it fits.
        let _ = after.merge(change);
        let moved = change.leader != broker && change.leader != NO_LEADER_CHANGE;
        records.push(record);
        if moved {
            // A completed reassignment took the leadership along: error and record both.
            return Err(KafkaError::NewLeaderElected);
        }
    }
    Ok(AlteredPartition {
        leader_id: after.leader,
        leader_epoch: after.leader_epoch,
        isr: after.isr,
        leader_recovery_state: after.leader_recovery_state.value(),
        partition_epoch: after.partition_epoch,
    })
}

/// `validateAlterPartitionData`.
fn validate_alter_partition(
    ctx: &Context<'_>,
    broker: i32,
    partition: &PartitionRegistration,
    data: &AlterPartitionData,
) -> Result<LeaderRecoveryState, KafkaError> {
    // A leader that is ahead has heard of a newer controller than this one.
    if data.leader_epoch > partition.leader_epoch || data.partition_epoch > partition.partition_epoch {
        return Err(KafkaError::NotController);
    }
    if data.leader_epoch < partition.leader_epoch {
        return Err(KafkaError::FencedLeaderEpoch);
    }
    if broker != partition.leader {
        return Err(KafkaError::InvalidRequest);
    }
    if data.partition_epoch < partition.partition_epoch {
        return Err(KafkaError::InvalidUpdateVersion);
    }
    let isr: Vec<i32> = data.new_isr.iter().map(|(id, _)| *id).collect();
    let mut sorted = isr.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let valid = !isr.is_empty() && sorted.len() == isr.len() && isr.iter().all(|r| partition.replicas.contains(r));
    if !valid || !isr.contains(&partition.leader) {
        return Err(KafkaError::InvalidRequest);
    }
    let state = LeaderRecoveryState::of(data.leader_recovery_state).ok_or(KafkaError::InvalidRequest)?;
    let recovering = state == LeaderRecoveryState::Recovering;
    if recovering && (isr.len() > 1 || partition.leader_recovery_state == LeaderRecoveryState::Recovered) {
        return Err(KafkaError::InvalidRequest);
    }
    for (id, epoch) in &data.new_isr {
        let eligible = ctx.image.broker(*id).is_some_and(|b| b.is_active() && (*epoch == -1 || *epoch == b.epoch));
        if !eligible {
            return Err(KafkaError::IneligibleReplica);
        }
    }
    Ok(state)
}

pub(crate) fn assign_replicas_to_dirs(ctx: &Context<'_>, request: &AssignReplicasToDirs) -> Result<Decision, ApiError> {
    if !ctx.version.is_directory_assignment_supported() {
        return Err(ApiError::new(KafkaError::UnsupportedVersion, "Directory assignment is not supported yet."));
    }
    let broker = request.broker_id;
    ctx.check_broker_epoch(broker, request.broker_epoch)?;
    let registration = ctx.image.broker(broker).ok_or_else(|| {
        ApiError::new(KafkaError::BrokerIdNotRegistered, format!("Broker ID {broker} is not currently registered"))
    })?;
    let mut records = Vec::new();
    let mut offline = Vec::new();
    let mut assign = |directory: Uuid, topic: Option<&Arc<TopicImage>>, index: i32| -> KafkaError {
        let Some(topic) = topic else { return KafkaError::UnknownTopicId };
        let Some(partition) = topic.partition(index) else { return KafkaError::UnknownTopicOrPartition };
        if !partition.replicas.contains(&broker) {
            return KafkaError::NotLeaderOrFollower;
        }
        records.extend(change(ctx, topic, index, partition, &|b| ctx.is_active(b), |builder| {
            builder.directories.insert(broker, directory);
        }));
        if !registration.has_online_dir(directory) {
            offline.push((topic.id, index));
        }
        KafkaError::None
    };
    let mut response = Vec::new();
    for (directory, topics) in &request.directories {
        let mut topic_results = Vec::new();
        for (topic_id, partitions) in topics {
            let topic = ctx.image.topic_by_id(*topic_id);
            let results = partitions.iter().map(|index| (*index, assign(*directory, topic, *index))).collect();
            topic_results.push((*topic_id, results));
        }
        response.push((*directory, topic_results));
    }
    if !offline.is_empty() {
        leader_and_isr_updates(ctx, broker, NO_LEADER, NO_LEADER, PartitionsOf::Listed(offline), &mut records);
    }
    Ok(Decision::of(records, Response::AssignReplicasToDirs(response)))
}
