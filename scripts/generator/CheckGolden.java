import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

/** Reads every line "name version hex" of the files with Kafka's own class of that name and writes it back. */
public class CheckGolden {
    static final List<String> NAMES = List.of(
        "org.apache.kafka.common.message.%sData", "org.apache.kafka.common.message.%s",
        "org.apache.kafka.common.metadata.%s", "org.apache.kafka.coordinator.group.generated.%s",
        "org.apache.kafka.coordinator.transaction.generated.%s", "org.apache.kafka.coordinator.share.generated.%s");

    static Message make(String name) throws Exception {
        for (String pattern : NAMES) {
            try {
                return (Message) Class.forName(pattern.formatted(name)).getDeclaredConstructor().newInstance();
            } catch (ClassNotFoundException e) {
                // The next package.
            }
        }
        throw new IllegalArgumentException("no class for " + name);
    }

    public static void main(String[] files) throws Exception {
        int lines = 0;
        for (String file : files) {
            for (String line : Files.readAllLines(Path.of(file))) {
                String[] parts = line.split(" ", 3);
                short version = Short.parseShort(parts[1]);
                ByteBuffer in = ByteBuffer.wrap(HexFormat.of().parseHex(parts[2]));
                Message message = make(parts[0]);
                try {
                    message.read(new ByteBufferAccessor(in), version);
                } catch (RuntimeException e) {
                    throw new IllegalStateException(line, e);
                }
                ByteBuffer out = MessageUtil.toByteBufferAccessor(message, version).buffer();
                byte[] bytes = new byte[out.remaining()];
                out.get(bytes);
                String again = HexFormat.of().formatHex(bytes);
                if (in.hasRemaining() || !again.equals(parts[2])) {
                    throw new IllegalStateException(line + "\nKafka writes\n" + again);
                }
                lines++;
            }
        }
        System.out.println(lines + " samples are as Apache Kafka writes them");
    }
}
