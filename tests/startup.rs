//! Starting: settings and where they come from, what is refused and how, listeners, the ready file.

use crate::client::Client;
use crate::fixture::*;
use kafka_protocol::messages::*;
use ottla_broker::node::{Options, start};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

/// Why a node with these settings does not start.
fn refused(dir: &Path, settings: &[&str]) -> String {
    refused_with(Broker::options(dir, settings))
}

fn refused_with(options: Options) -> String {
    match start(options) {
        Ok(node) => {
            node.stop().unwrap();
            panic!("it started")
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && text.lines().count() <= 2, "{text}");
            text
        }
    }
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[test]
fn a_bad_value_is_told_with_key_value_and_place() {
    let dir = tempfile::tempdir().unwrap();
    let text = refused(dir.path(), &["num.partitions=many"]);
    assert_says(&text, &["num.partitions", "many", "--override"]);
    let text = refused(dir.path(), &["num.partitions=0"]);
    assert_says(&text, &["num.partitions", "0", "at least 1", "--override"]);

    let mut options = Broker::options(dir.path(), &[]);
    options.environment = vec![("KAFKA_NUM_PARTITIONS".into(), "many".into())];
    assert_says(&refused_with(options), &["num.partitions", "many", "KAFKA_NUM_PARTITIONS"]);

    let options = Broker::options(dir.path(), &[]);
    let file = options.properties.clone().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\nnum.partitions=many\n")).unwrap();
    let line = format!("line {}", text.lines().count() + 2);
    assert_says(&refused_with(options), &["num.partitions", "many", "server.properties", &line]);

    let mut options = Broker::options(dir.path(), &[]);
    options.overrides.push("no equals sign".into());
    assert_says(&refused_with(options), &["no equals sign"]);

    let options = Options { properties: Some(dir.path().join("absent.properties")), ..Options::default() };
    assert_says(&refused_with(options), &["absent.properties"]);
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let start_with = |file_value: &str, environment: Option<&str>, flag: Option<&str>| {
        let mut options = Broker::options(dir.path(), &[]);
        let file = options.properties.clone().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}num.partitions={file_value}\nno.such.key=1\n")).unwrap();
        options.environment = vec![
            ("KAFKA_HOME".into(), "/opt/kafka".into()),
            ("KAFKA_PORT".into(), "tcp://10.0.0.1:9092".into()),
            ("KAFKA_HEAP_OPTS".into(), "-Xmx1G".into()),
            ("NUM_PARTITIONS".into(), "99".into()),
        ];
        options.environment.extend(environment.map(|v| ("KAFKA_NUM_PARTITIONS".to_owned(), v.to_owned())));
        options.overrides.extend(flag.map(|v| format!("num.partitions={v}")));
        let node = start(options).unwrap();
        let mut client = Client::connect(node.address().unwrap());
        let request = create_request("t", -1, &[]).with_validate_only(true);
        let partitions = client.call(&request, 7).topics[0].num_partitions;
        node.stop().unwrap();
        partitions
    };
    assert_eq!(start_with("2", None, None), 2);
    assert_eq!(start_with("2", Some("3"), None), 3);
    assert_eq!(start_with("2", Some("3"), Some("4")), 4);
    assert_eq!(start_with("2", None, Some("4")), 4);
}

#[test]
fn a_directory_that_is_in_use_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::on(dir.path(), &[]);
    if broker.is_oracle() {
        return;
    }
    let data = dir.path().join("data");
    let text = refused(dir.path(), &[]);
    assert_says(&text, &[&data.display().to_string()]);
    // The first one does not suffer from it.
    broker.connect().call(&ApiVersionsRequest::default(), 0);
    broker.stop();
    Broker::on(dir.path(), &[]).stop();
}

#[test]
fn a_directory_of_another_node_or_cluster_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Broker::on(dir.path(), &[]).stop();
    let text = refused(dir.path(), &["node.id=2"]);
    assert_says(&text, &["Stored node id 1 doesn't match previous node id 2 in", "meta.properties"]);

    // A second directory from another cluster.
    let other = tempfile::tempdir().unwrap();
    Broker::on(other.path(), &[]).stop();
    let both = format!("log.dirs={},{}", dir.path().join("data").display(), other.path().join("data").display());
    let text = refused(dir.path(), &[&both]);
    assert_says(&text, &["cluster.id"]);
    // Nothing is broken by these attempts; a directory that is named twice counts once.
    let one = dir.path().join("data").display().to_string();
    Broker::on(dir.path(), &[&format!("log.dirs={one},{one}")]).stop();
}

#[test]
fn a_directory_that_cannot_be_made_or_is_no_log_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data").display().to_string();
    assert_says(&refused(dir.path(), &[&format!("log.dirs={below}")]), &[&below]);
    let empty = refused(dir.path(), &["log.dirs="]);
    assert!(!empty.is_empty());

    let strange = tempfile::tempdir().unwrap();
    Broker::on(strange.path(), &[]).stop();
    std::fs::create_dir(strange.path().join("data/holiday photos")).unwrap();
    assert_says(&refused(strange.path(), &[]), &["holiday photos"]);
}

#[test]
fn roles_that_do_not_exist_yet_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let only = ["process.roles=broker", "listeners=PLAINTEXT://127.0.0.1:0"];
    assert_says(&refused(dir.path(), &only), &["process.roles"]);
    refused(dir.path(), &["process.roles=king"]);
    let voters = ["controller.quorum.bootstrap.servers=", "controller.quorum.voters=1@127.0.0.1:1,2@127.0.0.1:2"];
    assert_says(&refused(dir.path(), &voters), &["controller.quorum.voters"]);
}

