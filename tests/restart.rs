//! What a node keeps when it stops, cleanly or not.

use crate::fixture::*;
use kafka_protocol::messages::*;
use ottla_protocol::generated::{OffsetCommitRequest, OffsetFetchRequest, offset_commit_request, offset_fetch_request};
use std::path::Path;
use tempfile::TempDir;

/// How a node ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Stop,
    Crash,
}

/// Ends a node whose data lies in `dir`; returns where its data lies now.
fn end(broker: Broker, dir: TempDir, how: End) -> TempDir {
    match how {
        End::Stop => {
            broker.stop();
            dir
        }
        End::Crash => {
            let copy = crashed_copy(dir.path());
            broker.stop();
            copy
        }
    }
}

#[test]
fn a_stopped_node_keeps_everything() {
    keeps_everything(End::Stop);
}

#[test]
fn a_crashed_node_keeps_everything() {
    keeps_everything(End::Crash);
}

fn keeps_everything(how: End) {
    let mut dir = tempfile::tempdir().unwrap();
    let broker = Broker::on(dir.path(), &[]);
    if broker.is_oracle() {
        return;
    }
    let mut client = broker.connect();
    let cluster = client.call(&DescribeClusterRequest::default(), 0).cluster_id;
    let id = create(&mut client, "kept", 2, &[("retention.ms", "86400000")]);
    create(&mut client, "deleted", 1, &[]);
    let (producer, epoch) = producer_id(&mut client);
    for i in 0..6 {
        assert_eq!(produce(&mut client, "kept", sequenced(producer, epoch, i, 1)).base_offset, i64::from(i));
    }
    produce_to(&mut client, "kept", 1, batch(&["a", "b", "c"]));
    let delete_to = delete_records_request::DeleteRecordsPartition::default().with_partition_index(1).with_offset(2);
    let topic =
        delete_records_request::DeleteRecordsTopic::default().with_name(name("kept")).with_partitions(vec![delete_to]);
    client.call(&DeleteRecordsRequest::default().with_timeout_ms(10_000).with_topics(vec![topic]), 2);
    delete(&mut client, "deleted");
    find_coordinator(&mut client, "g");
    commit(&mut client, "g", 5);
    drop(client);
    dir = end(broker, dir, how);

    for round in 0..2 {
        let broker = Broker::on(dir.path(), &[]);
        let mut client = broker.connect();
        assert_eq!(client.call(&DescribeClusterRequest::default(), 0).cluster_id, cluster);
        let all = client.call(&MetadataRequest::default().with_topics(None), 12);
        let mut names: Vec<&str> = all.topics.iter().map(|t| t.name.as_deref().unwrap().as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["__consumer_offsets", "kept"]);
        let kept = all.topics.iter().find(|t| t.topic_id == id).unwrap();
        assert_eq!(kept.partitions.len(), 2);

        let records: Vec<(i64, String)> = (0..6).map(|i| (i, format!("{producer}.{epoch}.{i}"))).collect();
        assert_eq!(read(&mut client, "kept", 0)[..6], records);
        let mut bound = |timestamp| list_offsets(&mut client, "kept", &[(1, timestamp)])[0].offset;
        assert_eq!(bound(-1), 3);
        // After a crash the start of the log is the last one that was written down.
        assert!(bound(-2) == 2 || how == End::Crash);
        assert_eq!(committed(&mut client, "g"), 5);

        // The producer goes on where it was: the last batch is known, a gap is one.
        let last = 5 + round;
        let again = produce(&mut client, "kept", sequenced(producer, epoch, last, 1));
        assert_eq!((again.error_code, again.base_offset), (0, i64::from(last)), "a duplicate");
        assert_eq!(produce(&mut client, "kept", sequenced(producer, epoch, last + 3, 1)).error_code, 45, "a gap");
        let next = produce(&mut client, "kept", sequenced(producer, epoch, last + 1, 1));
        assert_eq!((next.error_code, next.base_offset), (0, i64::from(last) + 1));
        assert_ne!(producer_id(&mut client).0, producer, "an id is not given twice");
        drop(client);
        dir = end(broker, dir, how);
    }
}

