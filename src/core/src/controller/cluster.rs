//! Registration of nodes, heartbeats, fencing (`ClusterControlManager` and the parts of `ReplicationControlManager` that
//! belong to them).

use crate::controller::decide::{Context, Decision};
use crate::controller::elections::{PartitionsOf, leader_and_isr_updates};
use crate::controller::heartbeats::{BrokerControlState, HeartbeatManager};
use crate::controller::requests::*;
use crate::errors::KafkaError;
use crate::metadata::features::{KRAFT_VERSION, METADATA_VERSION};
use crate::metadata::partition::NO_LEADER;
use crate::metadata::{VersionRange, VersionedRecord};
use ottla_base::clock::Now;
use ottla_base::ids::Uuid;
use ottla_record::generated::metadata::*;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn register_broker(
    ctx: &Context<'_>,
    heartbeats: &mut HeartbeatManager,
    request: &RegisterBroker,
    now: Now,
) -> Result<Decision, ApiError> {
    if ctx.config.cluster_id != request.cluster_id {
        let text = format!("Expected cluster ID {}, but got cluster ID {}", ctx.config.cluster_id, request.cluster_id);
        return Err(ApiError::new(KafkaError::InconsistentClusterId, text));
    }
    let id = request.broker_id;
    let existing = ctx.image.broker(id);
    if let Some(existing) = existing
        && existing.incarnation_id != request.incarnation_id
        && !request.same_process
        && heartbeats.has_valid_session(id, existing.epoch, now)
    {
        return Err(ApiError::new(
            KafkaError::DuplicateBrokerRegistration,
            "Another broker is registered with that broker id. If the broker was recently restarted this should \
             self-resolve once the heartbeat manager expires the broker's session.",
        ));
    }
    check_directories(ctx, request)?;
    check_features(ctx, request)?;

    let mut records = Vec::new();
    let mut record = RegisterBrokerRecord {
        broker_id: id,
        incarnation_id: request.incarnation_id,
        rack: request.rack.clone(),
        end_points: request
            .listeners
            .iter()
            .map(|(name, e)| BrokerEndpoint {
                name: name.clone(),
                host: e.host.clone(),
                port: e.port,
                security_protocol: e.security_protocol,
            })
            .collect(),
        features: request
            .features
            .iter()
            .map(|(name, range)| BrokerFeature {
                name: name.clone(),
                min_supported_version: range.min,
                max_supported_version: range.max,
            })
            .collect(),
        ..RegisterBrokerRecord::default()
    };
    if ctx.version.is_directory_assignment_supported() {
        record.log_dirs = request.log_dirs.clone();
    }
    match existing {
        Some(existing) if existing.incarnation_id == request.incarnation_id => {
            record.fenced = existing.fenced;
            record.in_controlled_shutdown = existing.in_controlled_shutdown;
            record.broker_epoch = existing.epoch;
        }
        _ => {
            // -2 equals no epoch that a broker could remember.
            let stored_epoch = existing.map_or(-2, |e| e.epoch);
            let clean = request.previous_broker_epoch == Some(stored_epoch);
            handle_broker_shutdown(ctx, id, clean, &mut records);
            record.broker_epoch = ctx.next_offset;
            heartbeats.remove(id);
            heartbeats.forget_other_lives(id, record.broker_epoch);
        }
    }
    heartbeats.register(id, record.fenced);
    let broker_epoch = record.broker_epoch;
    let version = ctx.version.register_broker_record_version();
    // Last: if the controller fails in between, the broker registers again and the clean-up is repeated.
    records.push(VersionedRecord::new(MetadataRecord::RegisterBroker(record), version));
    Ok(Decision::of(records, Response::BrokerRegistered { broker_epoch }))
}

fn check_directories(ctx: &Context<'_>, request: &RegisterBroker) -> Result<(), ApiError> {
    if !ctx.version.is_directory_assignment_supported() {
        return Ok(());
    }
    let invalid = |text: String| Err(ApiError::new(KafkaError::InvalidRegistration, text));
    if request.log_dirs.is_empty() {
        return invalid("No directories specified in request".to_owned());
    }
    // `DirectoryId.reserved`; Java compares the lower half as signed.
    let reserved = |id: &Uuid| {
        let (most, least) = id.as_u64_pair();
        most == 0 && (least as i64) < 100
    };
    if request.log_dirs.iter().any(reserved) {
        return invalid("Reserved directory ID in request".to_owned());
    }
    if request.log_dirs.iter().collect::<BTreeSet<_>>().len() != request.log_dirs.len() {
        return invalid("Duplicate directory ID in request".to_owned());
    }
    for directory in &request.log_dirs {
        let other = ctx.image.brokers().find(|b| b.id != request.broker_id && b.directories.contains(directory));
        if let Some(other) = other {
            let directory = ottla_base::ids::uuid_to_text(*directory);
            return invalid(format!("Broker {} is already registered with directory {directory}", other.id));
        }
    }
    Ok(())
}

