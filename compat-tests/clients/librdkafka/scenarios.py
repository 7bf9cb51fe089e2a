"""The scenarios of compat-tests/scenarios.toml with librdkafka, through confluent-kafka.

Usage: scenarios.py BOOTSTRAP NAME…; prints `NAME ok` or `NAME fail REASON` for each.
"""

import itertools
import os
import sys
import threading
import time
import traceback

from confluent_kafka import (OFFSET_BEGINNING, OFFSET_END, TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, Consumer,
                             ConsumerGroupState, ConsumerGroupTopicPartitions, IsolationLevel, KafkaError,
                             KafkaException, Producer, TopicCollection, TopicPartition)
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource, NewPartitions,
                                   NewTopic, OffsetSpec)

BOOTSTRAP = sys.argv[1]
SCENARIOS = {}
COUNTER = itertools.count()


def scenario(function):
    SCENARIOS[function.__name__.replace("_", "-")] = function
    return function


def quiet(_):
    pass


COMMON = {"bootstrap.servers": BOOTSTRAP, "log_level": 0, "error_cb": quiet, "broker.address.family": "v4"}
ADMIN = AdminClient(COMMON)


def producer(**settings):
    return Producer({**COMMON, "linger.ms": 0, **{k.replace("_", "."): v for k, v in settings.items()}})


def consumer(**settings):
    given = {k.replace("_", "."): v for k, v in settings.items()}
    return Consumer({**COMMON, "group.id": name(), "auto.offset.reset": "earliest", "enable.auto.commit": False, **given})


def name():
    return f"librdkafka-{os.getpid()}-{time.time_ns()}-{next(COUNTER)}"


def check(good, what):
    if not good:
        raise AssertionError(what)


def same(expected, got):
    check(expected == got, f"expected {expected!r}, got {got!r}")


def wait(futures, seconds=20):
    return [future.result(seconds) for future in futures.values()]


def fails(code, call):
    """`call` raises a KafkaException, or returns futures of which one does."""
    try:
        result = call()
        if isinstance(result, dict):
            wait(result)
    except KafkaException as e:
        same(code, e.args[0].code())
        return
    raise AssertionError("no error")


def topic(partitions=1, **config):
    made = name()
    wait(ADMIN.create_topics([NewTopic(made, partitions, 1, config={k.replace("_", "."): v for k, v in config.items()})]))
    return made


def send(to, records, **settings):
    """Produces (key, value) pairs or dicts; returns the delivered messages, raises the first error."""
    delivered, errors = [], []

    def report(error, message):
        (errors if error else delivered).append(error or message)

    p = producer(**settings)
    for record in records:
        arguments = record if isinstance(record, dict) else {"key": record[0], "value": record[1]}
        p.produce(to, partition=0, on_delivery=report, **arguments)
        p.poll(0)
    check(p.flush(30) == 0, "not all were sent")
    if errors:
        raise KafkaException(errors[0])
    return delivered


def read(c, count, seconds=15):
    messages, deadline = [], time.monotonic() + seconds
    while len(messages) < count and time.monotonic() < deadline:
        for message in c.consume(count - len(messages), 0.2):
            if message.error():
                raise KafkaException(message.error())
            messages.append(message)
    check(len(messages) == count, f"read {len(messages)} of {count} records")
    return messages


def read_all(from_topic, count, **settings):
    c = consumer(**settings)
    try:
        c.assign([TopicPartition(from_topic, 0, OFFSET_BEGINNING)])
        messages = read(c, count)
        same([], [m for m in c.consume(1, 0.05)])
        return messages
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
        got = read_all(t, 100, check_crcs=True)
        same(records, [(m.key(), m.value()) for m in got])
        same(list(range(100)), [m.offset() for m in got])
    return run


for which in ("none", "gzip", "snappy", "lz4", "zstd"):
    SCENARIOS[f"codec-{which}"] = codec(which)


@scenario
def headers():
    t = topic()
    sent = [("a", b"1"), ("b", None), ("a", b"2"), ("c", b""), ("a", b"1")]
    send(t, [{"value": b"v", "headers": sent}])
    same(sent, read_all(t, 1)[0].headers())


