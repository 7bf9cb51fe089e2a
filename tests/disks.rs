//! A node on disks that fill up, fail and lie, driven by clients.

use crate::client::Client;
use crate::fixture::*;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    BrokerId, CreateTopicsRequest, DeleteRecordsRequest, MetadataRequest, MetadataResponse,
};
use ottla_base::storage::{DirEntry, DiskStorage, File, OpenMode, Storage, SyncMode};
use ottla_broker::node::{Options, RunningNode, start_on};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const STORAGE_ERROR: i16 = 56;
const LEADER_NOT_AVAILABLE: i16 = 5;

/// What a disk does below some path.
#[derive(Clone, Debug, PartialEq)]
enum Fault {
    /// Writes find no room, and neither do new files.
    Full,
    /// Writes fail.
    Write,
    /// Syncs fail.
    Sync,
    /// Reads fail.
    Read,
}

/// The machine's disk, with faults.
#[derive(Clone, Debug)]
struct Faulty {
    disk: DiskStorage,
    faults: Arc<Mutex<Vec<(PathBuf, Fault)>>>,
}

impl Faulty {
    fn new() -> Faulty {
        Faulty { disk: DiskStorage::new(SyncMode::Durable), faults: Arc::default() }
    }

    /// From now on everything below `path` does `fault`.
    fn break_below(&self, path: &Path, fault: Fault) {
        self.faults.lock().unwrap().push((path.to_owned(), fault));
    }

    fn repair(&self) {
        self.faults.lock().unwrap().clear();
    }

    fn check(&self, path: &Path, fault: &Fault) -> io::Result<()> {
        let faults = self.faults.lock().unwrap();
        match faults.iter().find(|(below, what)| path.starts_with(below) && what == fault) {
            // ENOSPC and EIO.
            Some((_, Fault::Full)) => Err(io::Error::from_raw_os_error(28)),
            Some(_) => Err(io::Error::from_raw_os_error(5)),
            None => Ok(()),
        }
    }

    fn check_write(&self, path: &Path) -> io::Result<()> {
        self.check(path, &Fault::Full)?;
        self.check(path, &Fault::Write)
    }
}

#[derive(Debug)]
struct FaultyFile {
    file: Arc<dyn File>,
    path: PathBuf,
    storage: Faulty,
}

impl File for FaultyFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.storage.check(&self.path, &Fault::Read)?;
        self.file.read_at(buf, offset)
    }

    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        self.storage.check_write(&self.path)?;
        self.file.write_vectored_at(parts, offset)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.storage.check(&self.path, &Fault::Sync)?;
        self.file.sync()
    }
}

impl Storage for Faulty {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        if !path.exists() && matches!(mode, OpenMode::Create | OpenMode::CreateNew) {
            self.check_write(path)?;
        }
        let file = self.disk.open(path, mode)?;
        Ok(Arc::new(FaultyFile { file, path: path.to_owned(), storage: self.clone() }))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.disk.read_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.check_write(path)?;
        self.disk.create_dir_all(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_dir(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.disk.exists(path)
    }
}

/// A node with its metadata in one directory and its logs in two others.
struct World {
    dir: tempfile::TempDir,
    disk: Faulty,
    node: Option<RunningNode>,
}

impl World {
    fn new() -> World {
        let mut world = World { dir: tempfile::tempdir().unwrap(), disk: Faulty::new(), node: None };
        world.start(&[]);
        world
    }

    fn start(&mut self, more: &[&str]) {
        let at = |name: &str| self.dir.path().join(name).display().to_string();
        let places = [format!("log.dirs={},{}", at("a"), at("b")), format!("metadata.log.dir={}", at("metadata"))];
        self.start_in(&places, more);
    }

