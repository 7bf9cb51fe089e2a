use super::*;
use crate::metadata::features::{ELIGIBLE_LEADER_REPLICAS_VERSION, METADATA_VERSION};
use crate::metadata::snapshot::feature_level;
use ottla_base::ids::Uuid;
use ottla_record::generated::metadata::*;

const TOPIC: Uuid = Uuid::from_u128(0x1000);
const DIR_A: Uuid = Uuid::from_u128(0xaaaa);
const DIR_B: Uuid = Uuid::from_u128(0xbbbb);

fn replay(loader: &mut MetadataLoader, records: impl IntoIterator<Item = MetadataRecord>) {
    for record in records {
        let offset = loader.image().last_offset() + 1;
        loader.replay(&record, offset, 1, 1000 + offset).unwrap();
    }
}

fn topic(name: &str, id: Uuid) -> MetadataRecord {
    MetadataRecord::Topic(TopicRecord { name: name.into(), topic_id: id })
}

fn partition(topic_id: Uuid, index: i32, replicas: &[i32], dirs: &[Uuid]) -> MetadataRecord {
    MetadataRecord::Partition(PartitionRecord {
        partition_id: index,
        topic_id,
        replicas: replicas.to_vec(),
        isr: replicas.to_vec(),
        leader: replicas[0],
        leader_epoch: 0,
        partition_epoch: 0,
        directories: dirs.to_vec(),
        ..PartitionRecord::default()
    })
}

fn change(topic_id: Uuid, index: i32) -> PartitionChangeRecord {
    PartitionChangeRecord { topic_id, partition_id: index, ..PartitionChangeRecord::default() }
}

fn config(resource: ConfigResource, name: &str, value: Option<&str>) -> MetadataRecord {
    MetadataRecord::Config(ConfigRecord {
        resource_type: resource.resource_type,
        resource_name: resource.name,
        name: name.into(),
        value: value.map(str::to_owned),
    })
}

fn broker(id: i32, epoch: i64) -> MetadataRecord {
    MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id: id,
        incarnation_id: Uuid::from_u128(7),
        broker_epoch: epoch,
        end_points: vec![BrokerEndpoint {
            name: "PLAINTEXT".into(),
            host: "localhost".into(),
            port: 9092,
            security_protocol: 0,
        }],
        features: vec![BrokerFeature {
            name: METADATA_VERSION.into(),
            min_supported_version: 7,
            max_supported_version: 30,
        }],
        rack: None,
        log_dirs: vec![DIR_B, DIR_A],
        ..RegisterBrokerRecord::default()
    })
}

/// One of everything.
fn full() -> MetadataLoader {
    let mut loader = MetadataLoader::default();
    replay(
        &mut loader,
        [
            feature_level(METADATA_VERSION, 30),
            feature_level(ELIGIBLE_LEADER_REPLICAS_VERSION, 1),
            broker(1, 2),
            broker(2, 3),
            MetadataRecord::RegisterController(RegisterControllerRecord { controller_id: 1, ..Default::default() }),
            topic("a.b", TOPIC),
            config(ConfigResource::topic("a.b"), "retention.ms", Some("5")),
            partition(TOPIC, 0, &[1, 2], &[DIR_A, DIR_B]),
            partition(TOPIC, 1, &[2], &[DIR_B]),
            config(ConfigResource::cluster(), "min.insync.replicas", Some("2")),
            MetadataRecord::ClientQuota(ClientQuotaRecord {
                entity: vec![EntityData { entity_type: "user".into(), entity_name: None }],
                key: "producer_byte_rate".into(),
                value: 1.5,
                remove: false,
            }),
            MetadataRecord::ProducerIds(ProducerIdsRecord { broker_id: 1, broker_epoch: 2, next_producer_id: 1000 }),
            MetadataRecord::AccessControlEntry(AccessControlEntryRecord { id: DIR_A, ..Default::default() }),
            MetadataRecord::UserScramCredential(UserScramCredentialRecord {
                name: "u".into(),
                mechanism: 1,
                ..Default::default()
            }),
            MetadataRecord::DelegationToken(DelegationTokenRecord { token_id: "t".into(), ..Default::default() }),
        ],
    );
    loader
}

