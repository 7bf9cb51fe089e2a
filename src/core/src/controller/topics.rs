//! CreateTopics, DeleteTopics, CreatePartitions: checks in Kafka's order with Kafka's texts (`ReplicationControlManager`,
//! and the duplicate checks of `ControllerApis`).

use crate::controller::configs::{NewResource, alter_resource, clear_elr_records_as_needed};
use crate::controller::decide::{Context, Decision};
use crate::controller::placement::{self, default_dir};
use crate::controller::requests::*;
use crate::errors::KafkaError;
use crate::metadata::partition::PartitionRegistration;
use crate::metadata::{ConfigResource, LeaderRecoveryState, TopicImage, VersionedRecord};
use ottla_base::ids::{CLUSTER_METADATA_TOPIC, Uuid, ZERO_UUID, random_uuid};
use ottla_base::rng::Rng;
use ottla_record::generated::metadata::{MetadataRecord, RemoveTopicRecord, TopicRecord};
use std::collections::{BTreeMap, BTreeSet};

/// `ReplicationControlManager.MAX_PARTITIONS_PER_BATCH`.
const PARTITIONS_PER_BATCH_MAX: i64 = 10_000;
/// `Errors.UNKNOWN_TOPIC_OR_PARTITION.message()`, which Kafka sends along when it resolves names.
const UNKNOWN_TOPIC: &str = "This server does not host this topic-partition.";
/// `Errors.UNKNOWN_TOPIC_ID.message()`.
const UNKNOWN_TOPIC_ID: &str = "This server does not host this topic ID.";

/// `Topic.validate`.
pub fn validate_topic_name(name: &str) -> Result<(), ApiError> {
    let reason = if name.is_empty() {
        "the empty string is not allowed".to_owned()
    } else if name == "." || name == ".." {
        format!("'{name}' is not allowed")
    } else if name.encode_utf16().count() > 249 {
        format!("the length of '{name}' is longer than the max allowed length 249")
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        format!("'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'")
    } else {
        return Ok(());
    };
    Err(ApiError::new(KafkaError::InvalidTopicException, format!("Topic name is invalid: {reason}")))
}

/// Names that appear more than once.
fn duplicates<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}

pub(crate) fn create_topics(ctx: &Context<'_>, request: &CreateTopics, rng: &mut Rng) -> Result<Decision, ApiError> {
    let duplicates = duplicates(request.topics.iter().map(|t| t.name.as_str()));
    let topics: Vec<&CreatableTopic> = request
        .topics
        .iter()
        .filter(|t| !duplicates.contains(t.name.as_str()) && t.name != CLUSTER_METADATA_TOPIC)
        .collect();
    validate_total_partitions(ctx, &topics)?;

    let mut errors = name_errors(ctx, &topics);
    let mut records = Vec::new();
    let mut results = Vec::new();
    for topic in &topics {
        let outcome = match errors.remove(&topic.name) {
            Some(error) => Err(error),
            None => create_topic(ctx, topic, rng),
        };
        results.push(match outcome {
            Ok((new_records, result)) => {
                records.extend(new_records);
                result
            }
            Err(error) => refused(&topic.name, error),
        });
    }
    for name in &duplicates {
        results.push(refused(name, ApiError::new(KafkaError::InvalidRequest, "Duplicate topic name.")));
    }
    if !duplicates.contains(CLUSTER_METADATA_TOPIC) && request.topics.iter().any(|t| t.name == CLUSTER_METADATA_TOPIC) {
        let text = format!("Creation of internal topic {CLUSTER_METADATA_TOPIC} is prohibited.");
        results.push(refused(CLUSTER_METADATA_TOPIC, ApiError::new(KafkaError::InvalidRequest, text)));
    }
    if request.validate_only {
        records.clear();
    }
    Ok(Decision::atomic(records, Response::CreateTopics(results)))
}

