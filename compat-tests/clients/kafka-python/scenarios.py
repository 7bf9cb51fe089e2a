"""The scenarios of compat-tests/scenarios.toml with kafka-python.

Usage: scenarios.py BOOTSTRAP NAME…; prints `NAME ok` or `NAME fail REASON` for each.
"""

import itertools
import logging
import os
import sys
import threading
import time
import traceback

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, OffsetAndMetadata, OffsetSpec, TopicPartition
from kafka import errors as E
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

logging.disable(logging.CRITICAL)
BOOTSTRAP = sys.argv[1]
SCENARIOS = {}
COUNTER = itertools.count()
ADMIN = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)


def scenario(function):
    SCENARIOS[function.__name__.replace("_", "-")] = function
    return function


def producer(**settings):
    return KafkaProducer(bootstrap_servers=BOOTSTRAP, **{"linger_ms": 0, **settings})


def consumer(*topics, **settings):
    given = {"auto_offset_reset": "earliest", "enable_auto_commit": False, **settings}
    return KafkaConsumer(*topics, bootstrap_servers=BOOTSTRAP, **given)


def name():
    return f"kafka-python-{os.getpid()}-{time.time_ns()}-{next(COUNTER)}"


def check(good, what):
    if not good:
        raise AssertionError(what)


def same(expected, got):
    check(expected == got, f"expected {expected!r}, got {got!r}")


def fails(kind, call):
    try:
        call()
    except kind:
        return
    except E.KafkaError as e:
        raise AssertionError(f"expected {kind.__name__}, got {e!r}")
    raise AssertionError("no error")


def create(t, partitions=1, replicas=1, configs=None, **options):
    return ADMIN.create_topics({t: {"num_partitions": partitions, "replication_factor": replicas, "configs": configs or {}}},
                               **options)


def topic(partitions=1, **config):
    made = name()
    create(made, partitions, configs={k.replace("_", "."): v for k, v in config.items()})
    return made


def send(to, records, **settings):
    """Produces (key, value) pairs or dicts, in order; returns their metadata, raises the first error."""
    p = producer(**settings)
    try:
        sent = []
        for record in records:
            arguments = record if isinstance(record, dict) else {"key": record[0], "value": record[1]}
            sent.append(p.send(to, partition=0, **arguments))
        p.flush(30)
        return [future.get(30) for future in sent]
    finally:
        p.close()


def read(c, count, seconds=15):
    records, deadline = [], time.monotonic() + seconds
    while len(records) < count and time.monotonic() < deadline:
        for batch in c.poll(timeout_ms=100).values():
            records += batch
    check(len(records) >= count, f"read {len(records)} of {count} records")
    return records


def read_all(from_topic, count, **settings):
    c = consumer(**settings)
    try:
        tp = TopicPartition(from_topic, 0)
        c.assign([tp])
        c.seek_to_beginning(tp)
        records = read(c, count)
        same(count, len(records))
        return records
    finally:
        c.close()


def until(what, condition, seconds=25):
    deadline = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < deadline, f"waited in vain: {what}")
        time.sleep(0.005)


def codec(which):
    def run():
        t = topic()
        records = [(f"k{i}".encode(), b"abc " * 100 + str(i).encode()) for i in range(100)]
        send(t, records, compression_type=which, linger_ms=20)
        got = read_all(t, 100)
        same(records, [(r.key, r.value) for r in got])
        same(list(range(100)), [r.offset for r in got])
    return run


for which in (None, "gzip", "snappy", "lz4", "zstd"):
    SCENARIOS[f"codec-{which or 'none'}"] = codec(which)


@scenario
def headers():
    t = topic()
    sent = [("a", b"1"), ("b", b"x"), ("a", b"2"), ("c", b""), ("a", b"1")]  # this client has no null values in headers
    send(t, [{"value": b"v", "headers": sent}])
    same(sent, list(read_all(t, 1)[0].headers))


@scenario
def nulls():
    t = topic()
    records = [(None, b"v"), (b"k", None), (b"", b"v"), (b"k", b""), (b"", b"")]
    send(t, records)
    same(records, [(r.key, r.value) for r in read_all(t, len(records))])