fn check_features(ctx: &Context<'_>, request: &RegisterBroker) -> Result<(), ApiError> {
    let mut finalized: BTreeMap<&str, i16> = ctx.image.finalized_features().collect();
    finalized.insert(KRAFT_VERSION, ctx.kraft_version);
    let check = |name: &str, range: VersionRange, level: i16| {
        if range.contains(level) {
            return Ok(());
        }
        let text = format!(
            "Unable to register because the broker does not support finalized version {level} of {name}. The broker \
             wants a version between {} and {}, inclusive.",
            range.min, range.max
        );
        Err(ApiError::new(KafkaError::UnsupportedVersion, text))
    };
    for (name, range) in &request.features {
        check(name, *range, finalized.get(name.as_str()).copied().unwrap_or(0))?;
    }
    if !request.features.iter().any(|(name, _)| name == METADATA_VERSION) {
        return Err(ApiError::new(
            KafkaError::InvalidRegistration,
            format!("Request features do not contain '{METADATA_VERSION}'"),
        ));
    }
    for (name, level) in finalized {
        if level != 0 && !request.features.iter().any(|(n, _)| n == name) {
            check(name, VersionRange { min: 0, max: 0 }, level)?;
        }
    }
    Ok(())
}

/// A new life of a broker: what the old one led or was in sync with (`handleBrokerShutdown`).
fn handle_broker_shutdown(ctx: &Context<'_>, id: i32, clean: bool, records: &mut Vec<VersionedRecord>) {
    if ctx.image.is_elr_enabled() && !clean {
        leader_and_isr_updates(ctx, NO_LEADER, NO_LEADER, id, PartitionsOf::Isr(id), records);
        leader_and_isr_updates(ctx, NO_LEADER, NO_LEADER, id, PartitionsOf::Elr(id), records);
    } else {
        leader_and_isr_updates(ctx, id, NO_LEADER, NO_LEADER, PartitionsOf::Isr(id), records);
    }
}

pub(crate) fn register_controller(ctx: &Context<'_>, request: &RegisterController) -> Result<Decision, ApiError> {
    if !ctx.version.is_controller_registration_supported() {
        return Err(ApiError::new(
            KafkaError::UnsupportedVersion,
            "The current MetadataVersion is too old to support controller registrations.",
        ));
    }
    let record = RegisterControllerRecord {
        controller_id: request.controller_id,
        incarnation_id: request.incarnation_id,
        zk_migration_ready: false,
        end_points: request
            .listeners
            .iter()
            .map(|(name, e)| ControllerEndpoint {
                name: name.clone(),
                host: e.host.clone(),
                port: e.port,
                security_protocol: e.security_protocol,
            })
            .collect(),
        features: request
            .features
            .iter()
            .map(|(name, range)| ControllerFeature {
                name: name.clone(),
                min_supported_version: range.min,
                max_supported_version: range.max,
            })
            .collect(),
    };
    let records = vec![VersionedRecord::new(MetadataRecord::RegisterController(record), 0)];
    Ok(Decision::atomic(records, Response::Done))
}

pub(crate) fn broker_heartbeat(
    ctx: &Context<'_>,
    heartbeats: &mut HeartbeatManager,
    request: &BrokerHeartbeat,
    now: Now,
) -> Result<Decision, ApiError> {
    let id = request.broker_id;
    heartbeats.contact(id, request.broker_epoch, now);
    let stale = |text: String| ApiError::new(KafkaError::StaleBrokerEpoch, text);
    let registration_offset = ctx
        .image
        .registration_offset(id)
        .ok_or_else(|| stale(format!("Receive a heartbeat from broker {id} before registration")))?;
    ctx.check_broker_epoch(id, request.broker_epoch)?;
    let has_leaderships = || ctx.image.topics().any(|t| t.partitions.values().any(|partition| partition.leader == id));
    let (current, next) = heartbeats
        .next_state(request, registration_offset, has_leaderships)
        .ok_or_else(|| stale(format!("No broker registration found for broker id {id}")))?;
    let mut records = Vec::new();
    if current != next {
        match next {
            BrokerControlState::Fenced | BrokerControlState::ShutdownNow => fence_broker(ctx, id, &mut records),
            BrokerControlState::Unfenced => unfence_broker(ctx, id, request.broker_epoch, &mut records),
            BrokerControlState::ControlledShutdown => {
                begin_controlled_shutdown(ctx, id, request.broker_epoch, &mut records);
            }
        }
    }
    heartbeats.touch(id, next.is_fenced(), request.current_metadata_offset);
    if ctx.version.is_directory_assignment_supported() {
        directories_offline(ctx, request, &mut records);
    }
    if ctx.version.is_cordoned_log_dirs_supported() {
        directories_cordoned(ctx, request, &mut records);
    }
    let reply = BrokerHeartbeatReply {
        is_caught_up: request.current_metadata_offset >= registration_offset,
        is_fenced: next.is_fenced(),
        in_controlled_shutdown: next == BrokerControlState::ControlledShutdown,
        should_shut_down: next == BrokerControlState::ShutdownNow,
    };
    let mut decision = Decision::of(records, Response::BrokerHeartbeat(reply));
    decision.controlled_shutdown_of = reply.in_controlled_shutdown.then_some(id);
    Ok(decision)
}