fn commit(client: &mut crate::client::Client, group_id: &str, offset: i64) {
    let request = OffsetCommitRequest {
        group_id: s(group_id),
        generation_id_or_member_epoch: -1,
        retention_time_ms: -1,
        topics: vec![offset_commit_request::OffsetCommitRequestTopic {
            name: s("kept"),
            partitions: vec![offset_commit_request::OffsetCommitRequestPartition {
                committed_offset: offset,
                committed_leader_epoch: -1,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    assert_eq!(client.call(&request, 8).topics[0].partitions[0].error_code, 0);
}

fn committed(client: &mut crate::client::Client, group_id: &str) -> i64 {
    let topic = offset_fetch_request::OffsetFetchRequestTopic { name: s("kept"), partition_indexes: vec![0] };
    let request = OffsetFetchRequest { group_id: s(group_id), topics: Some(vec![topic]), ..Default::default() };
    let response = client.call(&request, 7);
    assert_eq!(response.error_code, 0);
    response.topics[0].partitions[0].committed_offset
}

#[test]
fn a_clean_stop_is_marked_and_the_mark_goes_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let marker = data(dir.path(), ".kafka_cleanshutdown");
    let broker = Broker::on(dir.path(), &[]);
    assert!(!marker.exists());
    broker.stop();
    let mark = std::fs::read_to_string(&marker).unwrap();
    assert!(mark.starts_with("{\"version\":0,\"brokerEpoch\":"), "{mark}");
    let _broker = Broker::on(dir.path(), &[]);
    assert!(!marker.exists());
}

#[test]
fn a_leader_that_comes_back_fences_who_knows_its_old_epoch_only() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::on(dir.path(), &[]);
    let id = create(&mut broker.connect(), "t", 1, &[]);
    produce(&mut broker.connect(), "t", batch(&["v"]));
    broker.stop();
    let broker = Broker::on(dir.path(), &[]);
    let mut client = broker.connect();
    let all = || MetadataRequest::default().with_topics(None);
    wait_for("a leader", || {
        client.call(&all(), 12).topics.iter().all(|t| t.partitions.iter().all(|p| p.error_code == 0))
    });
    let epoch = client.call(&all(), 12).topics[0].partitions[0].leader_epoch;
    assert!(epoch > 0, "{epoch}");
    let mut request = fetch_request(&[("", 0, 0)]);
    request.topics[0].topic_id = id;
    request.topics[0].partitions[0].current_leader_epoch = 0;
    let response = client.call(&request, 16);
    let partition = &response.responses[0].partitions[0];
    assert_eq!(partition.error_code, 74);
    assert_eq!((partition.current_leader.leader_id.0, partition.current_leader.leader_epoch), (1, epoch));
    let endpoint = &response.node_endpoints[0];
    assert_eq!((endpoint.node_id.0, endpoint.port), (1, i32::from(broker.address.port())));
    // What was written before it is of the old epoch, what is written now of the new one.
    produce(&mut client, "t", batch(&["w"]));
    let partition = offset_for_leader_epoch_request::OffsetForLeaderPartition::default().with_current_leader_epoch(-1);
    let ask = |epoch| {
        let topic = offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
            .with_topic(name("t"))
            .with_partitions(vec![partition.clone().with_leader_epoch(epoch)]);
        OffsetForLeaderEpochRequest::default().with_topics(vec![topic]).with_replica_id(BrokerId(-1))
    };
    let mut end_of = |asked| {
        let response = client.call(&ask(asked), 4);
        let partition = &response.topics[0].partitions[0];
        (partition.error_code, partition.leader_epoch, partition.end_offset)
    };
    assert_eq!(end_of(0), (0, 0, 1));
    assert_eq!(end_of(epoch), (0, epoch, 2));
    assert_eq!(end_of(epoch + 1), (0, -1, -1));
}

#[test]
fn two_log_directories_share_the_partitions_and_are_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let both = format!("log.dirs={},{}", dir.path().join("one").display(), dir.path().join("two").display());
    let settings = [both.as_str()];
    if std::env::var_os("OTTLA_ORACLE").is_some() {
        // Its directories are where the command puts them.
        return;
    }
    let broker = Broker::on(dir.path(), &settings);
    let mut client = broker.connect();
    create(&mut client, "spread", 6, &[]);
    for partition in 0..6 {
        assert_eq!(produce_to(&mut client, "spread", partition, batch(&["v"])).error_code, 0);
    }
    drop(client);
    broker.stop();
    let partitions = |sub: &str| {
        let entries = std::fs::read_dir(dir.path().join(sub)).unwrap();
        entries.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with("spread-")).count()
    };
    assert_eq!((partitions("one"), partitions("two")), (3, 3));
    let (one, two) = (properties(&dir.path().join("one")), properties(&dir.path().join("two")));
    assert_eq!((&one["cluster.id"], &one["node.id"]), (&two["cluster.id"], &two["node.id"]));
    assert_ne!(one["directory.id"], two["directory.id"]);
    assert_eq!((one["version"].as_str(), one["node.id"].as_str()), ("1", "1"));
    for sub in ["one", "two"] {
        assert!(dir.path().join(sub).join(".kafka_cleanshutdown").exists());
    }

    let broker = Broker::on(dir.path(), &settings);
    let mut client = broker.connect();
    for partition in 0..6 {
        assert_eq!(produce_to(&mut client, "spread", partition, batch(&["w"])).base_offset, 1);
    }
}

fn properties(dir: &Path) -> std::collections::BTreeMap<String, String> {
    let text = std::fs::read_to_string(dir.join("meta.properties")).unwrap();
    let pair = |line: &str| line.split_once('=').map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()));
    text.lines().filter(|l| !l.starts_with('#')).filter_map(pair).collect()
}

#[test]
fn a_deleted_topic_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::on(dir.path(), &["log.segment.delete.delay.ms=0"]);
    if broker.is_oracle() {
        // It looks after thirty seconds for the first time.
        return;
    }
    let mut client = broker.connect();
    create(&mut client, "gone", 2, &[]);
    produce(&mut client, "gone", batch(&["v"]));
    assert!(data(dir.path(), "gone-0").exists());
    delete(&mut client, "gone");
    wait_for("the files' end", || {
        let entries = std::fs::read_dir(dir.path().join("data")).unwrap();
        !entries.flatten().any(|e| e.file_name().to_string_lossy().starts_with("gone-"))
    });
}

#[test]
fn an_idle_stop_is_quick_with_clients_that_wait() {
    let broker = Broker::start();
    if broker.is_oracle() {
        return;
    }
    let mut client = broker.connect();
    create(&mut client, "t", 1, &[]);
    client.send(&fetch_request(&[("t", 0, 0)]).with_min_bytes(1).with_max_wait_ms(30_000), 12);
    let idle = broker.connect();
    let begun = std::time::Instant::now();
    broker.stop();
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    // Answered or not, the connection ends.
    assert!(client.is_closed() || client.is_closed());
    drop(idle);
}