@scenario
def large_record():
    t = topic()
    big, medium = os.urandom(900_000), os.urandom(50_000)
    send(t, [(None, big)] + [(None, medium)] * 200)
    got = read_all(t, 201)
    check(got[0].value == big and all(r.value == medium for r in got[1:]), "a record changed")


@scenario
def acks():
    t = topic()
    for level in (0, 1, "all"):
        send(t, [(None, str(level).encode())] * 10, acks=level, enable_idempotence=False)
    same(30, len(read_all(t, 30)))


@scenario
def idempotent_order():
    t = topic()
    records = [(None, str(i).encode()) for i in range(2000)]
    got = send(t, records, enable_idempotence=True, batch_size=500)
    same(list(range(2000)), [m.offset for m in got])
    same([v for _, v in records], [r.value for r in read_all(t, 2000)])


@scenario
def timestamps():
    kept, stamped = topic(), topic(message_timestamp_type="LogAppendTime")
    same(1_500_000_000_000, send(kept, [{"value": b"x", "timestamp_ms": 1_500_000_000_000}])[0].timestamp)
    got = read_all(kept, 1)[0]
    same((1_500_000_000_000, 0), (got.timestamp, got.timestamp_type))
    before = int(time.time() * 1000)
    answered = send(stamped, [{"value": b"x", "timestamp_ms": 1_500_000_000_000}])[0].timestamp
    check(abs(answered - before) < 10_000, f"LogAppendTime answered {answered}")
    got = read_all(stamped, 1)[0]
    same((answered, 1), (got.timestamp, got.timestamp_type))


@scenario
def seek_offset():
    t = topic()
    tp = TopicPartition(t, 0)
    send(t, [(None, str(i).encode()) for i in range(20)])
    c = consumer()
    c.assign([tp])
    c.seek(tp, 12)
    same(12, read(c, 8)[0].offset)
    c.seek_to_beginning(tp)
    same(0, read(c, 20)[0].offset)
    c.seek_to_end(tp)
    same(20, c.position(tp))
    same(({tp: 0}, {tp: 20}), (c.beginning_offsets([tp]), c.end_offsets([tp])))
    c.close()


@scenario
def seek_timestamp():
    t = topic()
    tp = TopicPartition(t, 0)
    send(t, [{"value": str(i).encode(), "timestamp_ms": 1_000_000 + i * 1000} for i in range(10)])
    c = consumer()
    same(0, c.offsets_for_times({tp: 0})[tp].offset)
    within = c.offsets_for_times({tp: 1_003_500})[tp]
    same((4, 1_004_000), (within.offset, within.timestamp))
    same(None, c.offsets_for_times({tp: 2_000_000})[tp])
    c.assign([tp])
    c.seek(tp, within.offset)
    same(b"4", read(c, 6)[0].value)
    c.close()


@scenario
def offset_out_of_range():
    t = topic()
    tp = TopicPartition(t, 0)
    send(t, [(None, b"x")] * 3)
    c = consumer(auto_offset_reset="none")
    c.assign([tp])
    c.seek(tp, 50)
    fails(E.OffsetOutOfRangeError, lambda: read(c, 1, seconds=5))
    c.close()
    c = consumer()
    c.assign([tp])
    c.seek(tp, 50)
    same(0, read(c, 3)[0].offset)
    c.close()


@scenario
def empty_fetch():
    t = topic()
    c = consumer(fetch_max_wait_ms=50)
    c.assign([TopicPartition(t, 0)])
    for _ in range(10):
        same({}, c.poll(timeout_ms=60))
    send(t, [(None, b"x")])
    read(c, 1)
    c.close()


@scenario
def group_resume():
    t, group = topic(), name()
    tp = TopicPartition(t, 0)
    send(t, [(None, str(i).encode()) for i in range(10)])
    c = consumer(t, group_id=group, max_poll_records=4)
    same(4, len(read(c, 4)))
    c.commit({tp: OffsetAndMetadata(4, "half way", -1)})
    c.close()
    c = consumer(t, group_id=group)
    same(4, read(c, 6)[0].offset)
    committed = c.committed(tp, metadata=True)
    same((4, "half way"), (committed.offset, committed.metadata))
    c.commit()
    same(10, c.committed(tp))
    c.close()


