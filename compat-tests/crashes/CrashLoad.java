import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Scanner;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Load for a broker that is killed: an idempotent producer, a committer of group offsets and a creator of topics. Each remembers what
 * was acknowledged. Reads lines: `progress` prints the count of acknowledged records, `stop` ends the load, reads everything
 * back and prints `NAME ok` or `NAME fail REASON` per property.
 */
public final class CrashLoad {
    static final int PARTITIONS = 3;
    static final String TOPIC = "load", GROUP = "committer";
    static volatile boolean running = true;

    record Ack(int partition, long sequence, long offset) {
    }

    static Map<String, Object> config(String bootstrap, Object... pairs) {
        Map<String, Object> map = new ConcurrentHashMap<>();
        map.put("bootstrap.servers", bootstrap);
        map.put("reconnect.backoff.ms", 20);
        map.put("reconnect.backoff.max.ms", 100);
        for (int i = 0; i < pairs.length; i += 2) map.put((String) pairs[i], pairs[i + 1]);
        return map;
    }

    static void print(String name, boolean good, Object why) {
        System.out.println(name + (good ? " ok" : " fail " + why));
        System.out.flush();
    }

    public static void main(String[] args) throws Exception {
        String bootstrap = args[0];
        Admin admin = Admin.create(config(bootstrap));
        admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get();

        Queue<Ack> acks = new ConcurrentLinkedQueue<>();
        AtomicLong acknowledged = new AtomicLong();
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Semaphore inFlight = new Semaphore(2000);
        long[] next = new long[PARTITIONS];
        // Small batches, so that a kill finds several of a partition in flight and the state of its producer matters.
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config(bootstrap, "enable.idempotence", true, "acks", "all",
            "batch.size", 2000, "linger.ms", 1, "retries", Integer.MAX_VALUE, "delivery.timeout.ms", 120_000,
            "request.timeout.ms", 3000, "max.in.flight.requests.per.connection", 5, "compression.type", args[1]),
            new ByteArraySerializer(), new ByteArraySerializer());
        Thread load = new Thread(() -> {
            byte[] filler = new byte[200];
            Arrays.fill(filler, (byte) 'x');
            for (int i = 0; running; i++) {
                int partition = i % PARTITIONS;
                long sequence = next[partition]++;
                byte[] value = ByteBuffer.allocate(208).putLong(sequence).put(filler).array();
                inFlight.acquireUninterruptibly();
                producer.send(new ProducerRecord<>(TOPIC, partition, null, value), (metadata, error) -> {
                    inFlight.release();
                    if (error != null) {
                        refused.compareAndSet(null, error);
                    } else {
                        acks.add(new Ack(partition, sequence, metadata.offset()));
                        acknowledged.incrementAndGet();
                    }
                });
            }
        }, "load");

        AtomicLong committed = new AtomicLong(-1);
        TopicPartition zero = new TopicPartition(TOPIC, 0);
        Thread committer = new Thread(() -> {
            try (var consumer = new KafkaConsumer<>(config(bootstrap, "group.id", GROUP, "enable.auto.commit", false,
                    "default.api.timeout.ms", 5_000, "request.timeout.ms", 3_000), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                consumer.assign(List.of(zero));
                for (long offset = 0; running; offset++) {
                    try {
                        consumer.commitSync(Map.of(zero, new OffsetAndMetadata(offset)));
                        committed.set(offset);
                    } catch (KafkaException e) {
                        // not acknowledged: it may or may not be there
                    }
                }
            }
        }, "committer");

        Set<String> made = ConcurrentHashMap.newKeySet();
        Thread creator = new Thread(() -> {
            for (int i = 0; running; i++) {
                String topic = "made-" + i;
                try {
                    admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
                    made.add(topic);
                    Thread.sleep(20);
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof TopicExistsException) made.add(topic);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }, "creator");
        for (Thread t : List.of(load, committer, creator)) t.start();
        System.out.println("started");

        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            if (lines.nextLine().equals("stop")) break;
            System.out.println("acknowledged " + acknowledged.get());
        }
        running = false;
        load.join();
        producer.close(Duration.ofSeconds(60));
        committer.join();
        creator.join();

        print("every record was acknowledged in the end", refused.get() == null, refused.get());
        List<List<ConsumerRecord<byte[], byte[]>>> log = new ArrayList<>();
        try (var consumer = new KafkaConsumer<>(config(bootstrap, "enable.auto.commit", false, "group.id", GROUP, "check.crcs", true),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> all = new ArrayList<>();
            for (int p = 0; p < PARTITIONS; p++) {
                all.add(new TopicPartition(TOPIC, p));
                log.add(new ArrayList<>());
            }
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            long deadline = System.currentTimeMillis() + 120_000;
            while (System.currentTimeMillis() < deadline && all.stream().anyMatch(tp -> consumer.position(tp) < ends.get(tp))) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> log.get(record.partition()).add(record));
            }
            OffsetAndMetadata kept = consumer.committed(Set.of(zero)).get(zero);
            print("no acknowledged commit is lost", committed.get() < 0 || kept != null && kept.offset() >= committed.get(),
                "acknowledged " + committed.get() + ", found " + kept);
        }

        String lost = null, twice = null, order = null, moved = null;
        for (List<ConsumerRecord<byte[], byte[]>> partition : log) {
            long last = -1;
            for (ConsumerRecord<byte[], byte[]> record : partition) {
                long sequence = ByteBuffer.wrap(record.value()).getLong();
                if (sequence == last) twice = "sequence " + sequence + " again at " + record.topic() + "-" + record.partition() + " offset " + record.offset();
                else if (sequence < last) order = "sequence " + sequence + " after " + last + " at offset " + record.offset();
                last = Math.max(last, sequence);
            }
        }
        for (Ack ack : acks) {
            List<ConsumerRecord<byte[], byte[]>> partition = log.get(ack.partition);
            // A record that was written before a crash and whose retry was recognised may be answered with offset -1.
            if (ack.offset >= 0) {
                if (ack.offset >= partition.size()) lost = ack + ": the log has " + partition.size() + " records";
                else if (ByteBuffer.wrap(partition.get((int) ack.offset).value()).getLong() != ack.sequence) moved = ack + " is another record";
            } else if (ack.sequence >= partition.size()) {
                lost = ack + ": the log has " + partition.size() + " records";
            }
        }
        print("nothing acknowledged is lost", lost == null, lost);
        print("everything acknowledged is at its offset", moved == null, moved);
        print("nothing is there twice", twice == null, twice);
        print("the order is kept", order == null, order);
        Set<String> names = admin.listTopics().names().get();
        List<String> gone = made.stream().filter(t -> !names.contains(t)).toList();
        print("no acknowledged topic is lost", gone.isEmpty(), gone);
        System.out.println("totals " + acks.size() + " records, " + (committed.get() + 1) + " commits, " + made.size() + " topics");
        Runtime.getRuntime().halt(0);
    }
}