fn refused(name: &str, error: ApiError) -> CreatableTopicResult {
    CreatableTopicResult {
        name: name.to_owned(),
        topic_id: ZERO_UUID,
        error,
        num_partitions: -1,
        replication_factor: -1,
    }
}

fn validate_total_partitions(ctx: &Context<'_>, topics: &[&CreatableTopic]) -> Result<(), ApiError> {
    let of = |t: &&CreatableTopic| match (t.assignments.len(), t.num_partitions) {
        (0, -1) => i64::from(ctx.config.default_num_partitions),
        (0, n) => i64::from(n.max(0)),
        (n, _) => n as i64,
    };
    if topics.iter().map(of).sum::<i64>() > PARTITIONS_PER_BATCH_MAX {
        return Err(ApiError::new(KafkaError::PolicyViolation, "Excessively large number of partitions per request."));
    }
    Ok(())
}

/// Invalid, colliding and taken names, then configurations without a value; a later finding replaces an earlier one only
/// where it does in Kafka.
fn name_errors(ctx: &Context<'_>, topics: &[&CreatableTopic]) -> ErrorsByName {
    let mut errors = ErrorsByName::new();
    for topic in topics {
        if let Err(error) = validate_topic_name(&topic.name) {
            errors.insert(topic.name.clone(), error);
        }
        if let Some(colliding) = ctx.image.colliding_topic(&topic.name) {
            let text = format!("Topic '{}' collides with existing topic: {colliding}", topic.name);
            errors.insert(topic.name.clone(), ApiError::new(KafkaError::InvalidTopicException, text));
        }
    }
    for topic in topics {
        if ctx.image.topic_id(&topic.name).is_some() {
            let text = format!("Topic '{}' already exists.", topic.name);
            errors.insert(topic.name.clone(), ApiError::new(KafkaError::TopicAlreadyExists, text));
        }
    }
    for topic in topics {
        if errors.contains_key(&topic.name) {
            continue;
        }
        let nulls: Vec<&str> = topic.configs.iter().filter(|(_, v)| v.is_none()).map(|(k, _)| k.as_str()).collect();
        if !nulls.is_empty() {
            let text = format!("Null value not supported for topic configs: {}", nulls.join(","));
            errors.insert(topic.name.clone(), ApiError::new(KafkaError::InvalidConfig, text));
        }
    }
    errors
}

fn create_topic(
    ctx: &Context<'_>,
    topic: &CreatableTopic,
    rng: &mut Rng,
) -> Result<(Vec<VersionedRecord>, CreatableTopicResult), ApiError> {
    let ops: Vec<AlterConfigOp> = topic
        .configs
        .iter()
        .map(|(name, value)| AlterConfigOp { name: name.clone(), op: OpType::Set, value: value.clone() })
        .collect();
    let mut config_records = Vec::new();
    if !ops.is_empty() {
        config_records = alter_resource(ctx, &ConfigResource::topic(&*topic.name), &ops, NewResource::Yes)?;
        config_records.extend(clear_elr_records_as_needed(ctx, &config_records));
    }
    let partitions = if topic.assignments.is_empty() {
        placed_partitions(ctx, topic, rng)?
    } else {
        assigned_partitions(ctx, topic)?
    };
    let topic_id = loop {
        let id = random_uuid(rng);
        if ctx.image.topic_by_id(id).is_none() {
            break id;
        }
    };
    let record = TopicRecord { name: topic.name.clone(), topic_id };
    let mut records = vec![VersionedRecord::new(MetadataRecord::Topic(record), 0)];
    // After the topic, before its partitions.
    records.extend(config_records);
    let elr = ctx.image.is_elr_enabled();
    records.extend(partitions.iter().map(|(index, p)| p.to_record(topic_id, *index, ctx.version, elr)));
    let replication_factor = partitions.values().next().map_or(0, |p| p.replicas.len());
    let result = CreatableTopicResult {
        name: topic.name.clone(),
        topic_id,
        error: ApiError::NONE,
        num_partitions: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
        replication_factor: i16::try_from(replication_factor).unwrap_or(i16::MAX),
    };
    Ok((records, result))
}