@scenario
def nulls():
    t = topic()
    records = [(None, b"v"), (b"k", None), (b"", b"v"), (b"k", b""), (None, None), (b"", b"")]
    send(t, records)
    same(records, [(m.key(), m.value()) for m in read_all(t, len(records))])


@scenario
def large_record():
    t = topic()
    big, medium = os.urandom(900_000), os.urandom(50_000)
    send(t, [(None, big)] + [(None, medium)] * 200)
    got = read_all(t, 201)
    check(got[0].value() == big and all(m.value() == medium for m in got[1:]), "a record changed")


@scenario
def acks():
    t = topic()
    for level in ("0", "1", "all"):
        send(t, [(None, level.encode())] * 10, acks=level)
    same(30, len(read_all(t, 30)))


@scenario
def idempotent_order():
    t = topic()
    records = [(None, str(i).encode()) for i in range(2000)]
    delivered = send(t, records, enable_idempotence=True, batch_num_messages=10)
    same(list(range(2000)), [m.offset() for m in delivered])
    same([v for _, v in records], [m.value() for m in read_all(t, 2000)])


@scenario
def timestamps():
    kept, stamped = topic(), topic(message_timestamp_type="LogAppendTime")
    send(kept, [{"value": b"x", "timestamp": 1_500_000_000_000}])
    same((TIMESTAMP_CREATE_TIME, 1_500_000_000_000), read_all(kept, 1)[0].timestamp())
    before = int(time.time() * 1000)
    answered = send(stamped, [{"value": b"x", "timestamp": 1_500_000_000_000}])[0].timestamp()
    check(abs(answered[1] - before) < 10_000, f"LogAppendTime answered {answered}")
    same((TIMESTAMP_LOG_APPEND_TIME, answered[1]), read_all(stamped, 1)[0].timestamp())


@scenario
def seek_offset():
    t = topic()
    send(t, [(None, str(i).encode()) for i in range(20)])
    c = consumer()
    try:
        c.assign([TopicPartition(t, 0, 12)])
        same(12, read(c, 8)[0].offset())
        c.seek(TopicPartition(t, 0, OFFSET_BEGINNING))
        same(0, read(c, 20)[0].offset())
        same((0, 20), c.get_watermark_offsets(TopicPartition(t, 0), timeout=10))
        c.assign([TopicPartition(t, 0, OFFSET_END)])
        same([], c.consume(1, 0.3))
    finally:
        c.close()


@scenario
def seek_timestamp():
    t = topic()
    send(t, [{"value": str(i).encode(), "timestamp": 1_000_000 + i * 1000} for i in range(10)])
    c = consumer()
    try:
        def at(timestamp):
            return c.offsets_for_times([TopicPartition(t, 0, timestamp)], timeout=10)[0].offset
        same(0, at(0))
        same(4, at(1_003_500))
        same(OFFSET_END, at(2_000_000))
        c.assign([TopicPartition(t, 0, at(1_003_500))])
        same(b"4", read(c, 6)[0].value())
    finally:
        c.close()


@scenario
def offset_out_of_range():
    t = topic()
    send(t, [(None, b"x")] * 3)
    c = consumer(auto_offset_reset="error")
    try:
        c.assign([TopicPartition(t, 0, 50)])
        fails(KafkaError._AUTO_OFFSET_RESET, lambda: read(c, 1) and None)
    finally:
        c.close()
    c = consumer()
    try:
        c.assign([TopicPartition(t, 0, 50)])
        same(0, read(c, 3)[0].offset())
    finally:
        c.close()


@scenario
def empty_fetch():
    t = topic()
    c = consumer(fetch_wait_max_ms=50)
    try:
        c.assign([TopicPartition(t, 0, OFFSET_BEGINNING)])
        for _ in range(10):
            same([], c.consume(1, 0.06))
        send(t, [(None, b"x")])
        read(c, 1)
    finally:
        c.close()