fn registration_change(change: BrokerRegistrationChangeRecord, version: i16) -> VersionedRecord {
    VersionedRecord::new(MetadataRecord::BrokerRegistrationChange(change), version)
}

fn fence_broker(ctx: &Context<'_>, id: i32, records: &mut Vec<VersionedRecord>) {
    let Some(broker) = ctx.image.broker(id) else { return };
    leader_and_isr_updates(ctx, id, NO_LEADER, NO_LEADER, PartitionsOf::Isr(id), records);
    let change = BrokerRegistrationChangeRecord {
        broker_id: id,
        broker_epoch: broker.epoch,
        fenced: 1,
        ..BrokerRegistrationChangeRecord::default()
    };
    records.push(registration_change(change, 0));
}

fn unfence_broker(ctx: &Context<'_>, id: i32, epoch: i64, records: &mut Vec<VersionedRecord>) {
    let change = BrokerRegistrationChangeRecord {
        broker_id: id,
        broker_epoch: epoch,
        fenced: -1,
        ..BrokerRegistrationChangeRecord::default()
    };
    records.push(registration_change(change, 0));
    leader_and_isr_updates(ctx, NO_LEADER, id, NO_LEADER, PartitionsOf::NoLeader, records);
}

fn begin_controlled_shutdown(ctx: &Context<'_>, id: i32, epoch: i64, records: &mut Vec<VersionedRecord>) {
    if !ctx.image.broker(id).is_some_and(|b| b.in_controlled_shutdown) {
        let change = BrokerRegistrationChangeRecord {
            broker_id: id,
            broker_epoch: epoch,
            in_controlled_shutdown: 1,
            ..BrokerRegistrationChangeRecord::default()
        };
        records.push(registration_change(change, 1));
    }
    leader_and_isr_updates(ctx, id, NO_LEADER, NO_LEADER, PartitionsOf::Isr(id), records);
}

fn directories_offline(ctx: &Context<'_>, request: &BrokerHeartbeat, records: &mut Vec<VersionedRecord>) {
    let id = request.broker_id;
    let Some(broker) = ctx.image.broker(id) else { return };
    let (offline, online): (Vec<Uuid>, Vec<Uuid>) =
        broker.directories.iter().partition(|d| request.offline_log_dirs.contains(d));
    if offline.is_empty() {
        return;
    }
    for directory in offline {
        leader_and_isr_updates(ctx, id, NO_LEADER, NO_LEADER, PartitionsOf::Directory(directory), records);
    }
    let change = BrokerRegistrationChangeRecord {
        broker_id: id,
        broker_epoch: request.broker_epoch,
        log_dirs: online,
        ..BrokerRegistrationChangeRecord::default()
    };
    records.push(registration_change(change, 2));
}

fn directories_cordoned(ctx: &Context<'_>, request: &BrokerHeartbeat, records: &mut Vec<VersionedRecord>) {
    let (Some(broker), Some(cordoned)) = (ctx.image.broker(request.broker_id), &request.cordoned_log_dirs) else {
        return;
    };
    let set = |ids: &[Uuid]| ids.iter().copied().collect::<BTreeSet<Uuid>>();
    if broker.cordoned_directories.as_deref().is_some_and(|known| set(known) == set(cordoned)) {
        return;
    }
    let change = BrokerRegistrationChangeRecord {
        broker_id: request.broker_id,
        broker_epoch: request.broker_epoch,
        cordoned_log_dirs: Some(cordoned.clone()),
        ..BrokerRegistrationChangeRecord::default()
    };
    records.push(registration_change(change, 3));
}

pub(crate) fn unregister_broker(ctx: &Context<'_>, id: i32) -> Result<Decision, ApiError> {
    let Some(broker) = ctx.image.broker(id) else {
        let text = format!("Broker ID {id} is not currently registered");
        return Err(ApiError::new(KafkaError::BrokerIdNotRegistered, text));
    };
    let mut records = Vec::new();
    leader_and_isr_updates(ctx, id, NO_LEADER, NO_LEADER, PartitionsOf::Isr(id), &mut records);
    leader_and_isr_updates(ctx, id, NO_LEADER, NO_LEADER, PartitionsOf::Elr(id), &mut records);
    let record = UnregisterBrokerRecord { broker_id: id, broker_epoch: broker.epoch };
    records.push(VersionedRecord::new(MetadataRecord::UnregisterBroker(record), 0));
    Ok(Decision::of(records, Response::Done))
}

pub(crate) fn fence_stale_broker(ctx: &Context<'_>, heartbeats: &mut HeartbeatManager, now: Now) -> Option<Decision> {
    loop {
        let (id, epoch) = heartbeats.remove_expired(now)?;
        let Some(broker) = ctx.image.broker(id) else {
            heartbeats.remove(id);
            continue;
        };
        // A former life, or one that is fenced already: nothing to do.
        if broker.epoch != epoch || broker.fenced {
            continue;
        }
        tracing::info!("Fencing broker {id} at epoch {epoch} because its session has timed out.");
        let mut records = Vec::new();
        fence_broker(ctx, id, &mut records);
        heartbeats.fence(id);
        return Some(Decision::of(records, Response::Done));
    }
}