fn placed_partitions(
    ctx: &Context<'_>,
    topic: &CreatableTopic,
    rng: &mut Rng,
) -> Result<BTreeMap<i32, PartitionRegistration>, ApiError> {
    if topic.replication_factor < -1 || topic.replication_factor == 0 {
        return Err(ApiError::new(
            KafkaError::InvalidReplicationFactor,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        ));
    }
    if topic.num_partitions < -1 || topic.num_partitions == 0 {
        return Err(ApiError::new(
            KafkaError::InvalidPartitions,
            "Number of partitions was set to an invalid non-positive value.",
        ));
    }
    let or_default = |given, default| if given == -1 { default } else { given };
    let num_partitions = or_default(topic.num_partitions, ctx.config.default_num_partitions);
    let replication_factor = match topic.replication_factor {
        -1 => ctx.config.default_replication_factor,
        given => given,
    };
    let unable = |text: String| {
        let text = format!("Unable to replicate the partition {replication_factor} time(s): {text}");
        ApiError::new(KafkaError::InvalidReplicationFactor, text)
    };
    let placed = placement::place(&ctx.usable_brokers(), num_partitions, replication_factor, rng)
        .map_err(|e| unable(e.message.unwrap_or_default()))?;
    let mut partitions = BTreeMap::new();
    for (index, replicas) in (0..).zip(placed) {
        let isr = ctx.active_of(&replicas);
        if isr.is_empty() {
            return Err(unable("All brokers are currently fenced or in controlled shutdown.".to_owned()));
        }
        partitions.insert(index, new_partition(ctx, replicas, isr));
    }
    Ok(partitions)
}

fn assigned_partitions(
    ctx: &Context<'_>,
    topic: &CreatableTopic,
) -> Result<BTreeMap<i32, PartitionRegistration>, ApiError> {
    let bad_request = |text: &str| Err(ApiError::new(KafkaError::InvalidRequest, text));
    if topic.replication_factor != -1 {
        return bad_request("A manual partition assignment was specified, but replication factor was not set to -1.");
    }
    if topic.num_partitions != -1 {
        return bad_request("A manual partition assignment was specified, but numPartitions was not set to -1.");
    }
    let bad_assignment = |text: String| Err(ApiError::new(KafkaError::InvalidReplicaAssignment, text));
    let mut partitions = BTreeMap::new();
    let mut replication_factor = None;
    for (index, brokers) in &topic.assignments {
        if partitions.contains_key(index) {
            return bad_assignment(format!("Found multiple manual partition assignments for partition {index}"));
        }
        validate_manual_assignment(ctx, brokers, replication_factor)?;
        replication_factor = Some(brokers.len());
        let isr = ctx.active_of(brokers);
        if isr.is_empty() {
            return bad_assignment(all_fenced(*index));
        }
        partitions.insert(*index, new_partition(ctx, brokers.clone(), isr));
    }
    if partitions.keys().copied().ne(0..i32::try_from(partitions.len()).unwrap_or(i32::MAX)) {
        return bad_assignment("partitions should be a consecutive 0-based integer sequence".to_owned());
    }
    Ok(partitions)
}

fn all_fenced(partition: i32) -> String {
    format!(
        "All brokers specified in the manual partition assignment for partition {partition} are fenced or in controlled \
         shutdown."
    )
}

fn validate_manual_assignment(ctx: &Context<'_>, replicas: &[i32], factor: Option<usize>) -> Result<(), ApiError> {
    let bad = |text: String| Err(ApiError::new(KafkaError::InvalidReplicaAssignment, text));
    if replicas.is_empty() {
        return bad("The manual partition assignment includes an empty replica list.".to_owned());
    }
    let mut sorted = replicas.to_vec();
    sorted.sort_unstable();
    let mut previous = None;
    for broker in &sorted {
        if ctx.image.broker(*broker).is_none() {
            return bad(format!(
                "The manual partition assignment includes broker {broker}, but no such broker is registered."
            ));
        }
        if previous == Some(broker) {
            return bad(format!("The manual partition assignment includes the broker {broker} more than once."));
        }
        previous = Some(broker);
    }
    match factor {
        Some(factor) if factor != replicas.len() => bad(format!(
            "The manual partition assignment includes a partition with {} replica(s), but this is not consistent with \
             previous partitions, which have {factor} replica(s).",
            replicas.len()
        )),
        _ => Ok(()),
    }
}