@scenario
def group_resume():
    t, group = topic(), name()
    send(t, [(None, str(i).encode()) for i in range(10)])
    c = consumer(group_id=group)
    c.subscribe([t])
    read(c, 4)
    c.commit(offsets=[TopicPartition(t, 0, 4, "half way")], asynchronous=False)
    c.close()
    c = consumer(group_id=group)
    c.subscribe([t])
    same(4, read(c, 6)[0].offset())
    committed = c.committed([TopicPartition(t, 0)], timeout=10)[0]
    same((4, "half way"), (committed.offset, committed.metadata))
    c.commit(asynchronous=False)
    same(10, c.committed([TopicPartition(t, 0)], timeout=10)[0].offset)
    c.close()


class Member:
    """A consumer that polls on a thread of its own until it is closed."""

    def __init__(self, t, **settings):
        self.consumer = consumer(heartbeat_interval_ms=300, **settings)
        self.cooperative = "cooperative" in settings.get("partition_assignment_strategy", "")
        self.assigned, self.assignments, self.error, self.stop = set(), 0, None, False
        self.consumer.subscribe([t], on_assign=self.on_assign, on_revoke=self.on_revoke, on_lost=self.on_revoke)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def on_assign(self, c, partitions):
        # The client library itself does (incremental_)assign after this callback.
        new = {p.partition for p in partitions}
        self.assigned = self.assigned | new if self.cooperative else new
        self.assignments += 1

    def on_revoke(self, c, partitions):
        self.assigned = self.assigned - {p.partition for p in partitions}

    def run(self):
        try:
            while not self.stop:
                message = self.consumer.poll(0.05)
                if message is not None and message.error():
                    self.error = message.error()
        except KafkaException as e:
            self.error = e.args[0]
        finally:
            self.consumer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()


def two_members(strategy):
    t, group = topic(4), name()
    with Member(t, group_id=group, partition_assignment_strategy=strategy) as first:
        until("all partitions", lambda: len(first.assigned) == 4)
        with Member(t, group_id=group, partition_assignment_strategy=strategy) as second:
            until("two and two", lambda: len(first.assigned) == 2 and len(second.assigned) == 2)
            same(set(), first.assigned & second.assigned)
        until("all partitions again", lambda: len(first.assigned) == 4)


@scenario
def group_eager():
    two_members("range")


@scenario
def group_cooperative():
    two_members("cooperative-sticky")


@scenario
def static_member():
    t, group = topic(4), name()
    with Member(t, group_id=group, group_instance_id="a", session_timeout_ms=20000) as first:
        with Member(t, group_id=group, group_instance_id="b", session_timeout_ms=20000) as second:
            until("two and two", lambda: len(first.assigned) == 2 and len(second.assigned) == 2)
            had, before = set(second.assigned), first.assignments
        with Member(t, group_id=group, group_instance_id="b", session_timeout_ms=20000) as back:
            until("the same partitions", lambda: back.assigned == had)
        same(before, first.assignments)


@scenario
def static_member_fenced():
    t, group = topic(2), name()
    with Member(t, group_id=group, group_instance_id="a") as first:
        until("all partitions", lambda: len(first.assigned) == 2)
        with Member(t, group_id=group, group_instance_id="a") as second:
            until("the older is fenced", lambda: first.error is not None)
            check(first.error.code() in (KafkaError.FENCED_INSTANCE_ID, KafkaError._FATAL), f"got {first.error}")
            until("all partitions", lambda: len(second.assigned) == 2)


@scenario
def pattern_subscription():
    prefix = name()
    wait(ADMIN.create_topics([NewTopic(f"{prefix}-one", 1, 1)]))
    send(f"{prefix}-one", [(None, b"1")])
    c = consumer(topic_metadata_refresh_interval_ms=300)
    try:
        c.subscribe([f"^{prefix}-.*"])
        same(f"{prefix}-one", read(c, 1)[0].topic())
        wait(ADMIN.create_topics([NewTopic(f"{prefix}-two", 1, 1)]))
        send(f"{prefix}-two", [(None, b"2")])
        until("a record of the later topic", lambda: read(c, 1)[0].topic() == f"{prefix}-two")
    finally:
        c.close()


