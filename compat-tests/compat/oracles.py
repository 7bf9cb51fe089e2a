"""Apache Kafka's own readers over a broker's directories: kafka-dump-log, kafka-metadata-shell, and Kafka itself.

A broker gets some of everything (codecs, several segments, a compacted topic, groups, deleted records, a deleted and a
re-made topic), and is ended by SIGTERM or SIGKILL. Then each file in its log directory is read by 4.3.1's tools, which must not
complain. Last, Apache Kafka opens the directory, serves what is there and adds to it, and the broker takes it back.
"""

import re

from . import nodes, summary, tools

# What the tools print when a file is not as they want it. Anything on standard error counts too.
COMPLAINTS = re.compile(
    r"^.*(?:Error at |Found \d+ invalid bytes|isvalid: false|Mismatch|Non-consecutive|Found timestamp mismatch|out of order|"
    r"not found in|Unexpected|Exception|corrupt|Could not|Ignoring unknown file|Malformed|Unknown record type).*$",
    re.MULTILINE | re.IGNORECASE)
TOPICS = {
    "plain": [], "three": ["--partitions", "3"], "gone": [], "again": [],
    "compacted": ["--config", "cleanup.policy=compact"],
    "append-time": ["--config", "message.timestamp.type=LogAppendTime"],
    "small-segments": ["--config", "segment.bytes=1048576", "--config", "index.interval.bytes=100"],
}


def populate(jvm, bootstrap, report, case):
    def tool(name, *args, stdin=""):
        outcome = jvm.run(name, [*args, "--bootstrap-server", bootstrap], stdin)
        report.check(f"{case}: {name} {' '.join(args)}", outcome.exit == 0, f"exit {outcome.exit}: {outcome.out}{outcome.err}")
        return outcome

    def produce(topic, lines, *args):
        tool("kafka-console-producer", "--topic", topic, *args, stdin="".join(f"{line}\n" for line in lines))

    for topic, args in TOPICS.items():
        tool("kafka-topics", "--create", "--topic", topic, *args)
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        produce("plain", [f"{codec} {i}" for i in range(20)], "--compression-codec", codec)
    produce("plain", ["acks 1"], "--request-required-acks", "1", "--command-property", "enable.idempotence=false")
    keyed = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"]
    produce("three", [f"k{i}:v{i}" for i in range(30)], *keyed)
    produce("compacted", [f"k{i % 3}:v{i}" for i in range(30)], *keyed)
    produce("append-time", ["one", "two"], "--compression-codec", "gzip")
    produce("gone", ["x"])
    produce("again", ["x"])
    tool("kafka-producer-perf-test", "--topic", "small-segments", "--num-records", "4000", "--record-size", "1000",
         "--throughput", "-1")
    tool("kafka-configs", "--alter", "--entity-type", "topics", "--entity-name", "plain", "--add-config",
         "retention.ms=123456789")
    tool("kafka-topics", "--alter", "--topic", "three", "--partitions", "4")
    tool("kafka-topics", "--delete", "--topic", "gone")
    tool("kafka-topics", "--delete", "--topic", "again")
    tool("kafka-topics", "--create", "--topic", "again")
    produce("again", ["y", "z"])
    for group in ("readers", "leavers"):
        tool("kafka-console-consumer", "--topic", "three", "--group", group, "--from-beginning", "--max-messages", "30")
    tool("kafka-consumer-groups", "--reset-offsets", "--group", "readers", "--topic", "three:0", "--to-earliest", "--execute")
    tool("kafka-consumer-groups", "--delete", "--group", "leavers")


# What the tools say about Apache Kafka's own files too: the shell knows two kinds of control records only, and the dump
# compares the first offset of a segment with -1.
USUAL = [re.compile(r".*SnapshotFileReader - Ignoring control record with type KRAFT_(?:VERSION|VOTERS) at offset \d+"),
         re.compile(r"Non-consecutive offsets in .*\n +-1 is followed by \d+(?=\n|$)(?!\n +\d)")]