    fn start_in(&mut self, places: &[String], more: &[&str]) {
        let mut overrides = vec![
            "listeners=PLAINTEXT://127.0.0.1:0".to_owned(),
            "offsets.topic.num.partitions=1".to_owned(),
            "log.flush.offset.checkpoint.interval.ms=50".to_owned(),
        ];
        overrides.extend_from_slice(places);
        overrides.extend(more.iter().map(|s| (*s).to_owned()));
        let options = Options { overrides, ..Options::default() };
        self.node = Some(start_on(options, Arc::new(self.disk.clone())).unwrap());
    }

    fn connect(&self) -> Client {
        Client::connect(self.node.as_ref().unwrap().address().unwrap())
    }

    /// Where partition `index` of `topic` lies: its log directory and itself.
    fn place(&self, topic: &str, index: i32) -> (PathBuf, PathBuf) {
        let found = ["a", "b"].map(|d| self.dir.path().join(d)).into_iter().find_map(|dir| {
            let log = dir.join(format!("{topic}-{index}"));
            log.is_dir().then_some((dir, log))
        });
        found.expect("a log")
    }

    fn stop(&mut self) {
        self.node.take().unwrap().stop().unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.disk.repair();
        if let Some(node) = self.node.take() {
            // What failed on purpose may be said here again.
            let _ = node.stop();
        }
    }
}

/// A topic with one partition in each directory: (partition in the one that will fail, partition in the other).
fn spread(world: &World, client: &mut Client, topic: &str) -> (i32, i32, PathBuf) {
    create(client, topic, 2, &[]);
    let (dir, other) = (world.place(topic, 0).0, world.place(topic, 1).0);
    assert_ne!(dir, other, "partitions are spread");
    (0, 1, dir)
}

fn produce_code(client: &mut Client, topic: &str, partition: i32) -> i16 {
    produce_to(client, topic, partition, batch(&["v"])).error_code
}

fn fetch_code(client: &mut Client, topic: &str, partition: i32) -> i16 {
    client.call(&fetch_request(&[(topic, partition, 0)]), 12).responses[0].partitions[0].error_code
}

fn metadata(client: &mut Client, topic: &str) -> MetadataResponse {
    let topic = MetadataRequestTopic::default().with_name(Some(name(topic)));
    client.call(&MetadataRequest::default().with_topics(Some(vec![topic])), 12)
}

#[test]
fn a_full_disk_refuses_appends_and_serves_everything_else_until_there_is_room() {
    let world = World::new();
    let mut client = world.connect();
    let topic = unique("full");
    let (on_full, on_other, dir) = spread(&world, &mut client, &topic);
    assert_eq!(produce_code(&mut client, &topic, on_full), 0);
    world.disk.break_below(&dir, Fault::Full);
    for _ in 0..3 {
        assert_eq!(produce_code(&mut client, &topic, on_full), STORAGE_ERROR);
    }
    assert_eq!(produce_code(&mut client, &topic, on_other), 0);
    assert_eq!(fetch_code(&mut client, &topic, on_full), 0, "reads go on");
    let code = metadata(&mut client, &topic).topics[0].partitions[0].error_code;
    assert_eq!(code, 0, "it still leads: the directory is not offline");
    // New partitions go elsewhere.
    let later = unique("later");
    create(&mut client, &later, 2, &[]);
    assert!((0..2).all(|index| world.place(&later, index).0 != dir));
    // Deleting goes on, too.
    let response = client.call(&delete_records(&topic, on_full), 2);
    assert_eq!(response.topics[0].partitions[0].error_code, 0);
    assert_eq!(response.topics[0].partitions[0].low_watermark, 1);
    world.disk.repair();
    wait_for("room", || produce_code(&mut client, &topic, on_full) == 0);
    assert_eq!(values_of(&mut client, &topic, on_full, 1).len(), 1);
    assert!(!dir.join(".ottla-room").exists(), "a probe leaves nothing");
}

fn delete_records(topic: &str, partition: i32) -> DeleteRecordsRequest {
    let partition = DeleteRecordsPartition::default().with_partition_index(partition).with_offset(-1);
    let topic = DeleteRecordsTopic::default().with_name(name(topic)).with_partitions(vec![partition]);
    DeleteRecordsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000)
}