@scenario
def read_committed():
    t = topic()
    send(t, [(None, b"x")] * 5)
    same(5, len(read_all(t, 5, isolation_level="read_committed")))


@scenario
def auto_create_producer():
    t = name()
    same(0, send(t, [(None, b"x")])[0].offset())
    same(1, len(ADMIN.list_topics(t, timeout=10).topics[t].partitions))


@scenario
def auto_create_consumer():
    t = name()
    c = consumer(allow_auto_create_topics=True)
    c.subscribe([t])
    until("it is made", lambda: c.poll(0.02) or t in ADMIN.list_topics(timeout=10).topics)
    c.close()


@scenario
def created_topic_serves():
    for _ in range(20):
        send(topic(), [(None, b"x")], retries=0)


@scenario
def auto_create_refused():
    t = name()
    c = consumer(allow_auto_create_topics=False)
    c.subscribe([t])
    error = c.poll(3)
    check(error is not None and error.error().code() == KafkaError.UNKNOWN_TOPIC_OR_PART, f"got {error}")
    c.close()
    check(t not in ADMIN.list_topics(timeout=10).topics, "it was made")


@scenario
def delete_and_recreate():
    t = topic()
    p = producer(topic_metadata_refresh_interval_ms=300)
    delivered = []

    def put(value):
        p.produce(t, value, partition=0, on_delivery=lambda e, m: delivered.append(e or m))
        same(0, p.flush(20))
        check(not isinstance(delivered[-1], KafkaError), delivered[-1])

    for _ in range(3):
        put(b"old")
    wait(ADMIN.delete_topics([t]))
    wait(ADMIN.create_topics([NewTopic(t, 1, 1)]))
    until("the producer to see the new topic", lambda: p.list_topics(t, timeout=5).topics[t].error is None)
    put(b"new")
    same([b"new"], [m.value() for m in read_all(t, 1)])


@scenario
def admin_topics():
    t = name()
    wait(ADMIN.create_topics([NewTopic(t, -1, -1)]))
    listed = ADMIN.list_topics(timeout=10).topics[t]
    same([0], list(listed.partitions))
    same(1, len(listed.partitions[0].replicas))
    seen = wait(ADMIN.describe_topics(TopicCollection([t])))[0]
    same(1, len(seen.partitions[0].isr))
    check(len(str(seen.topic_id)) == 22, seen.topic_id)
    wait(ADMIN.create_topics([NewTopic(name(), 3, 1)], validate_only=True))
    wait(ADMIN.delete_topics([t]))
    check(t not in ADMIN.list_topics(timeout=10).topics, "still listed")
    fails(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: ADMIN.describe_topics(TopicCollection([t])))


@scenario
def admin_partitions():
    t = topic(2)
    wait(ADMIN.create_partitions([NewPartitions(t, 4)]))
    same(4, len(ADMIN.list_topics(t, timeout=10).topics[t].partitions))
    fails(KafkaError.INVALID_PARTITIONS, lambda: ADMIN.create_partitions([NewPartitions(t, 4)]))
    fails(KafkaError.INVALID_PARTITIONS, lambda: ADMIN.create_partitions([NewPartitions(t, 1)]))
    fails(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: ADMIN.create_partitions([NewPartitions(name(), 2)]))


def describe(t):
    return wait(ADMIN.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, t)]))[0]


def alter(t, key, value, operation=AlterConfigOpType.SET):
    entry = ConfigEntry(key, value, incremental_operation=operation)
    return ADMIN.incremental_alter_configs([ConfigResource(ConfigResource.Type.TOPIC, t, incremental_configs=[entry])])