class Member(ConsumerRebalanceListener):
    """A consumer that polls on a thread of its own until it is closed."""

    def __init__(self, t, leave=True, **settings):
        self.consumer = consumer(heartbeat_interval_ms=300, **settings)
        self.assigned, self.assignments, self.error, self.stop, self.leave = set(), 0, None, False, leave
        self.consumer.subscribe([t], listener=self)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def on_partitions_assigned(self, partitions):
        self.assigned = self.assigned | {p.partition for p in partitions}
        self.assignments += 1

    def on_partitions_revoked(self, partitions):
        self.assigned = self.assigned - {p.partition for p in partitions}

    def on_partitions_lost(self, partitions):
        self.on_partitions_revoked(partitions)

    def run(self):
        try:
            while not self.stop:
                self.consumer.poll(timeout_ms=50)
        except BaseException as e:
            self.error = e
        finally:
            self.consumer.close(autocommit=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()


def two_members(assignor):
    t, group = topic(4), name()
    settings = {"group_id": group, "partition_assignment_strategy": [assignor]}
    with Member(t, **settings) as first:
        until("all partitions", lambda: len(first.assigned) == 4)
        with Member(t, **settings) as second:
            until("two and two", lambda: len(first.assigned) == 2 and len(second.assigned) == 2)
            same(set(), first.assigned & second.assigned)
        until("all partitions again", lambda: len(first.assigned) == 4)


@scenario
def group_eager():
    two_members(RangePartitionAssignor)


@scenario
def group_cooperative():
    two_members(CooperativeStickyAssignor)


@scenario
def static_member():
    t, group = topic(4), name()
    a = {"group_id": group, "group_instance_id": "a", "session_timeout_ms": 20000}
    b = {**a, "group_instance_id": "b"}
    with Member(t, **a) as first:
        until("all partitions", lambda: len(first.assigned) == 4)
        with Member(t, **b) as second:
            until("two and two", lambda: len(first.assigned) == 2 and len(second.assigned) == 2)
            had, before = set(second.assigned), first.assignments
        with Member(t, **b) as back:
            until("the same partitions", lambda: back.assigned == had)
        same(before, first.assignments)


@scenario
def pattern_subscription():
    prefix = name()
    create(f"{prefix}-one")
    send(f"{prefix}-one", [(None, b"1")])
    c = consumer(group_id=name(), metadata_max_age_ms=300)
    c.subscribe(pattern=f"^{prefix}-.*")
    same(f"{prefix}-one", read(c, 1)[0].topic)
    create(f"{prefix}-two")
    send(f"{prefix}-two", [(None, b"2")])
    until("a record of the later topic", lambda: any(r.topic == f"{prefix}-two" for r in read(c, 1)))
    c.close()


@scenario
def read_committed():
    t = topic()
    send(t, [(None, b"x")] * 5)
    same(5, len(read_all(t, 5, isolation_level="read_committed")))


@scenario
def auto_create_producer():
    t = name()
    same(0, send(t, [(None, b"x")])[0].offset)
    check(t in ADMIN.list_topics(), "it was not made")


@scenario
def auto_create_consumer():
    t = name()
    c = consumer(t, group_id=name())
    until("it is made", lambda: c.poll(timeout_ms=20) or t in ADMIN.list_topics())
    c.close()


@scenario
def created_topic_serves():
    for _ in range(20):
        send(topic(), [(None, b"x")], retries=0, enable_idempotence=False)


@scenario
def delete_and_recreate():
    t = topic()
    p = producer(metadata_max_age_ms=300)
    for _ in range(3):
        p.send(t, b"old").get(20)
    ADMIN.delete_topics([t])
    create(t)
    time.sleep(0.6)  # the age of the producer's metadata: this client does not retry what it sent to the old topic
    same(0, p.send(t, b"new").get(20).offset)
    p.close()
    same([b"new"], [r.value for r in read_all(t, 1)])


@scenario
def admin_topics():
    t = name()
    create(t, -1, -1)
    seen = ADMIN.describe_topics([t])[0]
    same(1, len(seen["partitions"]))
    same((1, 1), (len(seen["partitions"][0]["replica_nodes"]), len(seen["partitions"][0]["isr_nodes"])))
    create(name(), 3, 1, validate_only=True)
    ADMIN.delete_topics([t])
    check(t not in ADMIN.list_topics(), "still listed")


@scenario
def admin_partitions():
    t = topic(2)
    ADMIN.create_partitions({t: 4})
    same(4, len(ADMIN.describe_topics([t])[0]["partitions"]))
    fails(E.InvalidPartitionsError, lambda: ADMIN.create_partitions({t: 4}))
    fails(E.InvalidPartitionsError, lambda: ADMIN.create_partitions({t: 1}))


def describe(t, kind="topic"):
    return ADMIN.describe_configs([ConfigResource(kind, t)], config_filter="all")[kind][t]


def alter(t, key, value, operation=AlterConfigOp.SET):
    return ADMIN.alter_configs([ConfigResource("topic", t, {key: (operation, value)})], raise_on_unknown=False)


@scenario
def admin_configs():
    t = topic(retention_ms="3600000")
    config = describe(t)
    check(len(config) > 25, f"only {len(config)} keys")
    same(("3600000", "1073741824"), (config["retention.ms"]["value"], config["segment.bytes"]["value"]))
    alter(t, "max.message.bytes", "12345")
    alter(t, "cleanup.policy", "compact", AlterConfigOp.APPEND)
    alter(t, "retention.ms", None, AlterConfigOp.DELETE)
    config = describe(t)
    same(["12345", "delete,compact", "604800000"],
         [config[k]["value"] for k in ("max.message.bytes", "cleanup.policy", "retention.ms")])
    broker = describe("1", "broker")
    check(len(broker) > 150 and broker["node.id"]["value"] == "1", f"a broker has {len(broker)} keys")


@scenario
def admin_groups():
    t, group = topic(), name()

    def seen():
        return ADMIN.describe_groups([group])[group]

    with Member(t, group_id=group, client_id="someone", partition_assignment_strategy=[RangePartitionAssignor]) as member:
        until("all partitions", lambda: len(member.assigned) == 1)
        same(("Stable", "range"), (str(seen()["group_state"]), seen()["protocol_data"]))
        same(["someone"], [m["client_id"] for m in seen()["members"]])
        check(group in str(ADMIN.list_groups()), "not listed")
        check("NonEmptyGroup" in str(ADMIN.delete_groups([group])), "deleted with a member")
    until("an empty group", lambda: str(seen()["group_state"]) == "Empty")
    first, second = (str(ADMIN.delete_groups([group])) for _ in range(2))
    check("Error" not in first.replace("NoError", ""), first)
    check("GroupIdNotFound" in second, second)


@scenario
def admin_group_offsets():
    t, group = topic(2), name()
    a, b = TopicPartition(t, 0), TopicPartition(t, 1)
    send(t, [(None, b"x")] * 5)
    ADMIN.alter_group_offsets(group, {a: OffsetAndMetadata(3, "m", -1), b: OffsetAndMetadata(0, "", -1)})
    got = ADMIN.list_group_offsets([group])[group]
    same((3, "m", 0), (got[a].offset, got[a].metadata, got[b].offset))
    c = consumer(t, group_id=group)
    same(3, read(c, 2)[0].offset)
    c.close()


@scenario
def admin_delete_records():
    t = topic()
    tp = TopicPartition(t, 0)
    send(t, [(None, b"x")] * 10)
    same(4, ADMIN.delete_records({tp: 4})[tp]["low_watermark"])
    same(4, read_all(t, 6)[0].offset)
    fails(E.OffsetOutOfRangeError, lambda: ADMIN.delete_records({tp: 99}))
    same(10, ADMIN.delete_records({tp: -1})[tp]["low_watermark"])
    compacted = topic(cleanup_policy="compact")
    fails(E.PolicyViolationError, lambda: ADMIN.delete_records({TopicPartition(compacted, 0): 0}))


@scenario
def admin_list_offsets():
    t = topic()
    tp = TopicPartition(t, 0)

    def offset(spec):
        return ADMIN.list_partition_offsets({tp: spec})[tp].offset

    same(-1, offset(OffsetSpec.MAX_TIMESTAMP))
    for at in (1000, 5000, 3000):
        send(t, [{"value": b"x", "timestamp_ms": at}])
    same([0, 3, 1, 1, -1], [offset(s) for s in (OffsetSpec.EARLIEST, OffsetSpec.LATEST, OffsetSpec.MAX_TIMESTAMP, 2000, 9000)])


@scenario
def admin_cluster():
    cluster = ADMIN.describe_cluster()
    same((1, 1, 22), (len(cluster["brokers"]), cluster["controller_id"], len(cluster["cluster_id"])))


@scenario
def error_topic_exists():
    t = topic()
    fails(E.TopicAlreadyExistsError, lambda: create(t))


@scenario
def error_topic_name():
    for bad in ("a b", "a/b", "..", "x" * 250):
        fails(E.InvalidTopicError, lambda: create(bad))


@scenario
def error_topic_missing():
    fails(E.UnknownTopicOrPartitionError, lambda: ADMIN.delete_topics([name()]))


@scenario
def error_partitions():
    fails(E.InvalidPartitionsError, lambda: create(name(), 0))


@scenario
def error_replication_factor():
    fails(E.InvalidReplicationFactorError, lambda: create(name(), 1, 3))
    fails(E.InvalidReplicationFactorError, lambda: create(name(), 1, 0))


@scenario
def error_config_create():
    for bad in ({"no.such.key": "1"}, {"retention.ms": "soon"}, {"cleanup.policy": "shred"}):
        fails(E.InvalidConfigurationError, lambda: create(name(), configs=bad))


@scenario
def error_config_alter():
    t = topic()
    for key, value in (("no.such.key", "1"), ("segment.bytes", "1")):
        try:
            answer = str(alter(t, key, value))
        except E.InvalidConfigurationError:
            continue
        check("InvalidConfiguration" in answer, answer)


@scenario
def error_message_too_large():
    t = topic(max_message_bytes="2000")
    send(t, [(None, b"small")])
    fails(E.MessageSizeTooLargeError, lambda: send(t, [(None, b"x" * 5000)]))
    send(t, [(None, b"small")])
    same(2, len(read_all(t, 2)))


@scenario
def error_compacted_keyless():
    t = topic(cleanup_policy="compact")
    for which in (None, "gzip", "lz4"):
        fails(E.InvalidRecordError, lambda: send(t, [(None, b"x" * 200)], compression_type=which))
        send(t, [(b"k", b"x")])
    same(3, len(read_all(t, 3)))


@scenario
def error_timestamp():
    t = topic()
    future = int(time.time() * 1000) + 2 * 3600_000
    fails(E.InvalidTimestampError, lambda: send(t, [{"value": b"x", "timestamp_ms": future}]))
    send(t, [(None, b"x")])


@scenario
def error_session_timeout():
    c = consumer(topic(), group_id=name(), session_timeout_ms=1000, heartbeat_interval_ms=300)
    fails(E.InvalidSessionTimeoutError, lambda: read(c, 1, seconds=5))
    c.close()


@scenario
def error_inconsistent_protocol():
    t, group = topic(), name()
    with Member(t, group_id=group, partition_assignment_strategy=[RangePartitionAssignor]) as member:
        until("all partitions", lambda: len(member.assigned) == 1)
        with Member(t, group_id=group, partition_assignment_strategy=[RoundRobinPartitionAssignor]) as other:
            until("refused", lambda: isinstance(other.error, E.InconsistentGroupProtocolError))


@scenario
def transaction_refused():
    p = producer(transactional_id=name(), max_block_ms=15000)
    begin = time.monotonic()
    try:
        p.init_transactions()
    except E.KafkaError as e:
        check(not isinstance(e, (E.KafkaTimeoutError, E.RetriableError)), f"{e!r} is retriable")
        check(time.monotonic() - begin < 5, "it took long")
        return
    finally:
        p.close(timeout=1)
    raise AssertionError("no error")


def main():
    helpers = ("check", "same", "fails", "read", "until", "send", "read_all")
    for wanted in sys.argv[2:]:
        if wanted not in SCENARIOS:
            print(f"{wanted} fail not implemented", flush=True)
            continue
        try:
            SCENARIOS[wanted]()
            answer = "ok"
        except BaseException as e:
            here = [f for f in traceback.extract_tb(e.__traceback__) if f.filename == __file__]
            line = next((f.lineno for f in reversed(here) if f.name not in helpers), 0)
            answer = f"fail line {line}: {e!r}".replace("\n", " ")
        print(f"{wanted} {answer}", flush=True)
    os._exit(0)


main()
