"""Brokers as processes: Apache Kafka 4.3.1 and Ottla, one combined node each, on free loopback ports.

Both are started with the same server.properties (but for ports and directories), so that what differs in a
differential run is the broker and not its configuration. Nothing here waits by sleeping for a guessed time: Kafka
serves when it logs so, Ottla when its ready file exists.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from . import cache

# What differs from Kafka's defaults, for both brokers: a single node cannot hold three replicas, and tests do not
# wait three seconds for a second group member that never comes.
SETTINGS = {
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
}
# The same cluster for both, so that ids in outputs are equal.
CLUSTER_ID = "b3R0bGEtY29tcGF0LXRlcw"
TEST_HEAP = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
# bin/kafka-server-start.sh and bin/kafka-run-class.sh of Kafka's distribution.
START_SCRIPT_FLAGS = ["-Xmx1G", "-Xms1G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20",
                      "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent",
                      "-Djava.awt.headless=true"]


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


class Node:
    """A broker process with a directory of its own. Use as a context manager; `bootstrap` is its address."""

    name = "?"

    def __init__(self, settings=None, directory=None):
        self.settings = dict(settings or {})
        self.owns_directory = directory is None
        self.directory = Path(directory or tempfile.mkdtemp(prefix=f"ottla-compat-{self.name}-"))
        self.data = self.directory / "data"
        self.log = self.directory / "node.log"
        self.process = None
        self.bootstrap = self.controller = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if self.owns_directory and not (kind and os.environ.get("OTTLA_KEEP")):
            shutil.rmtree(self.directory, ignore_errors=True)

    def write_properties(self, broker, controller):
        properties = self.directory / "server.properties"
        lines = {"process.roles": "broker,controller", "node.id": "1",
                 "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
                 "controller.quorum.bootstrap.servers": controller,
                 "log.dirs": str(self.data), "controller.listener.names": "CONTROLLER",
                 "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                 **SETTINGS, **self.settings}
        properties.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        return properties

    def start(self, seconds=60):
        self.prepare()
        self.launch()
        self.wait_until_served(seconds)

    @contextlib.contextmanager
    def directory_only(self):
        """For a caller that starts the node itself: it is stopped and its directory removed at the end."""
        try:
            yield self
        finally:
            self.__exit__(None)

    def spawn(self, args, env=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(a) for a in args], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, env=env, start_new_session=True)

    def wait_until_served(self, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.serves():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with code {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} did not serve within {seconds} s:\n{self.tail()}")
            time.sleep(0.01)

    def tail(self, lines=25):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    @property
    def pid(self):
        return self.process.pid

    def stop(self, seconds=30):
        """SIGTERM; returns the exit code and how long it took."""
        if self.process is None:
            return None, 0.0
        begin = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError(f"{self.name} did not stop within {seconds} s of SIGTERM:\n{self.tail()}")
        code, self.process = self.process.returncode, None
        return code, time.monotonic() - begin

    def kill(self):
        """SIGKILL: what a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def cpu_seconds(self):
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")


class Kafka(Node):
    name = "kafka"

    def __init__(self, settings=None, directory=None, flags=None):
        super().__init__(settings, directory)
        self.flags = flags or TEST_HEAP

    def adopt(self, node):
        """Serves the directory of a stopped node, under its addresses."""
        self.bootstrap, self.controller = node.bootstrap, node.controller
        self.properties = self.write_properties(self.bootstrap, self.controller)

    def java(self, *args):
        return ["java", *self.flags, "-Dorg.slf4j.simpleLogger.defaultLogLevel=info", "-cp", cache.classpath(), *args]

    def prepare(self):
        # Ports are drawn once: a restart must find the voter where the quorum says it is.
        if self.bootstrap is None:
            self.bootstrap, self.controller = (f"127.0.0.1:{port}" for port in free_ports(2))
            self.properties = self.write_properties(self.bootstrap, self.controller)
        if not (self.data / "meta.properties").exists():
            cache.command(self.java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self.properties,
                                    "--standalone"))

    def launch(self):
        self.log_from = self.log.stat().st_size if self.log.exists() else 0
        self.spawn(self.java("kafka.Kafka", self.properties))

    def serves(self):
        with open(self.log, "rb") as log:
            log.seek(self.log_from)
            return b"Kafka Server started" in log.read()


class Ottla(Node):
    name = "ottla"

    def __init__(self, settings=None, directory=None, binary=None):
        super().__init__(settings, directory)
        self.binary = binary or ottla_binary()

    def prepare(self):
        # The controller's port is drawn here, for a handover to Apache Kafka; the broker's by the first start.
        if self.controller is None:
            self.controller = f"127.0.0.1:{free_ports(1)[0]}"
        self.properties = self.write_properties(self.bootstrap or "127.0.0.1:0", self.controller)
        self.ready_file = self.directory / "ready"
        self.ready_file.unlink(missing_ok=True)

    def launch(self):
        # Variables like KAFKA_HEAP_OPTS of the caller's shell are no part of a test.
        env = {k: v for k, v in os.environ.items() if not k.startswith("KAFKA_")}
        self.spawn([self.binary, self.properties, "--ready-file", self.ready_file], env)

    def announced(self):
        """The address in the ready file, LookupError before there is one."""
        if not self.ready_file.exists():
            raise LookupError("not ready")
        return self.ready_file.read_text().strip()

    def serves(self):
        return self.ready_file.exists()

    def wait_until_served(self, seconds=20):
        super().wait_until_served(seconds)
        self.bootstrap = self.announced()


def ottla_binary() -> Path:
    """$OTTLA_BIN, or the release binary of this checkout."""
    if os.environ.get("OTTLA_BIN"):
        return Path(os.environ["OTTLA_BIN"]).absolute()
    target = Path(os.environ.get("CARGO_TARGET_DIR") or cache.ROOT / "target")
    found = sorted(target.glob("*/release/ottla")) + sorted(target.glob("release/ottla"))
    if not found:
        raise SystemExit("no release binary of ottla: run `cargo build --release`, or name one in OTTLA_BIN")
    return max(found, key=lambda path: path.stat().st_mtime)


def node(name: str, **options) -> Node:
    return {"kafka": Kafka, "ottla": Ottla}[name](**options)


def together(*calls):
    """Runs calls side by side, returns their results in order; the first exception is raised after all have ended."""
    results, errors = [None] * len(calls), []

    def work(index, call):
        try:
            results[index] = call()
        except BaseException as error:  # handed to the caller below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i, c)) for i, c in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