fn values_of(client: &mut Client, topic: &str, partition: i32, offset: i64) -> Vec<(i64, String)> {
    let mut response = client.call(&fetch_request(&[(topic, partition, offset)]), 12);
    let partition = response.responses.remove(0).partitions.remove(0);
    assert_eq!(partition.error_code, 0);
    values(&partition.records.unwrap())
}

#[test]
fn topics_that_were_made_on_full_disks_serve_once_there_is_room() {
    let world = World::new();
    let mut client = world.connect();
    for dir in ["a", "b"] {
        world.disk.break_below(&world.dir.path().join(dir), Fault::Full);
    }
    let topic = unique("no-room");
    let response = client.call(&create_request(&topic, 1, &[]), 7);
    assert_eq!(response.topics[0].error_code, 0, "the metadata have room");
    assert_eq!(produce_code(&mut client, &topic, 0), STORAGE_ERROR);
    world.disk.repair();
    wait_for("room", || produce_code(&mut client, &topic, 0) == 0);
}

/// What must hold after the disk of one directory has failed.
fn one_directory_is_offline(world: &World, client: &mut Client, topic: &str, lost: i32, kept: i32) {
    let mut other = world.connect();
    wait_for("the failure", || fetch_code(&mut other, topic, lost) == STORAGE_ERROR);
    let refused = produce_code(client, topic, lost);
    assert_eq!(refused, STORAGE_ERROR);
    assert_eq!(produce_code(client, topic, kept), 0);
    assert_eq!(fetch_code(client, topic, kept), 0);
    // The controller has heard of it.
    wait_for("no leader", || {
        let answer = metadata(client, topic);
        let partition = answer.topics[0].partitions.iter().find(|p| p.partition_index == lost).unwrap();
        partition.error_code == LEADER_NOT_AVAILABLE
            && partition.leader_id == BrokerId(-1)
            && partition.offline_replicas == [BrokerId(1)]
    });
}

#[test]
fn a_failed_write_takes_its_directory_offline_and_no_other_until_a_restart() {
    let mut world = World::new();
    let mut client = world.connect();
    let topic = unique("write");
    let (lost, kept, dir) = spread(&world, &mut client, &topic);
    assert_eq!(produce_code(&mut client, &topic, lost), 0);
    world.disk.break_below(&dir, Fault::Write);
    assert_eq!(produce_code(&mut client, &topic, lost), STORAGE_ERROR);
    one_directory_is_offline(&world, &mut client, &topic, lost, kept);
    world.disk.repair();
    assert_eq!(produce_code(&mut client, &topic, lost), STORAGE_ERROR, "not before a restart");
    drop(client);
    world.stop();
    assert!(!dir.join(".kafka_cleanshutdown").exists());
    world.start(&[]);
    let mut client = world.connect();
    assert_eq!(values_of(&mut client, &topic, lost, 0).len(), 1, "nothing acknowledged is lost");
    assert_eq!(produce_code(&mut client, &topic, lost), 0);
}

#[test]
fn a_failed_sync_is_not_tried_again_and_takes_the_directory_offline() {
    let mut world = World::new();
    world.stop();
    world.start(&["log.flush.interval.messages=1"]);
    let mut client = world.connect();
    let topic = unique("sync");
    let (lost, kept, dir) = spread(&world, &mut client, &topic);
    assert_eq!(produce_code(&mut client, &topic, lost), 0);
    world.disk.break_below(&dir, Fault::Sync);
    assert_ne!(produce_code(&mut client, &topic, lost), 0);
    world.disk.repair();
    one_directory_is_offline(&world, &mut client, &topic, lost, kept);
}

#[test]
fn a_failed_read_takes_the_directory_offline() {
    let mut world = World::new();
    let mut client = world.connect();
    let topic = unique("read");
    let (lost, kept, dir) = spread(&world, &mut client, &topic);
    assert_eq!(produce_code(&mut client, &topic, lost), 0);
    // After a restart nothing is in memory.
    drop(client);
    world.stop();
    world.start(&[]);
    world.disk.break_below(&dir, Fault::Read);
    let mut client = world.connect();
    one_directory_is_offline(&world, &mut client, &topic, lost, kept);
}

