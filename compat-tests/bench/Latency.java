import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Latencies for scripts/bench, one number per line.
 * <pre>
 * Latency sync HOST PORT TOPIC COUNT   microseconds of each single synchronous produce (acks=all, 100 bytes, raw socket), after as many to warm up
 * Latency group BOOTSTRAP TOPIC COUNT  milliseconds from subscribe() to the first record, a fresh group each time, after three to warm up
 * </pre>
 */
public final class Latency {
    static byte[] produceFrame(String topic, int payload) {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        ByteBuffer record = ByteBuffer.allocate(payload + 32);
        record.put((byte) 0).put((byte) 0).put((byte) 0).put((byte) 1);
        varint(record, payload);
        record.put(new byte[payload]).put((byte) 0).flip();
        ByteBuffer records = ByteBuffer.allocate(record.remaining() + 5);
        varint(records, record.remaining());
        records.put(record).flip();
        ByteBuffer batch = ByteBuffer.allocate(61 + records.remaining());
        batch.putLong(0).putInt(batch.capacity() - 12).putInt(-1).put((byte) 2).putInt(0);
        long now = System.currentTimeMillis();
        batch.putShort((short) 0).putInt(0).putLong(now).putLong(now).putLong(-1).putShort((short) -1).putInt(-1).putInt(1).put(records);
        CRC32C crc = new CRC32C();
        crc.update(batch.array(), 21, batch.capacity() - 21);
        batch.putInt(17, (int) crc.getValue());
        ByteBuffer frame = ByteBuffer.allocate(200 + name.length + batch.capacity());
        frame.putInt(0).putShort((short) 0).putShort((short) 7).putInt(1).putShort((short) 5).put("bench".getBytes());
        frame.putShort((short) -1).putShort((short) -1).putInt(5000).putInt(1).putShort((short) name.length).put(name);
        frame.putInt(1).putInt(0).putInt(batch.capacity()).put(batch.array());
        frame.putInt(0, frame.position() - 4);
        return Arrays.copyOf(frame.array(), frame.position());
    }

    static void varint(ByteBuffer out, int value) {
        int rest = value << 1;
        while ((rest & ~127) != 0) {
            out.put((byte) (rest & 127 | 128));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }

    static void sync(String host, int port, String topic, int count) throws Exception {
        byte[] frame = produceFrame(topic, 100);
        try (Socket socket = new Socket(host, port)) {
            socket.setTcpNoDelay(true);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            StringBuilder lines = new StringBuilder();
            for (int i = -count; i < count; i++) {
                long begin = System.nanoTime();
                out.write(frame);
                byte[] answer = new byte[in.readInt()];
                in.readFully(answer);
                long took = System.nanoTime() - begin;
                short error = ByteBuffer.wrap(answer).getShort(4 + 4 + 2 + topic.length() + 4 + 4);
                if (error != 0) throw new IllegalStateException("error " + error);
                if (i >= 0) lines.append(took / 1000.0).append('\n');
            }
            System.out.print(lines);
        }
    }

    static void group(String bootstrap, String topic, int count) {
        for (int i = -3; i < count; i++) {
            try (var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap, "group.id", "latency-" + System.nanoTime(),
                    "auto.offset.reset", "earliest", "enable.auto.commit", false), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                long begin = System.nanoTime();
                consumer.subscribe(List.of(topic));
                while (consumer.poll(Duration.ofMillis(200)).isEmpty()) {
                    if (System.nanoTime() - begin > 20_000_000_000L) throw new IllegalStateException("no record");
                }
                if (i >= 0) System.out.println((System.nanoTime() - begin) / 1e6);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "sync" -> sync(args[1], Integer.parseInt(args[2]), args[3], Integer.parseInt(args[4]));
            case "group" -> group(args[1], args[2], Integer.parseInt(args[3]));
            default -> throw new IllegalArgumentException(args[0]);
        }
        Runtime.getRuntime().halt(0);
    }
}
