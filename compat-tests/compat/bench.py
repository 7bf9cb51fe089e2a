"""Figures of Ottla and of Apache Kafka 4.3.1, measured in one run, in alternating pairs.

Kafka runs with the heap and flags of its own start script, and is warmed by 5 M records before the figures of the long-lived brokers.
Two kinds of rounds: `fresh` starts both brokers anew in each pair (start, idle, memory), `warm` alternates between two that stay up.
Load comes from Kafka's own perf tools, whose CPU is not counted; the broker's is read from /proc.
"""

import os
import platform
import re
import statistics
import subprocess
import time
from dataclasses import dataclass, field

from . import cache, clients, nodes, process, summary

SETTINGS = {"log.segment.delete.delay.ms": "1000", "log.retention.check.interval.ms": "300000"}
KIB = 1024


@dataclass
class Figure:
    name: str
    unit: str
    must: str
    aim: str
    # Whether the medians (ottla, kafka) meet a bound.
    meets_must: object
    meets_aim: object
    ottla: list = field(default_factory=list)
    kafka: list = field(default_factory=list)


def at_most(bound):
    return lambda ottla, kafka: ottla <= bound


def of_kafka(share):
    return lambda ottla, kafka: ottla <= kafka * share


def figures():
    rows = [
        ("first ack", "process start → first acknowledged record", "ms", "≤ 40", "10", at_most(40), at_most(10)),
        ("idle memory", "resident memory, idle", "MiB", "≤ 20", "10", at_most(20), at_most(10)),
        ("loaded memory", "resident memory after 1 M records of 1 KiB", "MiB", "≤ 60", "30", at_most(60), at_most(30)),
        ("idle CPU", "CPU when idle", "%", "≤ 0.2", "0", at_most(0.2), at_most(0)),
        ("group java", "subscribe → first record, fresh group, Java", "ms", "≤ 150", "50", at_most(150), at_most(50)),
        ("group librdkafka", "subscribe → first record, fresh group, librdkafka", "ms", "≤ 150", "50", at_most(150), at_most(50)),
        ("produce 1 KiB", "broker CPU per GB produced, records of 1 KiB", "s/GB", "≤ 1/3 of Kafka's", "1/6", of_kafka(1 / 3), of_kafka(1 / 6)),
        ("produce 100 B", "broker CPU per GB produced, records of 100 B", "s/GB", "≤ 1/3 of Kafka's", "1/6", of_kafka(1 / 3), of_kafka(1 / 6)),
        ("consume", "broker CPU per GB consumed from page cache", "s/GB", "≤ Kafka's", "1/2", of_kafka(1), of_kafka(1 / 2)),
        ("sync p50", "single synchronous produce, p50", "ms", "≤ Kafka's", "1/3", of_kafka(1), of_kafka(1 / 3)),
        ("sync p99", "single synchronous produce, p99", "ms", "≤ Kafka's", "1/3", of_kafka(1), of_kafka(1 / 3)),
    ]
    return {key: Figure(*rest) for key, *rest in rows}


def kafka():
    return nodes.Kafka(settings=SETTINGS, flags=nodes.START_SCRIPT_FLAGS)


def ottla():
    return nodes.Ottla(settings=SETTINGS)