#[test]
fn a_log_with_wrong_bytes_does_not_stop_the_node() {
    let mut world = World::new();
    let mut client = world.connect();
    let topic = unique("corrupt");
    create(&mut client, &topic, 3, &[]);
    for partition in 0..3 {
        for _ in 0..3 {
            assert_eq!(produce_code(&mut client, &topic, partition), 0);
        }
    }
    drop(client);
    world.stop();
    // The second batch's size is wrong, and a whole batch follows it: no torn tail. The stop was not clean, either.
    let (dir, log) = world.place(&topic, 0);
    let segment = log.join("00000000000000000000.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    let second = bytes.len() / 3;
    bytes[second + 17] ^= 0x40;
    std::fs::write(&segment, bytes).unwrap();
    std::fs::remove_file(dir.join(".kafka_cleanshutdown")).unwrap();
    world.start(&[]);
    let mut client = world.connect();
    assert_eq!(fetch_code(&mut client, &topic, 0), STORAGE_ERROR);
    assert_eq!(produce_code(&mut client, &topic, 0), STORAGE_ERROR);
    for partition in [1, 2] {
        assert_eq!(values_of(&mut client, &topic, partition, 0).len(), 3, "one in the same directory serves, too");
        assert_eq!(produce_code(&mut client, &topic, partition), 0);
    }
}

#[test]
fn a_node_whose_directories_have_all_failed_says_so() {
    let world = World::new();
    let mut client = world.connect();
    let topic = unique("all");
    spread(&world, &mut client, &topic);
    let node = world.node.as_ref().unwrap().node();
    assert_eq!(node.replicas.directories().fatal(), None);
    for dir in ["a", "b"] {
        world.disk.break_below(&world.dir.path().join(dir), Fault::Write);
    }
    produce_code(&mut client, &topic, 0);
    assert_eq!(node.replicas.directories().fatal(), None);
    produce_code(&mut client, &topic, 1);
    wait_for("the end", || node.replicas.directories().fatal().is_some());
    let reason = node.replicas.directories().fatal().unwrap();
    assert!(reason.starts_with("Shutdown broker because all log dirs in "), "{reason}");
}

#[test]
fn a_full_disk_with_the_metadata_on_it_stops_neither_the_node_nor_its_readers() {
    let mut world = World { dir: tempfile::tempdir().unwrap(), disk: Faulty::new(), node: None };
    let dir = world.dir.path().join("a");
    world.start_in(&[format!("log.dirs={}", dir.display())], &[]);
    let mut client = world.connect();
    let topic = unique("metadata");
    create(&mut client, &topic, 1, &[]);
    assert_eq!(produce_code(&mut client, &topic, 0), 0);
    world.disk.break_below(&dir, Fault::Full);
    assert_eq!(produce_code(&mut client, &topic, 0), STORAGE_ERROR);
    let later = unique("later");
    let mut waiting = world.connect();
    waiting.send(&create_request(&later, 1, &[]), 7);
    assert_eq!(values_of(&mut client, &topic, 0, 0).len(), 1);
    assert_eq!(produce_code(&mut client, &topic, 0), STORAGE_ERROR);
    world.disk.repair();
    let response = waiting.receive::<CreateTopicsRequest>(7);
    assert_eq!(response.topics[0].error_code, 0);
    for topic in [&topic, &later] {
        wait_for("room", || produce_code(&mut client, topic, 0) == 0);
    }
    // And it can be stopped while it waits.
    world.disk.break_below(&dir, Fault::Full);
    waiting.send(&create_request(&unique("never"), 1, &[]), 7);
    world.stop();
    world.disk.repair();
    world.start_in(&[format!("log.dirs={}", dir.display())], &[]);
    let mut client = world.connect();
    assert_eq!(values_of(&mut client, &topic, 0, 0).len(), 2);
}