def complaints(outcome):
    errors = outcome.err
    for pattern in USUAL:
        errors = pattern.sub("", errors)
    found = COMPLAINTS.findall(outcome.out)[:3]
    if outcome.exit != 0:
        found.append(f"exit {outcome.exit}")
    return found + [line for line in errors.splitlines() if line.strip()][:3]


def read_directory(jvm, data, report, case):
    """Every file of a log directory through the tool that reads it. Only after a clean stop: the preallocated tail
    of an active index belongs to a killed Kafka too."""
    def dump(path, *options):
        outcome = jvm.run("kafka-dump-log", ["--files", str(path), *options])
        title = f"{case}: kafka-dump-log {' '.join(options)} {path.relative_to(data)}".replace("  ", " ")
        problems = complaints(outcome)
        report.check(title, not problems, "; ".join(problems))
        return outcome.out

    def present(what, found):
        report.check(f"{case}: there is a {what}", bool(found), "none found")
        return sorted(found)

    def files(pattern):
        # Directories of deleted partitions wait for their removal with whatever state they had.
        return [path for path in data.glob(pattern) if not path.parent.name.endswith("-delete")]

    records = 0
    for log in present("log", files("*/*.log")):
        folder = log.parent.name
        if folder.startswith("__cluster_metadata"):
            text = dump(log, "--cluster-metadata-decoder", "--skip-record-metadata")
            for kind in ("REGISTER_BROKER_RECORD", "TOPIC_RECORD", "PARTITION_RECORD", "CONFIG_RECORD",
                         "REMOVE_TOPIC_RECORD", "FEATURE_LEVEL_RECORD"):
                report.check(f"{case}: the metadata has a {kind}", f'"type":"{kind}"' in text, "not in the dump")
            dump(log, "--deep-iteration")
        elif folder.startswith("__consumer_offsets"):
            if log.stat().st_size:
                dump(log, "--offsets-decoder")
        elif log.stat().st_size:
            text = dump(log, "--deep-iteration", "--print-data-log")
            records += len(re.findall(r"^\| offset: ", text, re.MULTILINE))
    report.check(f"{case}: the dumps hold the records", records >= 4000 + 101 + 30 + 30 + 2 + 2, f"{records} records")
    report.check(f"{case}: a topic has several segments", len(list(data.glob("small-segments-0/*.log"))) >= 3, "it has not")
    for index in present("offset index", files("*/*.index")):
        if (index.parent / f"{index.stem}.log").stat().st_size:
            dump(index, "--index-sanity-check")
            dump(index, "--verify-index-only")
    for index in present("time index", files("*/*.timeindex")):
        if (index.parent / f"{index.stem}.log").stat().st_size:
            dump(index, "--index-sanity-check")
            dump(index, "--verify-index-only")
    for index in files("*/*.txnindex"):
        dump(index)
    for snapshot in files("*/*.snapshot"):
        dump(snapshot)
    for checkpoint in present("bootstrap checkpoint", data.glob("bootstrap.checkpoint")):
        dump(checkpoint, "--cluster-metadata-decoder")
    for checkpoint in sorted(data.glob("__cluster_metadata-0/*.checkpoint")):
        dump(checkpoint, "--cluster-metadata-decoder")

    # The shell reads the metadata log as well as a snapshot, and builds an image from it. Without a terminal it answers as
    # soon as it has applied anything at all, so it is asked until it has got to the end.
    log = sorted(data.glob("__cluster_metadata-0/*.log"))[0]
    for command, wanted in ((["ls", "/image/topics/byName"], [t for t in TOPICS if t != "gone"]),
                            (["cat", "/image/topics/byName/three/3"], ["replicas=[1]"]),
                            (["find", "/image/configs"], ["retention.ms"]),
                            (["ls", "/image/cluster/brokers"], ["1"])):
        for _ in range(30):
            outcome = jvm.run("kafka-metadata-shell", ["--snapshot", str(log), *command])
            missing = [word for word in wanted if word not in outcome.out]
            if not missing:
                break
        problems = complaints(outcome) + ([f"{missing} is not in {outcome.out!r}"] if missing else [])
        report.check(f"{case}: kafka-metadata-shell {' '.join(command)}", not problems, "; ".join(problems))