@scenario
def admin_configs():
    t = topic(retention_ms="3600000")
    config = describe(t)
    check(len(config) > 25, f"only {len(config)} keys")
    same(("3600000", ConfigSource.DYNAMIC_TOPIC_CONFIG.value), (config["retention.ms"].value, config["retention.ms"].source))
    same(("1073741824", ConfigSource.DEFAULT_CONFIG.value), (config["segment.bytes"].value, config["segment.bytes"].source))
    check(config["retention.ms"].synonyms, "no synonyms")
    wait(alter(t, "max.message.bytes", "12345"))
    wait(alter(t, "cleanup.policy", "compact", AlterConfigOpType.APPEND))
    wait(alter(t, "retention.ms", None, AlterConfigOpType.DELETE))
    config = describe(t)
    same(["12345", "delete,compact", "604800000"],
         [config[k].value for k in ("max.message.bytes", "cleanup.policy", "retention.ms")])
    broker = wait(ADMIN.describe_configs([ConfigResource(ConfigResource.Type.BROKER, "1")]))[0]
    check(len(broker) > 150 and broker["node.id"].value == "1", f"a broker has {len(broker)} keys")


@scenario
def admin_groups():
    t, group = topic(), name()
    with Member(t, group_id=group, client_id="someone", partition_assignment_strategy="range") as member:
        until("all partitions", lambda: len(member.assigned) == 1)
        seen = wait(ADMIN.describe_consumer_groups([group]))[0]
        same((ConsumerGroupState.STABLE, "range"), (seen.state, seen.partition_assignor))
        same(["someone"], [m.client_id for m in seen.members])
        same([0], [p.partition for p in seen.members[0].assignment.topic_partitions])
        listed = ADMIN.list_consumer_groups().result(20)
        check(group in [g.group_id for g in listed.valid], "not listed")
        fails(KafkaError.NON_EMPTY_GROUP, lambda: ADMIN.delete_consumer_groups([group]))
    until("an empty group", lambda: wait(ADMIN.describe_consumer_groups([group]))[0].state == ConsumerGroupState.EMPTY)
    wait(ADMIN.delete_consumer_groups([group]))
    fails(KafkaError.GROUP_ID_NOT_FOUND, lambda: ADMIN.delete_consumer_groups([group]))


@scenario
def admin_group_offsets():
    t, group = topic(2), name()
    send(t, [(None, b"x")] * 5)
    wanted = [TopicPartition(t, 0, 3), TopicPartition(t, 1, 0)]
    wait(ADMIN.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, wanted)]))
    got = wait(ADMIN.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]))[0]
    same([(0, 3), (1, 0)], sorted((p.partition, p.offset) for p in got.topic_partitions))
    c = consumer(group_id=group)
    c.subscribe([t])
    same(3, read(c, 2)[0].offset())
    c.close()


@scenario
def admin_delete_records():
    t = topic()
    send(t, [(None, b"x")] * 10)
    same(4, wait(ADMIN.delete_records([TopicPartition(t, 0, 4)]))[0].low_watermark)
    same(4, read_all(t, 6)[0].offset())
    fails(KafkaError.OFFSET_OUT_OF_RANGE, lambda: ADMIN.delete_records([TopicPartition(t, 0, 99)]))
    same(10, wait(ADMIN.delete_records([TopicPartition(t, 0, OFFSET_END)]))[0].low_watermark)
    compacted = topic(cleanup_policy="compact")
    fails(KafkaError.POLICY_VIOLATION, lambda: ADMIN.delete_records([TopicPartition(compacted, 0, 0)]))


@scenario
def admin_list_offsets():
    t = topic()

    def offset(spec):
        got = wait(ADMIN.list_offsets({TopicPartition(t, 0): spec}, isolation_level=IsolationLevel.READ_UNCOMMITTED))[0]
        return got.offset

    same(-1, offset(OffsetSpec.max_timestamp()))
    send(t, [{"value": b"x", "timestamp": at} for at in (1000, 5000, 3000)], batch_num_messages=1)
    same([0, 3, 1, 1], [offset(s) for s in (OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.max_timestamp(),
                                            OffsetSpec.for_timestamp(2000))])
    same(-1, offset(OffsetSpec.for_timestamp(9000)))


@scenario
def admin_cluster():
    cluster = ADMIN.describe_cluster().result(20)
    same((1, 1, 22), (len(cluster.nodes), cluster.controller.id, len(cluster.cluster_id)))
    same([1], list(ADMIN.list_topics(timeout=10).brokers))


def create(t, partitions=1, replicas=1, **config):
    given = {k.replace("_", "."): v for k, v in config.items()}
    return ADMIN.create_topics([NewTopic(t, partitions, replicas, config=given)])


