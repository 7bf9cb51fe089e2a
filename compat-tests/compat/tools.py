"""Kafka's console tools in one warm JVM (compat-tests/tools/ToolRunner.java): a run takes milliseconds, not seconds.

Runs are answered in the order in which they end, so several may be under way at once (a consumer that stays in
its group while another tool describes the group).
"""

import json
import subprocess
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as RunTimeout
from dataclasses import dataclass

from . import cache

CLASSES = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "kafka-producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "kafka-consumer-perf-test": "org.apache.kafka.tools.ConsumerPerformance",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "kafka-cluster": "org.apache.kafka.tools.ClusterTool",
    "kafka-groups": "org.apache.kafka.tools.GroupsCommand",
    "kafka-dump-log": "org.apache.kafka.tools.DumpLogSegments",
    "kafka-metadata-shell": "org.apache.kafka.shell.MetadataShell",
}


@dataclass
class Outcome:
    exit: object  # an exit code, or "timeout"
    out: str
    err: str


class ToolJvm:
    def __init__(self):
        self.lock = threading.Lock()
        self.process = None

    def __enter__(self):
        self.launch()
        return self

    def __exit__(self, *_):
        self.close()

    def launch(self):
        classes = cache.java_classes("tool-runner", [cache.COMPAT / "tools" / "ToolRunner.java"])
        self.pending, self.last_id = {}, 0
        self.process = subprocess.Popen(
            # Constant identity hashes: tools print sets of enums and of options, whose order would be random.
            ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+UnlockExperimentalVMOptions",
             "-XX:hashCode=2", "-Djava.security.manager=allow",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", cache.classpath(classes), "ToolRunner"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        threading.Thread(target=self.read, args=(self.process, self.pending), daemon=True).start()

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    @staticmethod
    def read(process, pending):
        for line in process.stdout:
            answer = json.loads(line)
            pending.pop(answer["id"]).set_result(Outcome(answer["exit"], answer["out"], answer["err"]))
        for future in list(pending.values()):
            if not future.done():
                future.set_exception(RuntimeError("the JVM of the tools ended"))

    def send(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def start(self, tool, args, stdin=""):
        """Begins a run; returns (id, future of its Outcome)."""
        with self.lock:
            self.last_id += 1
            run, future = self.last_id, Future()
            self.pending[run] = future
            self.send({"op": "start", "id": run, "class": CLASSES.get(tool, tool), "args": [str(a) for a in args],
                       "stdin": stdin})
        return run, future

    def stop(self, run):
        with self.lock:
            self.send({"op": "stop", "id": run})

    def run(self, tool, args, stdin="", seconds=30) -> Outcome:
        _, future = self.start(tool, args, stdin)
        try:
            return future.result(seconds)
        except RunTimeout:
            # A run that hangs may hold anything: start afresh.
            self.close()
            self.launch()
            return Outcome("timeout", "", f"no end within {seconds} s")