/// Precondition: `isr` is not empty.
fn new_partition(ctx: &Context<'_>, replicas: Vec<i32>, isr: Vec<i32>) -> PartitionRegistration {
    PartitionRegistration {
        directories: replicas.iter().map(|r| default_dir(ctx.image, *r)).collect(),
        leader: isr[0],
        replicas,
        isr,
        removing_replicas: Vec::new(),
        adding_replicas: Vec::new(),
        elr: Vec::new(),
        last_known_elr: Vec::new(),
        leader_recovery_state: LeaderRecoveryState::Recovered,
        leader_epoch: 0,
        partition_epoch: 0,
    }
}

pub(crate) fn delete_topics(ctx: &Context<'_>, request: &DeleteTopics) -> Result<Decision, ApiError> {
    let invalid = |text: &str| ApiError::new(KafkaError::InvalidRequest, text);
    let mut results = Vec::new();
    let mut respond = |name: Option<&str>, topic_id: Uuid, error: ApiError| {
        results.push(DeletableTopicResult { name: name.map(str::to_owned), topic_id, error });
    };
    let mut names: Vec<&str> = Vec::new();
    let mut ids: Vec<Uuid> = Vec::new();
    for (name, id) in &request.topics {
        match (name.as_deref(), *id) {
            (None, ZERO_UUID) => respond(None, ZERO_UUID, invalid("Neither topic name nor id were specified.")),
            (None, id) => ids.push(id),
            (Some(name), ZERO_UUID) => names.push(name),
            (Some(name), id) => respond(Some(name), id, invalid("You may not specify both topic name and topic id.")),
        }
    }
    let duplicate_names = duplicates(names.iter().copied());
    let mut seen = BTreeSet::new();
    let mut duplicate_ids: BTreeSet<Uuid> = ids.iter().copied().filter(|id| !seen.insert(*id)).collect();
    for name in &duplicate_names {
        respond(Some(name), ZERO_UUID, invalid("Duplicate topic name."));
    }
    for id in &duplicate_ids {
        respond(None, *id, invalid("Duplicate topic id."));
    }
    names.retain(|name| !duplicate_names.contains(name));
    ids.retain(|id| !duplicate_ids.contains(id));

    let mut to_delete: BTreeMap<Uuid, &TopicImage> = BTreeMap::new();
    for id in ids {
        match ctx.image.topic_by_id(id) {
            Some(topic) => {
                to_delete.insert(id, topic);
            }
            None => respond(None, id, ApiError::new(KafkaError::UnknownTopicId, UNKNOWN_TOPIC_ID)),
        }
    }
    for name in names {
        let Some(topic) = ctx.image.topic(name) else {
            respond(Some(name), ZERO_UUID, ApiError::new(KafkaError::UnknownTopicOrPartition, UNKNOWN_TOPIC));
            continue;
        };
        if duplicate_ids.contains(&topic.id) || to_delete.insert(topic.id, topic).is_some() {
            duplicate_ids.insert(topic.id);
            to_delete.remove(&topic.id);
            let text = "The provided topic name maps to an ID that was already supplied.";
            respond(Some(name), topic.id, invalid(text));
        }
    }
    let mut records = Vec::with_capacity(to_delete.len());
    for (id, topic) in to_delete {
        records.push(VersionedRecord::new(MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: id }), 0));
        respond(Some(&topic.name), id, ApiError::NONE);
    }
    Ok(Decision::atomic(records, Response::DeleteTopics(results)))
}