#[test]
fn topics_are_found_by_name_and_id() {
    let loader = full();
    let image = loader.image();
    let topic = image.topic("a.b").unwrap();
    assert_eq!(topic.id, TOPIC);
    assert_eq!(topic.partition_count(), 2);
    assert_eq!(image.topic_by_id(TOPIC), Some(topic));
    assert_eq!(image.partition(TOPIC, 1).unwrap().replicas, [2]);
    assert_eq!(image.topics().count(), 1);
    assert_eq!(image.colliding_topic("a_b").map(|n| &**n), Some("a.b"));
    assert_eq!(image.colliding_topic("ab"), None);
    assert_eq!(image.registration_offset(2), Some(3));
    assert_eq!(image.broker(1).unwrap().directories, [DIR_A, DIR_B], "ids are kept sorted");
    assert_eq!(
        image.finalized_features().collect::<Vec<_>>(),
        [(ELIGIBLE_LEADER_REPLICAS_VERSION, 1), (METADATA_VERSION, 30)]
    );
}

#[test]
fn a_snapshot_recreates_the_state() {
    let loader = full();
    let records = loader.image().to_records();
    assert_eq!(records[0].record, feature_level(METADATA_VERSION, 30));
    let mut again = MetadataLoader::default();
    for record in &records {
        // Through bytes, as from a file.
        let bytes = record.record.encode_frame(record.version).unwrap();
        let (decoded, version) = MetadataRecord::decode_frame(&bytes).unwrap();
        assert_eq!(version, record.version);
        replay(&mut again, [decoded]);
    }
    assert!(again.image().same_state(loader.image()));
    assert!(Changes::between(again.image(), loader.image()).is_empty());
}

#[test]
fn naming_a_leader_bumps_the_leader_epoch_and_any_change_the_partition_epoch() {
    let mut loader = full();
    replay(
        &mut loader,
        [MetadataRecord::PartitionChange(PartitionChangeRecord { isr: Some(vec![1]), ..change(TOPIC, 0) })],
    );
    let p = loader.image().partition(TOPIC, 0).unwrap().clone();
    assert_eq!((p.isr.as_slice(), p.leader, p.leader_epoch, p.partition_epoch), ([1].as_slice(), 1, 0, 1));
    replay(&mut loader, [MetadataRecord::PartitionChange(PartitionChangeRecord { leader: 1, ..change(TOPIC, 0) })]);
    let p = loader.image().partition(TOPIC, 0).unwrap().clone();
    assert_eq!((p.leader, p.leader_epoch, p.partition_epoch), (1, 1, 2));
    assert_eq!(p.directories, [DIR_A, DIR_B]);
    assert_eq!(p.directory(2), Some(DIR_B));
}

#[test]
fn clear_elr_changes_only_partitions_that_have_any() {
    let mut loader = full();
    let elr = PartitionChangeRecord { eligible_leader_replicas: Some(vec![2]), isr: Some(vec![1]), ..change(TOPIC, 0) };
    replay(&mut loader, [MetadataRecord::PartitionChange(elr)]);
    replay(&mut loader, [MetadataRecord::ClearElr(ClearElrRecord { topic_name: "a.b".into() })]);
    let image = loader.image();
    assert_eq!(image.partition(TOPIC, 0).unwrap().elr, [] as [i32; 0]);
    assert_eq!(image.partition(TOPIC, 0).unwrap().partition_epoch, 2);
    assert_eq!(image.partition(TOPIC, 1).unwrap().partition_epoch, 0);
}

#[test]
fn removing_a_topic_takes_its_configurations_and_its_collision() {
    let mut loader = full();
    loader.publish().unwrap();
    replay(&mut loader, [MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: TOPIC })]);
    let (image, changes) = loader.publish().unwrap();
    assert_eq!(image.topic("a.b"), None);
    assert_eq!(image.topic_configs("a.b"), None);
    assert_eq!(image.colliding_topic("a_b"), None);
    let local = changes.local_changes(2, &image);
    assert_eq!(local.deletes, [(TOPIC, "a.b".into(), 0), (TOPIC, "a.b".into(), 1)]);
    assert!(changes.configs.contains(&ConfigResource::topic("a.b")));
}

