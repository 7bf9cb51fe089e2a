import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;

import kafka.server.ConfigHelper;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.metadata.KafkaConfigSchema;
import org.apache.kafka.metadata.MetadataCache;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Prints what Apache Kafka says to good and bad configuration, one case a line, tab-separated:
 *
 *   value   scope  key  text            → ok|null|error  canonical text or message
 *   topic   remote=false  k=v …         → ok|error       (LogConfig.validate over a broker's defaults)
 *   group   k=v …                       → ok|error
 *   metrics k=v …                       → ok|error
 *   broker  k=v …                       → ok|error       (KafkaConfig over a small combined node)
 *   order   scope  names                (the order in which DescribeConfigs lists the table)
 *   describe static  cluster  broker  resource  overrides, then one line for each entry that ConfigHelper answers:
 *   entry   name  value  source  type  read-only  sensitive  synonyms (name=value@source …; "-" is null, "=" starts a text)
 *   created name  value  source         (the same topic in CreateTopics' answer)
 *   dynamic per-broker|cluster  k=v …   → ok|error       (DynamicBrokerConfig.validateConfigs)
 */
public final class ExplainConfig {
    private static final Map<String, String> NODE = new LinkedHashMap<>();
    static {
        NODE.put("process.roles", "broker,controller");
        NODE.put("node.id", "1");
        NODE.put("controller.quorum.voters", "1@localhost:9093");
        NODE.put("controller.listener.names", "CONTROLLER");
        NODE.put("listeners", "PLAINTEXT://:9092,CONTROLLER://:9093");
    }

    public static void main(String[] args) throws Exception {
        System.out.println("# Recorded from Apache Kafka 4.3.1 by scripts/extract-config --texts. Do not edit.");
        values("Broker", AbstractKafkaConfig.CONFIG_DEF);
        values("Topic", LogConfig.configDefCopy());
        values("Group", GroupConfig.CONFIG_DEF);
        values("ClientMetrics", ClientMetricsConfigs.configDef());
        print("order\tBroker\t" + String.join(",", node(Map.of()).nonInternalValues().keySet()));
        print("order\tTopic\t" + String.join(",", new LogConfig(Map.of()).nonInternalValues().keySet()));
        print("order\tGroup\t" + String.join(",", new GroupConfig(Map.of()).nonInternalValues().keySet()));
        print("order\tClientMetrics\t" + String.join(",", new ClientMetricsConfigs(new Properties()).nonInternalValues().keySet()));
        for (String c : Cases.TOPIC) joint("topic", c, ExplainConfig::topic);
        for (String[] c : Cases.DESCRIBE) {
            describe(c);
            if (c[3].startsWith("TOPIC:")) created(c);
        }
        for (String c : Cases.GROUP) joint("group", c, pairs -> {
            KafkaConfig node = node(Map.of());
            GroupConfig.validate(pairs, node.groupCoordinatorConfig(), node.shareGroupConfig());
        });
        for (String c : Cases.METRICS) joint("metrics", c, pairs -> ClientMetricsConfigs.validate("subscription", pairs));
        for (String c : Cases.BROKER) joint("broker", c, ExplainConfig::node);
        for (String c : Cases.DYNAMIC) {
            joint("dynamic\tper-broker", c, pairs -> DynamicBrokerConfig.validateConfigs(properties(pairs), true));
            joint("dynamic\tcluster", c, pairs -> DynamicBrokerConfig.validateConfigs(properties(pairs), false));
        }
    }

    private static void describe(String[] c) {
        KafkaConfig config = node(pairs(c[0]));
        config.dynamicConfig().initialize(scala.Option.empty());
        config.dynamicConfig().updateDefaultConfig(properties(pairs(c[1])), false);
        config.dynamicConfig().updateBrokerConfig(1, properties(pairs(c[2])), false);
        MetadataCache cache = (MetadataCache) Proxy.newProxyInstance(ExplainConfig.class.getClassLoader(),
            new Class<?>[] {MetadataCache.class}, (proxy, method, args) -> method.getName().equals("contains"));
        Properties overrides = properties(pairs(c[4]));
        ConfigHelper helper = new ConfigHelper(cache, config, resource -> overrides);
        ConfigResource.Type type = ConfigResource.Type.valueOf(c[3].substring(0, c[3].indexOf(':')));
        DescribeConfigsRequestData.DescribeConfigsResource resource = new DescribeConfigsRequestData.DescribeConfigsResource()
            .setResourceType(type.id()).setResourceName(c[3].substring(c[3].indexOf(':') + 1)).setConfigurationKeys(null);
        var result = helper.describeConfigs(CollectionConverters.asScala(List.of(resource)).toList(), true, false).head();
        if (result.errorCode() != 0) throw new IllegalStateException(result.toString());
        print("describe\t" + String.join("\t", c));
        for (var entry : result.configs()) {
            // The table itself is recorded elsewhere: what nobody set is left out.
            if (entry.configSource() == 5 && entry.synonyms().size() == 1 && type == ConfigResource.Type.BROKER && !entry.isSensitive()) continue;
            StringBuilder synonyms = new StringBuilder();
            for (var synonym : entry.synonyms())
                synonyms.append(synonyms.length() == 0 ? "" : " ").append(synonym.name()).append(shown(synonym.value())).append('@').append(synonym.source());
            print(String.join("\t", "entry", entry.name(), shown(entry.value()), "" + entry.configSource(), "" + entry.configType(),
                "" + entry.readOnly(), "" + entry.isSensitive(), synonyms.toString()));
        }
    }

    /** What CreateTopics answers for the same topic. */
    private static void created(String[] c) {
        KafkaConfigSchema schema = new KafkaConfigSchema(
            Map.of(ConfigResource.Type.BROKER, AbstractKafkaConfig.CONFIG_DEF, ConfigResource.Type.TOPIC, LogConfig.configDefCopy()),
            ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS);
        var entries = schema.resolveEffectiveTopicConfigs(node(pairs(c[0])).originals(), pairs(c[1]), pairs(c[2]), pairs(c[4]));
        for (var entry : new TreeMap<>(entries).values())
            print(String.join("\t", "created", entry.name(), shown(entry.value()),
                "" + KafkaConfigSchema.translateConfigSource(entry.source()).id()));
    }

    private static String shown(String value) {
        return value == null ? "-" : "=" + escape(value);
    }

    private static Map<String, String> pairs(String spec) {
        Map<String, String> pairs = new LinkedHashMap<>();
        if (!spec.isEmpty())
            for (String pair : spec.split(";;"))
                pairs.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        return pairs;
    }

    /** One key of each (type, validator), with values that are good and bad for its type. */
    private static void values(String scope, ConfigDef def) throws Exception {
        Method parse = ConfigDef.class.getDeclaredMethod("parseValue", ConfigDef.ConfigKey.class, Object.class, boolean.class);
        parse.setAccessible(true);
        Set<String> seen = new LinkedHashSet<>();
        for (ConfigDef.ConfigKey key : new TreeMap<>(def.configKeys()).values()) {
            boolean listRule = key.validator instanceof ConfigDef.ValidList;
            String kind = key.type + " " + key.validator + (listRule ? key.name : "");
            if (key.type == ConfigDef.Type.CLASS || !seen.add(kind)) continue;
            for (String text : texts(key)) {
                String result;
                try {
                    Object parsed = parse.invoke(def, key, text, true);
                    result = parsed == null ? "null\t" : "ok\t" + ConfigDef.convertToString(parsed, key.type == ConfigDef.Type.PASSWORD ? null : key.type);
                } catch (InvocationTargetException e) {
                    result = "error\t" + e.getCause().getMessage();
                }
                print("value\t" + scope + "\t" + key.name + "\t" + escape(text) + "\t" + escape2(result));
            }
        }
    }

    private static List<String> texts(ConfigDef.ConfigKey key) {
        List<String> texts = new ArrayList<>();
        switch (key.type) {
            case BOOLEAN -> texts.addAll(List.of("true", " FALSE ", "yes", "", "1"));
            case SHORT -> texts.addAll(List.of("1", "0", "-1", " 7", "32767", "32768", "x", "", "1.0", "+3"));
            case INT -> texts.addAll(List.of("1", "0", "-1", "-2", "10", " 5000 ", "+3", "2147483647", "2147483648", "x", "", "1.0", "1_000", "0x10"));
            case LONG -> texts.addAll(List.of("1", "0", "-1", "-2", "-3", " 7", "2147483648", "9223372036854775807", "9223372036854775808", "", "1e3", "1L"));
            case DOUBLE -> texts.addAll(List.of("0.5", "1", "0", "-0.1", "1.1", " .5 ", "1e-5", "12345678", "1e10", "5f", "NaN", "Infinity", "inf", "", "x"));
            case STRING -> texts.addAll(List.of("", " ", "x", " x "));
            case LIST -> texts.addAll(List.of("", " ", "a", "a,b", " a , b ", "a,a", "a,,b", ",", "a,", "*"));
            case PASSWORD -> texts.addAll(List.of("secret", ""));
            default -> { }
        }
        if (key.validator != null) {
            String rule = key.validator.toString();
            if (key.type == ConfigDef.Type.INT || key.type == ConfigDef.Type.LONG || key.type == ConfigDef.Type.SHORT) {
                for (String part : rule.replaceAll("[^-0-9]+", " ").trim().split(" ")) {
                    if (!part.matches("-?[0-9]+")) continue;
                    long bound = Long.parseLong(part);
                    texts.addAll(List.of(Long.toString(bound - 1), Long.toString(bound), Long.toString(bound + 1)));
                }
            } else if (rule.contains("[") && rule.contains(",")) {
                for (String part : rule.replaceAll(".*\\[|\\].*", "").split(", "))
                    texts.addAll(List.of(part, part.toLowerCase(java.util.Locale.ROOT), part.toUpperCase(java.util.Locale.ROOT), part + "," + part, part + ",nope"));
            }
        }
        texts.addAll(Arrays.asList(Cases.VALUES.getOrDefault(key.name, new String[0])));
        return new ArrayList<>(new LinkedHashSet<>(texts));
    }

    private interface Check {
        void run(Map<String, String> pairs) throws Exception;
    }

    private static void joint(String kind, String spec, Check check) {
        Map<String, String> pairs = pairs(spec);
        String result;
        try {
            check.run(pairs);
            result = "ok\t";
        } catch (Throwable e) {
            result = "error\t" + e.getMessage();
        }
        print(kind + "\t" + escape(spec) + "\t" + escape2(result));
    }

    /** A key that starts with "was:" is one of the topic's existing overrides; "remote" is the broker's switch. */
    private static void topic(Map<String, String> pairs) {
        Map<String, String> existing = new LinkedHashMap<>(), now = new LinkedHashMap<>();
        boolean[] remote = new boolean[1];
        pairs.forEach((key, value) -> {
            if (key.equals("remote")) remote[0] = Boolean.parseBoolean(value);
            else if (key.startsWith("was:")) existing.put(key.substring(4), value);
            else now.put(key, value);
        });
        LogConfig.validate(existing, now, node(Map.of()).extractLogConfigMap(), remote[0]);
    }

    /** A pair with the value "-" removes one of the node's keys. */
    private static KafkaConfig node(Map<String, String> pairs) {
        Properties all = properties(NODE);
        pairs.forEach((key, value) -> {
            if (value.equals("-")) all.remove(key);
            else all.setProperty(key, value);
        });
        return KafkaConfig.fromProps(all, false);
    }

    private static Properties properties(Map<String, String> pairs) {
        Properties properties = new Properties();
        pairs.forEach(properties::setProperty);
        return properties;
    }

    private static String escape(String s) {
        return s.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n");
    }

    private static String escape2(String result) {
        int tab = result.indexOf('\t');
        return result.substring(0, tab + 1) + escape(result.substring(tab + 1));
    }

    private static void print(String line) {
        System.out.println(line);
    }
}