def contents(jvm, bootstrap, topic, count, group=None):
    args = ["--topic", topic, "--max-messages", str(count), "--timeout-ms", "8000", "--bootstrap-server", bootstrap,
            "--formatter-property", "print.offset=true", "--formatter-property", "print.partition=true",
            "--formatter-property", "print.key=true"]
    args += ["--group", group] if group else ["--from-beginning"]
    outcome = jvm.run("kafka-console-consumer", args)
    if len(outcome.out.splitlines()) != count:
        print(f"reading {topic}: exit {outcome.exit}\n{outcome.err}")
    return sorted(outcome.out.splitlines())


def handover(node, jvm, report, case):
    """broker → Apache Kafka → broker, on one directory."""
    def look(bootstrap, extra=0):
        groups = jvm.run("kafka-consumer-groups", ["--describe", "--group", "readers", "--bootstrap-server", bootstrap])
        topics = jvm.run("kafka-topics", ["--describe", "--exclude-internal", "--bootstrap-server", bootstrap])
        return {"plain": contents(jvm, bootstrap, "plain", 101 + extra), "three": contents(jvm, bootstrap, "three", 30),
                "group": sorted(groups.out.splitlines()), "topics": sorted(topics.out.splitlines())}

    before = look(node.bootstrap)
    node.stop()
    other = nodes.Kafka(settings=node.settings, directory=node.directory)
    other.adopt(node)
    try:
        other.start()
        during = look(other.bootstrap)
        for what, value in before.items():
            report.check(f"{case}, handover: Apache Kafka finds the same {what}", during[what] == value,
                         f"{[l for l in value if l not in during[what]][:3]} became {[l for l in during[what] if l not in value][:3]}")
        jvm.run("kafka-console-producer", ["--topic", "plain", "--bootstrap-server", other.bootstrap], "by kafka\n")
        during = look(other.bootstrap, 1)
    finally:
        other.stop()
    node.start()
    after = look(node.bootstrap, 1)
    for what, value in during.items():
        report.check(f"{case}, handover: the broker takes back the same {what}", after[what] == value,
                     f"{[l for l in value if l not in after[what]][:3]} became {[l for l in after[what] if l not in value][:3]}")


def self_test(report):
    """The parser sees what the tools say about a bad file."""
    for line in ("Error at offset 3, skipping. bad", "Found 7 invalid bytes at the end of 0.log",
                 "baseOffset: 0 lastOffset: 1 isvalid: false", "Non-consecutive offsets in 0.log"):
        report.check("complaints are seen", complaints(tools.Outcome(0, f"Dumping\n{line}\nok", "")), line)
    report.check("no complaint is no complaint", not complaints(tools.Outcome(0, "isvalid: true\nLog starting offset: 0", "")))


def main(target):
    report = summary.Report("oracles")
    self_test(report)
    with tools.ToolJvm() as jvm:
        for case in ("stopped", "killed"):
            with nodes.node(target) as node:
                populate(jvm, node.bootstrap, report, case)
                if case == "killed":
                    node.kill()
                    node.start()
                    found = contents(jvm, node.bootstrap, "plain", 101)
                    report.check("killed: the next start has every record", len(found) == 101, f"{len(found)} of 101")
                code, _ = node.stop()
                report.check(f"{case}: SIGTERM ends the process well", code == (143 if target == "kafka" else 0), f"code {code}")
                read_directory(jvm, node.data, report, case)
                node.start()
                handover(node, jvm, report, case)
    return report.close()