@scenario
def error_topic_exists():
    fails(KafkaError.TOPIC_ALREADY_EXISTS, lambda t=topic(): create(t))


@scenario
def error_topic_name():
    for bad in ("a b", "a/b", "..", "x" * 250):
        fails(KafkaError.TOPIC_EXCEPTION, lambda: create(bad))


@scenario
def error_topic_missing():
    fails(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: ADMIN.delete_topics([name()]))


@scenario
def error_replication_factor():
    fails(KafkaError.INVALID_REPLICATION_FACTOR, lambda: create(name(), 1, 3))


@scenario
def error_config_create():
    for bad in ({"no_such_key": "1"}, {"retention_ms": "soon"}, {"cleanup_policy": "shred"}):
        fails(KafkaError.INVALID_CONFIG, lambda: create(name(), **bad))


@scenario
def error_config_alter():
    t = topic()
    fails(KafkaError.INVALID_CONFIG, lambda: alter(t, "no.such.key", "1"))
    fails(KafkaError.INVALID_CONFIG, lambda: alter(t, "segment.bytes", "1"))
    fails(KafkaError.INVALID_CONFIG, lambda: alter(t, "retention.ms", "1", AlterConfigOpType.APPEND))
    fails(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: alter(name(), "retention.ms", "1"))


@scenario
def error_message_too_large():
    t = topic(max_message_bytes="2000")
    send(t, [(None, b"small")])
    fails(KafkaError.MSG_SIZE_TOO_LARGE, lambda: send(t, [(None, b"x" * 5000)]) and None)
    send(t, [(None, b"small")])
    same(2, len(read_all(t, 2)))


@scenario
def error_compacted_keyless():
    t = topic(cleanup_policy="compact")
    for which in ("none", "gzip", "lz4"):
        fails(KafkaError.INVALID_RECORD, lambda: send(t, [(None, b"x" * 200)], compression_type=which) and None)
        send(t, [(b"k", b"x")])
    same(3, len(read_all(t, 3)))


@scenario
def error_timestamp():
    t = topic()
    future = int(time.time() * 1000) + 2 * 3600_000
    fails(KafkaError.INVALID_TIMESTAMP, lambda: send(t, [{"value": b"x", "timestamp": future}]) and None)
    send(t, [(None, b"x")])


@scenario
def error_session_timeout():
    c = consumer(session_timeout_ms=1000, heartbeat_interval_ms=300)
    c.subscribe([topic()])
    try:
        fails(KafkaError.INVALID_SESSION_TIMEOUT, lambda: read(c, 1, seconds=5) and None)
    finally:
        c.close()


@scenario
def error_inconsistent_protocol():
    t, group = topic(), name()
    with Member(t, group_id=group, partition_assignment_strategy="range") as member:
        until("all partitions", lambda: len(member.assigned) == 1)
        with Member(t, group_id=group, partition_assignment_strategy="roundrobin") as other:
            until("refused", lambda: other.error is not None)
            same(KafkaError.INCONSISTENT_GROUP_PROTOCOL, other.error.code())


@scenario
def transaction_refused():
    p = producer(transactional_id=name())
    begin = time.monotonic()
    try:
        p.init_transactions(15)
    except KafkaException as e:
        check(not e.args[0].retriable(), f"{e} is retriable")
        check(time.monotonic() - begin < 5, "it took long")
        return
    raise AssertionError("no error")


def main():
    for wanted in sys.argv[2:]:
        try:
            SCENARIOS[wanted]()
            answer = "ok"
        except KeyError as e:
            answer = "fail not implemented" if wanted not in SCENARIOS else f"fail {e!r}"
        except BaseException as e:
            here = [f for f in traceback.extract_tb(e.__traceback__) if f.filename == __file__]
            line = next((f.lineno for f in reversed(here) if f.name not in ("check", "same", "fails", "read", "wait", "until",
                                                                            "send", "read_all")), 0)
            answer = f"fail line {line}: {e!r}".replace("\n", " ")
        print(f"{wanted} {answer}", flush=True)
    os._exit(0)


main()