#[test]
fn a_topic_that_comes_and_goes_between_two_images_leaves_no_trace() {
    let mut loader = full();
    loader.publish().unwrap();
    let id = Uuid::from_u128(0x2000);
    replay(&mut loader, [topic("t", id), partition(id, 0, &[1], &[DIR_A])]);
    replay(&mut loader, [MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: id })]);
    let (_, changes) = loader.publish().unwrap();
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn a_deleted_topic_is_reported_as_it_was_before() {
    let mut loader = full();
    let (before, _) = loader.publish().unwrap();
    replay(&mut loader, [MetadataRecord::PartitionChange(PartitionChangeRecord { leader: 2, ..change(TOPIC, 0) })]);
    replay(&mut loader, [partition(TOPIC, 2, &[1], &[DIR_A])]);
    replay(&mut loader, [MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: TOPIC })]);
    let (_, changes) = loader.publish().unwrap();
    assert_eq!(changes.topics_deleted.get(&TOPIC), before.topic_by_id(TOPIC));
    assert!(changes.partitions.is_empty());
}

#[test]
fn local_changes_split_into_leaders_and_followers() {
    let mut loader = full();
    let (image, changes) = loader.publish().unwrap();
    let one = changes.local_changes(1, &image);
    assert_eq!(one.leaders.iter().map(|p| p.index).collect::<Vec<_>>(), [0]);
    assert!(one.elected_leaders.contains(&(TOPIC, 0)));
    let two = changes.local_changes(2, &image);
    assert_eq!(two.leaders.iter().map(|p| p.index).collect::<Vec<_>>(), [1]);
    assert_eq!(two.followers.iter().map(|p| p.index).collect::<Vec<_>>(), [0]);
    replay(
        &mut loader,
        [MetadataRecord::PartitionChange(PartitionChangeRecord {
            replicas: Some(vec![1]),
            isr: Some(vec![1]),
            directories: Some(vec![DIR_A]),
            ..change(TOPIC, 0)
        })],
    );
    let (image, changes) = loader.publish().unwrap();
    assert_eq!(changes.local_changes(2, &image).deletes, [(TOPIC, "a.b".into(), 0)]);
    let one = changes.local_changes(1, &image);
    assert_eq!(one.leaders.len(), 1);
    assert!(one.elected_leaders.is_empty(), "the leader epoch is the same");
}

#[test]
fn a_transaction_is_published_at_its_end_or_not_at_all() {
    let mut loader = full();
    loader.publish().unwrap();
    let id = Uuid::from_u128(0x3000);
    replay(&mut loader, [MetadataRecord::BeginTransaction(Default::default()), topic("t", id)]);
    assert!(loader.publish().is_none());
    assert_eq!(loader.transaction_start_offset(), Some(15));
    replay(&mut loader, [MetadataRecord::AbortTransaction(Default::default())]);
    let (image, changes) = loader.publish().unwrap();
    assert!(changes.is_empty());
    assert_eq!(image.topic("t"), None);
    assert_eq!(image.last_offset(), 17);
    replay(&mut loader, [MetadataRecord::BeginTransaction(Default::default()), topic("t", id)]);
    replay(&mut loader, [MetadataRecord::EndTransaction(Default::default())]);
    assert!(loader.publish().unwrap().0.topic("t").is_some());
    assert!(loader.replay(&MetadataRecord::EndTransaction(Default::default()), 99, 1, 1).is_err());
}

#[test]
fn a_record_that_does_not_fit_changes_nothing() {
    let mut loader = full();
    let before = loader.image().clone();
    let misfits = [
        topic("a.b", Uuid::from_u128(1)),
        topic("other", TOPIC),
        partition(Uuid::from_u128(1), 0, &[1], &[DIR_A]),
        partition(TOPIC, -1, &[1], &[DIR_A]),
        partition(TOPIC, 0, &[1, 2], &[DIR_A]),
        MetadataRecord::PartitionChange(change(TOPIC, 9)),
        MetadataRecord::PartitionChange(PartitionChangeRecord { leader_recovery_state: 7, ..change(TOPIC, 0) }),
        MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: DIR_A }),
        MetadataRecord::BrokerRegistrationChange(BrokerRegistrationChangeRecord {
            broker_id: 1,
            broker_epoch: 9,
            ..Default::default()
        }),
        MetadataRecord::BrokerRegistrationChange(BrokerRegistrationChangeRecord { broker_id: 9, ..Default::default() }),
        MetadataRecord::ClearElr(ClearElrRecord { topic_name: "none".into() }),
        feature_level(METADATA_VERSION, 99),
    ];
    for record in misfits {
        assert!(loader.replay(&record, 50, 1, 1).is_err(), "{record:?}");
        assert_eq!(*loader.image(), before, "{record:?}");
    }
}