pub(crate) fn create_partitions(
    ctx: &Context<'_>,
    request: &CreatePartitions,
    rng: &mut Rng,
) -> Result<Decision, ApiError> {
    let duplicates = duplicates(request.topics.iter().map(|t| t.name.as_str()));
    let mut results: Vec<(String, ApiError)> = duplicates
        .iter()
        .map(|name| ((*name).to_owned(), ApiError::new(KafkaError::InvalidRequest, "Duplicate topic name.")))
        .collect();
    let mut records = Vec::new();
    for topic in request.topics.iter().filter(|t| !duplicates.contains(t.name.as_str())) {
        let error = match add_partitions(ctx, topic, rng) {
            Ok(new) => {
                records.extend(new);
                ApiError::NONE
            }
            Err(error) => error,
        };
        results.push((topic.name.clone(), error));
    }
    if request.validate_only {
        records.clear();
    }
    Ok(Decision::atomic(records, Response::CreatePartitions(results)))
}

fn add_partitions(
    ctx: &Context<'_>,
    request: &CreatePartitionsTopic,
    rng: &mut Rng,
) -> Result<Vec<VersionedRecord>, ApiError> {
    let topic = ctx.image.topic(&request.name).ok_or(ApiError::bare(KafkaError::UnknownTopicOrPartition))?;
    let existing = i32::try_from(topic.partition_count()).unwrap_or(i32::MAX);
    if request.count == existing {
        let text = format!("Topic already has {existing} partition(s).");
        return Err(ApiError::new(KafkaError::InvalidPartitions, text));
    }
    if request.count < existing {
        let text = format!(
            "The topic {} currently has {existing} partition(s); {} would not be an increase.",
            request.name, request.count
        );
        return Err(ApiError::new(KafkaError::InvalidPartitions, text));
    }
    let additional = request.count - existing;
    if let Some(assignments) = &request.assignments
        && i32::try_from(assignments.len()) != Ok(additional)
    {
        let text = format!(
            "Attempted to add {additional} additional partition(s), but only {} assignment(s) were specified.",
            assignments.len()
        );
        return Err(ApiError::new(KafkaError::InvalidReplicaAssignment, text));
    }
    // One record for each: refuse before the placement allocates for them.
    if additional as usize > crate::controller::decide::RECORDS_PER_USER_OP_MAX {
        return Err(too_large());
    }
    let first = topic.partitions.values().next().ok_or(ApiError::bare(KafkaError::UnknownServerError))?;
    let replication_factor = first.replicas.len();
    let placed = match &request.assignments {
        Some(assignments) => {
            for (index, replicas) in (existing..).zip(assignments) {
                validate_manual_assignment(ctx, replicas, Some(replication_factor))?;
                if ctx.active_of(replicas).is_empty() {
                    return Err(ApiError::new(KafkaError::InvalidReplicaAssignment, all_fenced(index)));
                }
            }
            assignments.clone()
        }
        None => {
            let factor =
                i16::try_from(replication_factor).map_err(|_| ApiError::bare(KafkaError::UnknownServerError))?;
            placement::place(&ctx.usable_brokers(), additional, factor, rng)?
        }
    };
    let elr = ctx.image.is_elr_enabled();
    let mut records = Vec::with_capacity(placed.len());
    for (index, replicas) in (existing..).zip(placed) {
        let isr = ctx.active_of(&replicas);
        if isr.is_empty() {
            let text = format!(
                "Unable to replicate the partition {replication_factor} time(s): All brokers are currently fenced or in \
                 controlled shutdown."
            );
            return Err(ApiError::new(KafkaError::InvalidReplicationFactor, text));
        }
        records.push(new_partition(ctx, replicas, isr).to_record(topic.id, index, ctx.version, elr));
    }
    Ok(records)
}

/// What Kafka answers when a request would make more records than fit one batch.
pub(crate) fn too_large() -> ApiError {
    ApiError::new(KafkaError::PolicyViolation, "Unable to perform excessively large batch operation.")
}
