//! A node in a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// With these, no attack may make the node take more than [`PEAK_MAX_KIB`].
const SMALL: [&str; 4] = [
    "socket.request.max.bytes=8388608",
    "queued.max.request.bytes=8388608",
    "listeners=PLAINTEXT://127.0.0.1:0",
    "offsets.topic.num.partitions=2",
];

/// What a node with an 8 MiB limit and budget may take.
const PEAK_MAX_KIB: u64 = 64 * 1024;

/// Tells the child, which is this test binary again, what to be.
const SETTINGS: &str = "OTTLA_HOSTILE_NODE";

/// A running node.
pub struct Node {
    process: Child,
    pub address: SocketAddr,
    /// Peak resident memory that it may ever have, in KiB.
    pub peak_max_kib: u64,
    dir: tempfile::TempDir,
}

impl Node {
    /// Starts one with the small limits and `settings`.
    pub fn start(settings: &[&str]) -> Node {
        let dir = tempfile::tempdir().unwrap();
        let ready = dir.path().join("ready");
        let mut all = vec![format!("log.dirs={}", dir.path().join("data").display())];
        all.extend(SMALL.iter().chain(settings).map(|s| (*s).to_owned()));
        let mut command = match std::env::var_os("OTTLA_BIN") {
            Some(binary) => {
                let mut command = Command::new(binary);
                for setting in &all {
                    command.arg("--override").arg(setting);
                }
                command.arg("--ready-file").arg(&ready);
                command
            }
            None => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["hostile::child::a_node_under_attack", "--exact", "--ignored", "--nocapture"]);
                command.env(SETTINGS, format!("{}\n{}", ready.display(), all.join("\n")));
                command
            }
        };
        let output = std::fs::File::create(dir.path().join("output")).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let process = command.spawn().expect("the node's binary");
        let mut node =
            Node { process, address: SocketAddr::from(([127, 0, 0, 1], 0)), peak_max_kib: PEAK_MAX_KIB, dir };
        let deadline = Instant::now() + Duration::from_secs(20);
        node.address = loop {
            if let Ok(bootstrap) = std::fs::read_to_string(&ready) {
                break bootstrap.trim().parse().unwrap();
            }
            assert!(Instant::now() < deadline && node.is_alive(), "the node did not start:\n{}", node.output());
            std::thread::sleep(Duration::from_millis(5));
        };
        node
    }

    fn is_alive(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    fn output(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("output")).unwrap_or_default()
    }

    /// Where its logs are.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Peak resident memory so far, in KiB.
    pub fn peak_kib(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, key: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(key)).expect("a line of /proc/PID/status");
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// It serves, nothing panicked, and it has not taken more memory than it may.
    pub fn check(&mut self, after: &str) {
        assert!(self.is_alive(), "the node died after {after}:\n{}", self.output());
        super::probe(self.address);
        let output = self.output();
        assert!(!output.contains("panicked at"), "after {after}:\n{output}");
        assert!(!output.contains("cannot be encoded"), "after {after}:\n{output}");
        let peak = self.peak_kib();
        assert!(peak < self.peak_max_kib, "{peak} KiB after {after}");
    }

    /// Stops it cleanly.
    pub fn stop(mut self) {
        self.check("everything");
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.is_alive() {
            assert!(Instant::now() < deadline, "the node does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(self.process.wait().unwrap().success(), "{}", self.output());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Not a test: the node itself, when another test starts this binary as a child.
#[test]
#[ignore = "run by other tests, as the node that they attack"]
fn a_node_under_attack() {
    let Ok(settings) = std::env::var(SETTINGS) else { return };
    let mut lines = settings.lines();
    let ready_file = lines.next().map(PathBuf::from);
    let overrides = lines.map(str::to_owned).collect();
    let options = ottla_broker::node::Options { overrides, ready_file, ..Default::default() };
    ottla_broker::node::run_until_signal(options).unwrap();
}