def java(*args, heap="512m", seconds=600):
    """One of Kafka's tools in a JVM of its own, with the heap of its script."""
    done = subprocess.run(["java", f"-Xmx{heap}", "-server", "-XX:+UseG1GC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp",
                           cache.classpath(cache.java_classes("bench", [cache.COMPAT / "bench" / "Latency.java"])), *map(str, args)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError(f"{args}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    return done.stdout


def topic(node, name, create=True):
    java("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", node.bootstrap, "--create" if create else "--delete",
         "--topic", name, heap="256m")


def produce(node, name, records, size):
    out = java("org.apache.kafka.tools.ProducerPerformance", "--bootstrap-server", node.bootstrap, "--topic", name, "--num-records",
               records, "--record-size", size, "--throughput", -1)
    assert re.search(rf"^{records} records sent", out, re.MULTILINE), out


def consume(node, name, records):
    out = java("org.apache.kafka.tools.ConsumerPerformance", "--bootstrap-server", node.bootstrap, "--topic", name, "--num-records",
               records, "--timeout", 60000, "--hide-header")
    assert int(out.split(", ")[4]) >= records, out


def first_ack(node):
    """Starts a formatted node; milliseconds from exec to the first acknowledged record of a topic that is not there yet."""
    begin = time.monotonic()
    node.launch()
    deadline = begin + 60
    while True:
        try:
            sock = process.connect(node.bootstrap or node.announced(), 0.5)
            break
        except (OSError, LookupError):
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.0005)
    with sock:
        while process.metadata(sock, "first") != 0 or process.produce(sock, "first") != 0:
            assert time.monotonic() < deadline, "no acknowledgement"
    return (time.monotonic() - begin) * 1000


def cpu_per_gb(node, work, size):
    before = node.cpu_seconds()
    work()
    return (node.cpu_seconds() - before) / (size / 1e9)


def fresh_round(node, scale, took):
    with node.directory_only():
        node.prepare()
        took("first ack", first_ack(node))
        node.wait_until_served()
        # Kafka is not settled at once: its compiler and its first collections go on for some seconds.
        time.sleep(3)
        took("idle memory", node.resident_bytes() / KIB**2)
        before, begin = node.cpu_seconds(), time.monotonic()
        time.sleep(10 if scale >= 1 else 3)
        took("idle CPU", (node.cpu_seconds() - before) / (time.monotonic() - begin) * 100)
        topic(node, "load")
        produce(node, "load", int(1_000_000 * scale), KIB)
        took("loaded memory", node.resident_bytes() / KIB**2)


def warm_round(node, number, scale, took):
    name = f"round-{number}"
    topic(node, name)
    records = int(1_000_000 * scale)
    took("produce 1 KiB", cpu_per_gb(node, lambda: produce(node, name, records, KIB), records * KIB))
    took("consume", cpu_per_gb(node, lambda: consume(node, name, records), records * KIB))
    topic(node, name, create=False)
    name = f"small-{number}"
    topic(node, name)
    records = int(10_000_000 * scale)
    took("produce 100 B", cpu_per_gb(node, lambda: produce(node, name, records, 100), records * 100))
    topic(node, name, create=False)
    name = f"sync-{number}"
    topic(node, name)
    host, port = node.bootstrap.rsplit(":", 1)
    micros = sorted(float(line) for line in java("Latency", "sync", host, port, name, int(20_000 * max(scale, 0.05))).split())
    took("sync p50", micros[len(micros) // 2] / 1000)
    took("sync p99", micros[len(micros) * 99 // 100] / 1000)
    took("group java", statistics.median(map(float, java("Latency", "group", node.bootstrap, name, 10).split())))
    script = [*clients.python("librdkafka")[:1], cache.COMPAT / "bench" / "group_latency.py", node.bootstrap, name, "10"]
    took("group librdkafka", statistics.median(map(float, subprocess.check_output(list(map(str, script)), text=True).split())))


def main(pairs, scale, document):
    report = summary.Report("bench")
    table, load = figures(), os.getloadavg()[0]
    begin = time.monotonic()

    def into(name):
        def took(figure, value):
            getattr(table[figure], name).append(value)
            print(f"  {time.monotonic() - begin:6.0f} s  {name:<6} {figure:<18} {value:10.3f} {table[figure].unit}", flush=True)
        return took

    if load > 0.5:
        print(f"the machine is not quiet: load {load:.1f}", flush=True)
    for number in range(pairs):
        print(f"fresh brokers, pair {number + 1} of {pairs}", flush=True)
        for make in (kafka, ottla) if number % 2 == 0 else (ottla, kafka):
            fresh_round(node := make(), scale, into(node.name))
    with kafka() as reference, ottla() as tried:
        warmth = int(5_000_000 * scale)
        for node in (reference, tried):
            topic(node, "warm")
            produce(node, "warm", warmth, 100)
        print(f"both brokers have had {warmth} records to warm up", flush=True)
        for number in range(pairs):
            print(f"warm brokers, pair {number + 1} of {pairs}", flush=True)
            for node in (reference, tried) if number % 2 == 0 else (tried, reference):
                warm_round(node, number, scale, into(node.name))

    binary = nodes.ottla_binary().stat().st_size / 1e6
    lines, unmet = render(table, binary, pairs, scale, (time.monotonic() - begin) / 60, load)
    if document:
        (cache.ROOT / "docs" / "benchmarks.md").write_text(lines)
        print("wrote docs/benchmarks.md")
    print(lines)
    # A run at a small scale shows that everything works; only a whole one says whether the figures hold.
    for figure in table.values():
        report.check(f"{figure.name} was measured", len(figure.ottla) == len(figure.kafka) == pairs, "it was not")
        if scale >= 1:
            report.check(f"{figure.name}: {figure.must}", figure.name not in unmet, f"{figure.ottla} against Kafka's {figure.kafka}")
    report.check("the binary has at most 15 MB", binary <= 15, f"{binary:.1f} MB")
    return report.close()


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def render(table, binary, pairs, scale, minutes, load):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    java_version = subprocess.run(["java", "-version"], stderr=subprocess.PIPE, text=True).stderr.splitlines()[0]
    out = ["# Benchmarks", "",
           "Written by `scripts/bench`: Ottla and Apache Kafka 4.3.1 in the same run on the same machine, in alternating pairs. Kafka has the",
           "heap and flags of its start script (`-Xms1G -Xmx1G`, G1) and 5 M records to warm up; load is Kafka's own perf tools, defaults",
           "but for the sizes named here (acks=all, idempotent, one partition, no compression). CPU is the broker process's alone.", "",
           f"{os.cpu_count()} × {model}, Linux {platform.release()}, {java_version}; {pairs} pairs, {minutes:.0f} minutes; "
           f"load of the machine before the run {load:.1f}"
           + (f"; **sizes × {scale}: not a valid run**" if scale != 1 else "") + ".", "",
           "| figure | Ottla | Kafka | Kafka ÷ Ottla | must | aim | |", "|---|---|---|---|---|---|---|"]
    unmet = set()
    for figure in table.values():
        ours, theirs = statistics.median(figure.ottla), statistics.median(figure.kafka)
        must, aim = figure.meets_must(ours, theirs), figure.meets_aim(ours, theirs)
        if not must:
            unmet.add(figure.name)
        ratio = number(theirs / ours) if ours else "∞"
        out.append(f"| {figure.name} | {number(ours)} {figure.unit} | {number(theirs)} {figure.unit} | {ratio} | {figure.must} | "
                   f"{figure.aim} | {'aim' if aim else 'must' if must else '**missed**'} |")
    out.append(f"| release binary, stripped | {binary:.1f} MB | | | ≤ 15 MB | 8 | "
               f"{'aim' if binary <= 8 else 'must' if binary <= 15 else '**missed**'} |")
    out += ["", "Medians. The raw numbers, pair by pair:", "", "| figure | Ottla | Kafka |", "|---|---|---|"]
    for figure in table.values():
        out.append(f"| {figure.name} ({figure.unit}) | {', '.join(map(number, figure.ottla))} | {', '.join(map(number, figure.kafka))} |")
    return "\n".join(out) + "\n", unmet
