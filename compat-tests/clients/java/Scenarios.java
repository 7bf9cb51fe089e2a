import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.*;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The scenarios of compat-tests/scenarios.toml with Apache Kafka's own Java client.
 * Usage: Scenarios BOOTSTRAP NAME…; prints one line for each: `NAME ok`, `NAME fail REASON`.
 */
public final class Scenarios {
    interface Scenario {
        void run() throws Exception;
    }

    static String bootstrap;
    static final Map<String, Scenario> ALL = new LinkedHashMap<>();
    static int topics = 0;
    static Admin admin;

    static Map<String, Object> config(Object... pairs) {
        Map<String, Object> map = new HashMap<>();
        map.put("bootstrap.servers", bootstrap);
        for (int i = 0; i < pairs.length; i += 2) map.put((String) pairs[i], pairs[i + 1]);
        return map;
    }

    static KafkaProducer<byte[], byte[]> producer(Object... pairs) {
        return new KafkaProducer<>(config(pairs), new ByteArraySerializer(), new ByteArraySerializer());
    }

    static KafkaConsumer<byte[], byte[]> consumer(Object... pairs) {
        Map<String, Object> map = config("auto.offset.reset", "earliest", "enable.auto.commit", "false");
        for (int i = 0; i < pairs.length; i += 2) map.put((String) pairs[i], pairs[i + 1]);
        return new KafkaConsumer<>(map, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static byte[] bytes(String s) {
        return s == null ? null : s.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] b) {
        return b == null ? null : new String(b, StandardCharsets.UTF_8);
    }

    static void check(boolean good, Object what) {
        if (!good) throw new AssertionError(String.valueOf(what));
    }

    static void same(Object expected, Object got) {
        check(Objects.equals(expected, got), "expected " + expected + ", got " + got);
    }

    static String name() {
        return "java-" + System.nanoTime() + "-" + topics++;
    }

    static String topic(int partitions, String... configs) throws Exception {
        String topic = name();
        NewTopic spec = new NewTopic(topic, partitions, (short) 1).configs(pairs(configs));
        admin.createTopics(List.of(spec)).all().get();
        return topic;
    }

    static Map<String, String> pairs(String... pairs) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) map.put(pairs[i], pairs[i + 1]);
        return map;
    }

    static RecordMetadata send(KafkaProducer<byte[], byte[]> producer, String topic, String key, String value) throws Exception {
        return producer.send(new ProducerRecord<>(topic, bytes(key), bytes(value))).get();
    }

    static void produce(String topic, int from, int to) throws Exception {
        try (var producer = producer()) {
            List<Future<?>> sent = new ArrayList<>();
            for (int i = from; i < to; i++) sent.add(producer.send(new ProducerRecord<>(topic, 0, bytes("k" + i), bytes("v" + i))));
            for (Future<?> f : sent) f.get();
        }
    }

    static List<ConsumerRecord<byte[], byte[]>> read(Consumer<byte[], byte[]> consumer, int count) {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
        while (all.size() < count && System.nanoTime() < deadline) consumer.poll(Duration.ofMillis(100)).forEach(all::add);
        check(all.size() >= count, "read " + all.size() + " of " + count + " records");
        return all;
    }

    static List<ConsumerRecord<byte[], byte[]>> readAll(String topic, int count, Object... pairs) {
        try (var consumer = consumer(pairs)) {
            TopicPartition tp = new TopicPartition(topic, 0);
            consumer.assign(List.of(tp));
            consumer.seekToBeginning(List.of(tp));
            List<ConsumerRecord<byte[], byte[]>> all = read(consumer, count);
            same(count, all.size());
            return all;
        }
    }

    /** The error that a future fails with. */
    static Throwable failure(Future<?> future) throws Exception {
        try {
            future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return e.getCause();
        }
        throw new AssertionError("no error");
    }

    static void fails(Class<? extends Throwable> kind, Future<?> future) throws Exception {
        Throwable error = failure(future);
        check(kind.isInstance(error), "expected " + kind.getSimpleName() + ", got " + error);
    }

    static void until(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(25);
        while (!condition.call()) {
            check(System.nanoTime() < deadline, "waited in vain: " + what);
            Thread.sleep(5);
        }
    }

    static void codec(String codec) throws Exception {
        String topic = topic(1);
        String filler = "abc ".repeat(100);
        try (var producer = producer("compression.type", codec, "linger.ms", "20")) {
            List<Future<?>> sent = new ArrayList<>();
            for (int i = 0; i < 100; i++) sent.add(producer.send(new ProducerRecord<>(topic, bytes("k" + i), bytes(filler + i))));
            for (Future<?> f : sent) f.get();
        }
        var all = readAll(topic, 100, "check.crcs", "true");
        for (int i = 0; i < 100; i++) {
            same("k" + i, text(all.get(i).key()));
            same(filler + i, text(all.get(i).value()));
            same((long) i, all.get(i).offset());
        }
    }

    /** A consumer on a thread of its own that polls until it is closed, or vanishes when it is abandoned. */
    static final class Member implements AutoCloseable {
        final KafkaConsumer<byte[], byte[]> consumer;
        final Set<TopicPartition> assigned = ConcurrentHashMap.newKeySet();
        volatile int assignments = 0;
        volatile boolean stop = false;
        volatile Throwable error;
        final CloseOptions closing;
        final Thread thread;

        Member(String topic, boolean leave, Object... pairs) {
            consumer = consumer(pairs);
            closing = CloseOptions.groupMembershipOperation(leave
                ? CloseOptions.GroupMembershipOperation.DEFAULT : CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP);
            thread = new Thread(() -> {
                try {
                    consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                        @Override
                        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                            assigned.removeAll(partitions);
                        }

                        @Override
                        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                            assigned.addAll(partitions);
                            assignments++;
                        }

                        @Override
                        public void onPartitionsLost(Collection<TopicPartition> partitions) {
                            assigned.removeAll(partitions);
                        }
                    });
                    while (!stop) consumer.poll(Duration.ofMillis(50));
                } catch (Throwable t) {
                    error = t;
                } finally {
                    consumer.close(closing);
                }
            });
            thread.start();
        }

        @Override
        public void close() throws InterruptedException {
            stop = true;
            thread.join();
        }
    }

    static void twoMembers(String assignor) throws Exception {
        String topic = topic(4), group = name();
        Object[] with = {"group.id", group, "partition.assignment.strategy", assignor, "heartbeat.interval.ms", "300"};
        try (Member first = new Member(topic, true, with)) {
            until("all partitions", () -> first.assigned.size() == 4);
            try (Member second = new Member(topic, true, with)) {
                until("two and two", () -> first.assigned.size() == 2 && second.assigned.size() == 2);
                check(Collections.disjoint(first.assigned, second.assigned), "assigned twice");
            }
            until("all partitions again", () -> first.assigned.size() == 4);
        }
    }

    static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    static KafkaFuture<Void> alter(String topic, AlterConfigOp.OpType type, String key, String value) {
        return admin.incrementalAlterConfigs(
            Map.of(resource(topic), List.of(new AlterConfigOp(new ConfigEntry(key, value), type)))).all();
    }

    static Config describe(String topic) throws Exception {
        return admin.describeConfigs(List.of(resource(topic))).all().get().get(resource(topic));
    }

    static void register() {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) ALL.put("codec-" + codec, () -> codec(codec));

        ALL.put("headers", () -> {
            String topic = topic(1);
            try (var producer = producer()) {
                var record = new ProducerRecord<>(topic, bytes("k"), bytes("v"));
                record.headers().add("a", bytes("1")).add("b", null).add("a", bytes("2")).add("c", bytes("")).add("a", bytes("1"));
                producer.send(record).get();
            }
            List<String> got = new ArrayList<>();
            for (Header h : readAll(topic, 1).get(0).headers()) got.add(h.key() + "=" + text(h.value()));
            same(List.of("a=1", "b=null", "a=2", "c=", "a=1"), got);
        });

        ALL.put("nulls", () -> {
            String topic = topic(1);
            String[][] records = {{null, "v"}, {"k", null}, {"", "v"}, {"k", ""}, {null, null}, {"", ""}};
            try (var producer = producer()) {
                for (String[] r : records) producer.send(new ProducerRecord<>(topic, 0, bytes(r[0]), bytes(r[1])));
            }
            var all = readAll(topic, records.length);
            for (int i = 0; i < records.length; i++) {
                same(records[i][0], text(all.get(i).key()));
                same(records[i][1], text(all.get(i).value()));
            }
        });

        ALL.put("large-record", () -> {
            String topic = topic(1);
            Random random = new Random(7);
            byte[] big = new byte[900_000], medium = new byte[50_000];
            random.nextBytes(big);
            random.nextBytes(medium);
            try (var producer = producer()) {
                producer.send(new ProducerRecord<>(topic, 0, null, big)).get();
                for (int i = 0; i < 200; i++) producer.send(new ProducerRecord<>(topic, 0, null, medium));
            }
            var all = readAll(topic, 201);
            check(Arrays.equals(big, all.get(0).value()), "the large record changed");
            for (int i = 1; i <= 200; i++) check(Arrays.equals(medium, all.get(i).value()), "record " + i + " changed");
        });

        ALL.put("acks", () -> {
            String topic = topic(1);
            for (String acks : List.of("0", "1", "all")) {
                try (var producer = producer("acks", acks, "enable.idempotence", "false")) {
                    for (int i = 0; i < 10; i++) producer.send(new ProducerRecord<>(topic, 0, null, bytes(acks)));
                    producer.flush();
                }
            }
            same(30, readAll(topic, 30).size());
        });

        ALL.put("idempotent-order", () -> {
            String topic = topic(1);
            try (var producer = producer("enable.idempotence", "true", "batch.size", "500", "linger.ms", "0")) {
                for (int i = 0; i < 2000; i++) producer.send(new ProducerRecord<>(topic, 0, null, bytes("" + i)));
            }
            var all = readAll(topic, 2000);
            for (int i = 0; i < 2000; i++) same("" + i, text(all.get(i).value()));
        });

        ALL.put("timestamps", () -> {
            String kept = topic(1), stamped = topic(1, "message.timestamp.type", "LogAppendTime");
            try (var producer = producer()) {
                same(1_500_000_000_000L, producer.send(new ProducerRecord<>(kept, 0, 1_500_000_000_000L, null, bytes("x"))).get().timestamp());
                long before = System.currentTimeMillis();
                long answered = producer.send(new ProducerRecord<>(stamped, 0, 1_500_000_000_000L, null, bytes("x"))).get().timestamp();
                check(Math.abs(answered - before) < 10_000, "LogAppendTime answered " + answered);
                var record = readAll(stamped, 1).get(0);
                same(answered, record.timestamp());
                same(TimestampType.LOG_APPEND_TIME, record.timestampType());
            }
            var record = readAll(kept, 1).get(0);
            same(1_500_000_000_000L, record.timestamp());
            same(TimestampType.CREATE_TIME, record.timestampType());
        });

        ALL.put("seek-offset", () -> {
            String topic = topic(1);
            produce(topic, 0, 20);
            TopicPartition tp = new TopicPartition(topic, 0);
            try (var consumer = consumer()) {
                consumer.assign(List.of(tp));
                consumer.seek(tp, 12);
                same(12L, read(consumer, 8).get(0).offset());
                consumer.seekToBeginning(List.of(tp));
                same(0L, read(consumer, 20).get(0).offset());
                consumer.seekToEnd(List.of(tp));
                same(20L, consumer.position(tp));
                same(Map.of(tp, 0L), consumer.beginningOffsets(List.of(tp)));
                same(Map.of(tp, 20L), consumer.endOffsets(List.of(tp)));
            }
        });

        ALL.put("seek-timestamp", () -> {
            String topic = topic(1);
            TopicPartition tp = new TopicPartition(topic, 0);
            try (var producer = producer()) {
                for (int i = 0; i < 10; i++) producer.send(new ProducerRecord<>(topic, 0, 1_000_000L + i * 1000, null, bytes("" + i))).get();
            }
            try (var consumer = consumer()) {
                same(0L, consumer.offsetsForTimes(Map.of(tp, 0L)).get(tp).offset());
                OffsetAndTimestamp within = consumer.offsetsForTimes(Map.of(tp, 1_003_500L)).get(tp);
                same(4L, within.offset());
                same(1_004_000L, within.timestamp());
                same(null, consumer.offsetsForTimes(Map.of(tp, 2_000_000L)).get(tp));
                consumer.assign(List.of(tp));
                consumer.seek(tp, within.offset());
                same("4", text(read(consumer, 6).get(0).value()));
            }
        });

        ALL.put("offset-out-of-range", () -> {
            String topic = topic(1);
            produce(topic, 0, 3);
            TopicPartition tp = new TopicPartition(topic, 0);
            try (var consumer = consumer("auto.offset.reset", "none")) {
                consumer.assign(List.of(tp));
                consumer.seek(tp, 50);
                try {
                    for (int i = 0; i < 50; i++) consumer.poll(Duration.ofMillis(100));
                    throw new AssertionError("no error");
                } catch (org.apache.kafka.clients.consumer.OffsetOutOfRangeException e) {
                    same(Map.of(tp, 50L), e.offsetOutOfRangePartitions());
                }
            }
            try (var consumer = consumer()) {
                consumer.assign(List.of(tp));
                consumer.seek(tp, 50);
                same(0L, read(consumer, 3).get(0).offset());
            }
        });

        ALL.put("empty-fetch", () -> {
            String topic = topic(1);
            TopicPartition tp = new TopicPartition(topic, 0);
            try (var consumer = consumer("fetch.max.wait.ms", "50")) {
                consumer.assign(List.of(tp));
                for (int i = 0; i < 10; i++) same(0, consumer.poll(Duration.ofMillis(60)).count());
                produce(topic, 0, 1);
                read(consumer, 1);
            }
        });

        ALL.put("group-resume", () -> {
            String topic = topic(1), group = name();
            produce(topic, 0, 10);
            TopicPartition tp = new TopicPartition(topic, 0);
            try (var consumer = consumer("group.id", group, "max.poll.records", "4")) {
                consumer.subscribe(List.of(topic));
                same(4, read(consumer, 4).size());
                consumer.commitSync(Map.of(tp, new OffsetAndMetadata(4, "half way")));
            }
            try (var consumer = consumer("group.id", group)) {
                consumer.subscribe(List.of(topic));
                same(4L, read(consumer, 6).get(0).offset());
                same("half way", consumer.committed(Set.of(tp)).get(tp).metadata());
                consumer.commitAsync();
            }
            try (var consumer = consumer("group.id", group)) {
                same(10L, consumer.committed(Set.of(tp)).get(tp).offset());
                same(null, consumer.committed(Set.of(new TopicPartition(topic, 1))).get(new TopicPartition(topic, 1)));
            }
        });

        ALL.put("group-eager", () -> twoMembers("org.apache.kafka.clients.consumer.RangeAssignor"));
        ALL.put("group-cooperative", () -> twoMembers("org.apache.kafka.clients.consumer.CooperativeStickyAssignor"));

        ALL.put("group-killed-member", () -> {
            String topic = topic(2), group = name();
            Object[] with = {"group.id", group, "session.timeout.ms", "6000", "heartbeat.interval.ms", "300"};
            Member lost = new Member(topic, false, with);
            until("all partitions", () -> lost.assigned.size() == 2);
            lost.close();
            long begin = System.nanoTime();
            try (Member next = new Member(topic, true, with)) {
                until("the partitions of the lost member", () -> next.assigned.size() == 2);
            }
            check(System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(3), "removed before its session had ended");
        });

        ALL.put("static-member", () -> {
            String topic = topic(4), group = name();
            Object[] a = {"group.id", group, "group.instance.id", "a", "session.timeout.ms", "20000", "heartbeat.interval.ms", "300"};
            Object[] b = {"group.id", group, "group.instance.id", "b", "session.timeout.ms", "20000", "heartbeat.interval.ms", "300"};
            try (Member first = new Member(topic, true, a)) {
                Member second = new Member(topic, true, b);
                until("two and two", () -> first.assigned.size() == 2 && second.assigned.size() == 2);
                Set<TopicPartition> had = Set.copyOf(second.assigned);
                int assignments = first.assignments;
                second.close();
                try (Member back = new Member(topic, true, b)) {
                    until("the same partitions", () -> back.assigned.equals(had));
                }
                same(assignments, first.assignments);
            }
        });

        ALL.put("static-member-fenced", () -> {
            String topic = topic(2), group = name();
            Object[] with = {"group.id", group, "group.instance.id", "a", "heartbeat.interval.ms", "300"};
            try (Member first = new Member(topic, true, with)) {
                until("all partitions", () -> first.assigned.size() == 2);
                try (Member second = new Member(topic, true, with)) {
                    until("the older is fenced", () -> first.error instanceof FencedInstanceIdException);
                    until("all partitions", () -> second.assigned.size() == 2);
                }
            }
        });

        ALL.put("pattern-subscription", () -> {
            String prefix = name();
            admin.createTopics(List.of(new NewTopic(prefix + "-one", 1, (short) 1))).all().get();
            produce(prefix + "-one", 0, 1);
            try (var consumer = consumer("group.id", name(), "metadata.max.age.ms", "300")) {
                consumer.subscribe(Pattern.compile(prefix + "-.*"));
                same(prefix + "-one", read(consumer, 1).get(0).topic());
                admin.createTopics(List.of(new NewTopic(prefix + "-two", 1, (short) 1))).all().get();
                produce(prefix + "-two", 0, 1);
                // The rebalance puts the consumer back to the beginning of the first topic: nothing was committed.
                until("a record of the later topic", () -> read(consumer, 1).stream().anyMatch(r -> r.topic().equals(prefix + "-two")));
            }
        });

        ALL.put("read-committed", () -> {
            String topic = topic(1);
            produce(topic, 0, 5);
            same(5, readAll(topic, 5, "isolation.level", "read_committed").size());
        });

        ALL.put("auto-create-producer", () -> {
            String topic = name();
            try (var producer = producer()) {
                same(0L, send(producer, topic, null, "x").offset());
            }
            same(1, admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size());
        });

        ALL.put("auto-create-consumer", () -> {
            String topic = name();
            try (var consumer = consumer("group.id", name())) {
                consumer.subscribe(List.of(topic));
                until("it is made", () -> {
                    consumer.poll(Duration.ofMillis(20));
                    return admin.listTopics().names().get().contains(topic);
                });
            }
        });

        ALL.put("created-topic-serves", () -> {
            for (int i = 0; i < 20; i++) {
                String topic = topic(3);
                try (var producer = producer("retries", "0", "enable.idempotence", "false")) {
                    for (int p = 0; p < 3; p++) producer.send(new ProducerRecord<>(topic, p, null, bytes("x"))).get();
                }
            }
        });

        ALL.put("auto-create-refused", () -> {
            String topic = name();
            try (var consumer = consumer("group.id", name(), "allow.auto.create.topics", "false")) {
                consumer.subscribe(List.of(topic));
                for (int i = 0; i < 8; i++) consumer.poll(Duration.ofMillis(50));
            }
            check(!admin.listTopics().names().get().contains(topic), "it was made");
        });

        ALL.put("delete-and-recreate", () -> {
            String topic = topic(1);
            try (var producer = producer("metadata.max.age.ms", "500"); var consumer = consumer("group.id", name(), "metadata.max.age.ms", "500")) {
                for (int i = 0; i < 3; i++) send(producer, topic, null, "old");
                consumer.subscribe(List.of(topic));
                same("old", text(read(consumer, 3).get(0).value()));
                admin.deleteTopics(List.of(topic)).all().get();
                admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
                same(0L, send(producer, topic, null, "new").offset());
                same("new", text(read(consumer, 1).get(0).value()));
            }
            same("new", text(readAll(topic, 1).get(0).value()));
        });

        ALL.put("admin-topics", () -> {
            String topic = name();
            var made = admin.createTopics(List.of(new NewTopic(topic, Optional.empty(), Optional.empty())));
            same(1, made.numPartitions(topic).get());
            same(1, made.replicationFactor(topic).get());
            Uuid id = made.topicId(topic).get();
            check(made.config(topic).get().entries().size() > 20, "few configurations were returned");
            check(admin.listTopics().names().get().contains(topic), "not listed");
            TopicDescription seen = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
            same(id, seen.topicId());
            same(1, seen.partitions().get(0).replicas().size());
            same(1, seen.partitions().get(0).isr().size());
            same(topic, admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get().get(id).name());
            admin.createTopics(List.of(new NewTopic(name(), 3, (short) -1)), new CreateTopicsOptions().validateOnly(true)).all().get();
            admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
            check(!admin.listTopics().names().get().contains(topic), "still listed");
            fails(UnknownTopicOrPartitionException.class, admin.describeTopics(List.of(topic)).allTopicNames());
        });

        ALL.put("admin-partitions", () -> {
            String topic = topic(2);
            admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all().get();
            same(4, admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size());
            fails(InvalidPartitionsException.class, admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all());
            fails(InvalidPartitionsException.class, admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(1))).all());
            fails(UnknownTopicOrPartitionException.class, admin.createPartitions(Map.of(name(), NewPartitions.increaseTo(2))).all());
        });

        ALL.put("admin-configs", () -> {
            String topic = topic(1, "retention.ms", "3600000");
            Config config = describe(topic);
            check(config.entries().size() > 25, "only " + config.entries().size() + " keys");
            same("3600000", config.get("retention.ms").value());
            same(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, config.get("retention.ms").source());
            same(ConfigEntry.ConfigSource.DEFAULT_CONFIG, config.get("segment.bytes").source());
            same("1073741824", config.get("segment.bytes").value());
            check(config.get("segment.bytes").isDefault(), "segment.bytes is not a default");
            alter(topic, AlterConfigOp.OpType.SET, "max.message.bytes", "12345").get();
            alter(topic, AlterConfigOp.OpType.APPEND, "cleanup.policy", "compact").get();
            alter(topic, AlterConfigOp.OpType.DELETE, "retention.ms", "").get();
            config = describe(topic);
            same("12345", config.get("max.message.bytes").value());
            same("delete,compact", config.get("cleanup.policy").value());
            same("604800000", config.get("retention.ms").value());
            alter(topic, AlterConfigOp.OpType.SUBTRACT, "cleanup.policy", "compact").get();
            same("delete", describe(topic).get("cleanup.policy").value());
            var broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
            Config of = admin.describeConfigs(List.of(broker)).all().get().get(broker);
            check(of.entries().size() > 150, "a broker has only " + of.entries().size() + " keys");
            same("1", of.get("node.id").value());
            fails(UnknownTopicOrPartitionException.class, admin.describeConfigs(List.of(resource(name()))).all());
        });

        ALL.put("admin-groups", () -> {
            String topic = topic(1), group = name();
            try (Member member = new Member(topic, true, "group.id", group, "client.id", "someone")) {
                until("all partitions", () -> member.assigned.size() == 1);
                var seen = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
                same(GroupState.STABLE, seen.groupState());
                same("range", seen.partitionAssignor());
                var one = seen.members().iterator().next();
                same("someone", one.clientId());
                same(Set.of(new TopicPartition(topic, 0)), one.assignment().topicPartitions());
                check(admin.listGroups().all().get().stream().anyMatch(g -> g.groupId().equals(group)), "not listed");
                fails(GroupNotEmptyException.class, admin.deleteConsumerGroups(List.of(group)).all());
            }
            until("an empty group", () -> admin.describeConsumerGroups(List.of(group)).all().get().get(group).groupState() == GroupState.EMPTY);
            admin.deleteConsumerGroups(List.of(group)).all().get();
            fails(GroupIdNotFoundException.class, admin.deleteConsumerGroups(List.of(group)).all());
            fails(GroupIdNotFoundException.class, admin.describeConsumerGroups(List.of(group)).all());
        });

        ALL.put("admin-group-offsets", () -> {
            String topic = topic(2), group = name();
            TopicPartition a = new TopicPartition(topic, 0), b = new TopicPartition(topic, 1);
            produce(topic, 0, 5);
            admin.alterConsumerGroupOffsets(group, Map.of(a, new OffsetAndMetadata(3, "m"), b, new OffsetAndMetadata(0))).all().get();
            var offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            same(3L, offsets.get(a).offset());
            same("m", offsets.get(a).metadata());
            same(2, offsets.size());
            same(Map.of(), admin.listConsumerGroupOffsets(name()).partitionsToOffsetAndMetadata().get());
            try (var consumer = consumer("group.id", group)) {
                consumer.subscribe(List.of(topic));
                same(3L, read(consumer, 2).get(0).offset());
            }
        });

        ALL.put("admin-delete-records", () -> {
            String topic = topic(1);
            TopicPartition tp = new TopicPartition(topic, 0);
            produce(topic, 0, 10);
            same(4L, admin.deleteRecords(Map.of(tp, RecordsToDelete.beforeOffset(4))).lowWatermarks().get(tp).get().lowWatermark());
            same(4L, readAll(topic, 6).get(0).offset());
            fails(org.apache.kafka.common.errors.OffsetOutOfRangeException.class, admin.deleteRecords(Map.of(tp, RecordsToDelete.beforeOffset(99))).all());
            same(10L, admin.deleteRecords(Map.of(tp, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(tp).get().lowWatermark());
            String compacted = topic(1, "cleanup.policy", "compact");
            fails(PolicyViolationException.class, admin.deleteRecords(Map.of(new TopicPartition(compacted, 0), RecordsToDelete.beforeOffset(0))).all());
        });

        ALL.put("admin-list-offsets", () -> {
            String topic = topic(1);
            TopicPartition tp = new TopicPartition(topic, 0);
            same(-1L, admin.listOffsets(Map.of(tp, OffsetSpec.maxTimestamp())).partitionResult(tp).get().offset());
            try (var producer = producer()) {
                for (long t : new long[] {1000, 5000, 3000}) producer.send(new ProducerRecord<>(topic, 0, t, null, bytes("x"))).get();
            }
            same(0L, admin.listOffsets(Map.of(tp, OffsetSpec.earliest())).partitionResult(tp).get().offset());
            same(3L, admin.listOffsets(Map.of(tp, OffsetSpec.latest())).partitionResult(tp).get().offset());
            var max = admin.listOffsets(Map.of(tp, OffsetSpec.maxTimestamp())).partitionResult(tp).get();
            same(1L, max.offset());
            same(5000L, max.timestamp());
            same(1L, admin.listOffsets(Map.of(tp, OffsetSpec.forTimestamp(2000))).partitionResult(tp).get().offset());
            same(-1L, admin.listOffsets(Map.of(tp, OffsetSpec.forTimestamp(9000))).partitionResult(tp).get().offset());
            same(0L, admin.listOffsets(Map.of(tp, OffsetSpec.earliestLocal())).partitionResult(tp).get().offset());
            same(-1L, admin.listOffsets(Map.of(tp, OffsetSpec.latestTiered())).partitionResult(tp).get().offset());
        });

        ALL.put("admin-cluster", () -> {
            var cluster = admin.describeCluster();
            same(1, cluster.nodes().get().size());
            same(1, cluster.controller().get().id());
            same(22, cluster.clusterId().get().length());
            var quorum = admin.describeMetadataQuorum().quorumInfo().get();
            same(1, quorum.leaderId());
            same(1, quorum.voters().size());
            check(admin.describeFeatures().featureMetadata().get().finalizedFeatures().containsKey("metadata.version"), "no metadata.version");
        });

        ALL.put("error-topic-exists", () -> {
            String topic = topic(1);
            fails(TopicExistsException.class, admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all());
        });
        ALL.put("error-topic-name", () -> {
            for (String bad : List.of("a b", "a/b", "..", "x".repeat(250)))
                fails(InvalidTopicException.class, admin.createTopics(List.of(new NewTopic(bad, 1, (short) 1))).all());
            try (var producer = producer("max.block.ms", "5000")) {
                fails(InvalidTopicException.class, producer.send(new ProducerRecord<>("a b", bytes("x"))));
            }
        });
        ALL.put("error-topic-missing", () -> fails(UnknownTopicOrPartitionException.class, admin.deleteTopics(List.of(name())).all()));
        ALL.put("error-partitions", () ->
            fails(InvalidPartitionsException.class, admin.createTopics(List.of(new NewTopic(name(), 0, (short) 1))).all()));
        ALL.put("error-replication-factor", () -> {
            fails(InvalidReplicationFactorException.class, admin.createTopics(List.of(new NewTopic(name(), 1, (short) 3))).all());
            fails(InvalidReplicationFactorException.class, admin.createTopics(List.of(new NewTopic(name(), 1, (short) 0))).all());
            fails(InvalidReplicaAssignmentException.class, admin.createTopics(List.of(new NewTopic(name(), Map.of(0, List.of(1, 1))))).all());
        });
        ALL.put("error-config-create", () -> {
            for (Map<String, String> bad : List.of(Map.of("no.such.key", "1"), Map.of("retention.ms", "soon"), Map.of("cleanup.policy", "shred"))) {
                String topic = name();
                fails(InvalidConfigurationException.class, admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(bad))).all());
                check(!admin.listTopics().names().get().contains(topic), "it was made");
            }
        });
        ALL.put("error-config-alter", () -> {
            String topic = topic(1);
            fails(InvalidConfigurationException.class, alter(topic, AlterConfigOp.OpType.SET, "no.such.key", "1"));
            fails(InvalidConfigurationException.class, alter(topic, AlterConfigOp.OpType.SET, "segment.bytes", "1"));
            fails(InvalidConfigurationException.class, alter(topic, AlterConfigOp.OpType.APPEND, "retention.ms", "1"));
            fails(UnknownTopicOrPartitionException.class, alter(name(), AlterConfigOp.OpType.SET, "retention.ms", "1"));
        });

        ALL.put("error-message-too-large", () -> {
            String topic = topic(1, "max.message.bytes", "2000");
            try (var producer = producer("max.request.size", "5000000")) {
                send(producer, topic, null, "small");
                fails(RecordTooLargeException.class, producer.send(new ProducerRecord<>(topic, 0, null, new byte[5000])));
                send(producer, topic, null, "small");
            }
            same(2, readAll(topic, 2).size());
        });

        ALL.put("error-compacted-keyless", () -> {
            String topic = topic(1, "cleanup.policy", "compact");
            for (String codec : List.of("none", "gzip", "lz4")) {
                try (var producer = producer("compression.type", codec)) {
                    fails(InvalidRecordException.class, producer.send(new ProducerRecord<>(topic, 0, null, bytes("x"))));
                    send(producer, topic, "k", "x");
                }
            }
            same(3, readAll(topic, 3).size());
        });

        ALL.put("error-timestamp", () -> {
            String topic = topic(1);
            try (var producer = producer()) {
                fails(InvalidTimestampException.class,
                    producer.send(new ProducerRecord<>(topic, 0, System.currentTimeMillis() + 2 * 3600_000L, null, bytes("x"))));
                send(producer, topic, null, "x");
            }
        });

        ALL.put("error-session-timeout", () -> {
            String topic = topic(1);
            try (var consumer = consumer("group.id", name(), "session.timeout.ms", "1000", "heartbeat.interval.ms", "300")) {
                consumer.subscribe(List.of(topic));
                for (int i = 0; i < 50; i++) consumer.poll(Duration.ofMillis(100));
                throw new AssertionError("no error");
            } catch (InvalidSessionTimeoutException e) {
                // as it should be
            }
        });

        ALL.put("error-inconsistent-protocol", () -> {
            String topic = topic(1), group = name();
            try (Member member = new Member(topic, true, "group.id", group, "partition.assignment.strategy", RangeAssignor.class.getName())) {
                until("all partitions", () -> member.assigned.size() == 1);
                try (Member other = new Member(topic, true, "group.id", group, "partition.assignment.strategy", RoundRobinAssignor.class.getName())) {
                    until("refused", () -> other.error instanceof InconsistentGroupProtocolException);
                }
            }
        });

        ALL.put("transaction-refused", () -> {
            try (var producer = producer("transactional.id", name(), "max.block.ms", "15000")) {
                long begin = System.nanoTime();
                try {
                    producer.initTransactions();
                    throw new AssertionError("no error");
                } catch (KafkaException e) {
                    check(!(e instanceof org.apache.kafka.common.errors.TimeoutException), "it was retried until " + e);
                    check(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(5), "it took long");
                }
            }
        });
    }

    public static void main(String[] args) {
        bootstrap = args[0];
        register();
        admin = Admin.create(config());
        for (int i = 1; i < args.length; i++) {
            String name = args[i];
            Scenario scenario = ALL.get(name);
            String answer = "fail not implemented";
            if (scenario != null) {
                try {
                    scenario.run();
                    answer = "ok";
                } catch (Throwable t) {
                    StackTraceElement at = Arrays.stream(t.getStackTrace()).filter(f -> f.getClassName().startsWith("Scenarios")
                        && !f.getMethodName().matches("check|same|fails|failure|read|readAll|until")).findFirst().orElse(null);
                    answer = "fail " + (t + " at " + at).replace('\n', ' ');
                }
            }
            System.out.println(name + " " + answer);
        }
        admin.close();
        Runtime.getRuntime().halt(0);
    }
}