#[test]
fn a_port_that_is_taken_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let listeners = format!("listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:0");
    let text = refused(dir.path(), &[&listeners]);
    assert_says(&text, &["127.0.0.1", &port.to_string()]);
    drop(taken);
    let mut options = Broker::options(dir.path(), &[]);
    options.port = Some(port);
    let node = start(options).unwrap();
    assert_eq!(node.address().unwrap(), SocketAddr::from(([127, 0, 0, 1], port)));
    node.stop().unwrap();
}

fn metadata(address: SocketAddr) -> MetadataResponse {
    Client::connect(address).call(&MetadataRequest::default().with_topics(Some(vec![])), 12)
}

#[test]
fn a_bound_port_is_the_one_that_is_advertised_on_every_listener() {
    let dir = tempfile::tempdir().unwrap();
    let settings = [
        "listeners=INSIDE://127.0.0.1:0,OUTSIDE://localhost:0,CONTROLLER://127.0.0.1:0",
        "advertised.listeners=INSIDE://127.0.0.1:0,OUTSIDE://example.org:0",
        "listener.security.protocol.map=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name=INSIDE",
    ];
    let node = start(Broker::options(dir.path(), &settings)).unwrap();
    let inside = node.address().unwrap();
    let brokers = metadata(inside).brokers;
    assert_eq!(brokers.len(), 1);
    assert_eq!((brokers[0].host.as_str(), brokers[0].port), ("127.0.0.1", i32::from(inside.port())));
    assert_eq!(node.bootstrap(), format!("127.0.0.1:{}", inside.port()));
    let outside: Vec<SocketAddr> = node.addresses_of("OUTSIDE");
    assert!(!outside.is_empty());
    for address in outside {
        let brokers = metadata(address).brokers;
        assert_eq!((brokers[0].host.as_str(), brokers[0].port), ("example.org", i32::from(address.port())));
    }
    // A controller listener serves no clients.
    let mut controller = Client::connect(node.addresses_of("CONTROLLER")[0]);
    controller.call(&ApiVersionsRequest::default(), 0);
    controller.send(&MetadataRequest::default().with_topics(Some(vec![])), 12);
    assert!(controller.is_closed());
    node.stop().unwrap();
}

#[test]
fn the_ready_file_is_there_while_the_node_serves() {
    let dir = tempfile::tempdir().unwrap();
    let ready = dir.path().join("ready");
    let mut options = Broker::options(dir.path(), &[]);
    options.ready_file = Some(ready.clone());
    let starting = std::thread::spawn(move || start(options).unwrap());
    let mut text = String::new();
    wait_for("the ready file", || {
        text = std::fs::read_to_string(&ready).unwrap_or_default();
        ready.exists()
    });
    let text = if text.is_empty() { std::fs::read_to_string(&ready).unwrap() } else { text };
    let bootstrap: SocketAddr = text.strip_suffix('\n').unwrap().parse().unwrap();
    assert_eq!(metadata(bootstrap).brokers.len(), 1);
    let node = starting.join().unwrap();
    assert_eq!(node.address(), Some(bootstrap));
    node.stop().unwrap();
    assert!(!ready.exists());

    // A node that does not start leaves none.
    let mut options = Broker::options(dir.path(), &["node.id=9"]);
    options.ready_file = Some(ready.clone());
    refused_with(options);
    assert!(!ready.exists());
}

#[test]
fn an_ephemeral_node_leaves_nothing_behind() {
    let options = Options {
        overrides: vec![
            "listeners=PLAINTEXT://127.0.0.1:0".into(),
            "advertised.listeners=PLAINTEXT://127.0.0.1:0".into(),
        ],
        ephemeral: true,
        ..Options::default()
    };
    let node = start(options).unwrap();
    let dirs = node.node().config.log_dirs.clone();
    assert_eq!(dirs.len(), 1);
    let mut client = Client::connect(node.address().unwrap());
    create(&mut client, "t", 1, &[]);
    assert_eq!(produce(&mut client, "t", batch(&["v"])).error_code, 0);
    assert!(Path::new(&dirs[0]).join("t-0").exists());
    node.stop().unwrap();
    assert!(!Path::new(&dirs[0]).exists());
}

#[test]
fn an_empty_directory_is_formatted_as_kafka_formats_it() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::on(dir.path(), &[]);
    let meta = std::fs::read_to_string(data(dir.path(), "meta.properties")).unwrap();
    for key in ["version=1", "node.id=1", "cluster.id=", "directory.id="] {
        assert!(meta.lines().any(|l| l.starts_with(key)), "{key} is not in {meta}");
    }
    let cluster = broker.connect().call(&DescribeClusterRequest::default(), 0).cluster_id;
    assert!(meta.contains(&format!("cluster.id={cluster}")));
    assert_eq!(cluster.len(), 22);
    for file in
        ["bootstrap.checkpoint", "__cluster_metadata-0/quorum-state", "__cluster_metadata-0/00000000000000000000.log"]
    {
        assert!(data(dir.path(), file).exists(), "{file}");
    }
}

#[test]
fn connections_are_limited_by_address_and_reaped_when_idle() {
    let broker = Broker::with(&["max.connections.per.ip=2", "connections.max.idle.ms=300"]);
    let mut first = broker.connect();
    let mut second = broker.connect();
    first.call(&ApiVersionsRequest::default(), 0);
    second.call(&ApiVersionsRequest::default(), 0);
    assert!(broker.connect().is_closed(), "the third");
    assert!(first.is_closed(), "idle for too long");
    assert!(second.is_closed());
    wait_for("room", || {
        let mut client = broker.connect();
        client.send_body(18, 0, &[]);
        !client.is_closed()
    });
}
