// Records what Apache Kafka's group coordinator answers and writes for a script of classic-group operations.
//
// A development tool: `record` beside it compiles and runs it against the jars of 4.3.1. It is in Kafka's package because
// undoing a refused append is package-private there. Input: lines of a script; output: the same lines, each followed
// by what happened. The format is described in golden.rs, which replays the output against Ottla.
package org.apache.kafka.coordinator.common.runtime;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.message.*;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.coordinator.group.*;
import org.apache.kafka.coordinator.group.generated.*;
import org.apache.kafka.coordinator.group.metrics.GroupCoordinatorMetrics;
import org.apache.kafka.coordinator.group.modern.share.ShareGroupConfig;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.timeline.SnapshotRegistry;

public class GroupRecorder {
    static final String GROUP = "g";
    static final HexFormat HEX = HexFormat.of();

    static class Clock implements Time {
        long now = 1_700_000_000_000L;
        public long milliseconds() { return now; }
        public long nanoseconds() { return now * 1_000_000; }
        public void sleep(long ms) { throw new IllegalStateException(); }
        public void waitObject(Object o, Supplier<Boolean> c, long d) { throw new IllegalStateException(); }
    }

    record Task(String key, long deadline, long sequence, CoordinatorTimer.TimeoutOperation<CoordinatorRecord> op) { }

    class Timers implements CoordinatorTimer<CoordinatorRecord> {
        final Map<String, Task> tasks = new HashMap<>();
        long sequence = 0;
        public void schedule(String k, long d, TimeUnit u, boolean r, TimeoutOperation<CoordinatorRecord> op) {
            tasks.put(k, new Task(k, clock.now + u.toMillis(d), sequence++, op));
        }
        public void schedule(String k, long d, TimeUnit u, boolean r, long b, TimeoutOperation<CoordinatorRecord> op) {
            schedule(k, d, u, r, op);
        }
        public void scheduleIfAbsent(String k, long d, TimeUnit u, boolean r, TimeoutOperation<CoordinatorRecord> op) {
            if (!tasks.containsKey(k)) schedule(k, d, u, r, op);
        }
        public void cancel(String key) { tasks.remove(key); }
        public boolean isScheduled(String key) { return tasks.containsKey(key); }
        Task due(long until) {
            return tasks.values().stream().filter(t -> t.deadline <= until)
                .min(Comparator.comparingLong(Task::deadline).thenComparingLong(Task::sequence)).orElse(null);
        }
    }

    static class NoExecutor implements CoordinatorExecutor<CoordinatorRecord> {
        public <R> boolean schedule(String k, TaskRunnable<R> t, TaskOperation<CoordinatorRecord, R> o) { return false; }
        public boolean isScheduled(String key) { return false; }
        public void cancel(String key) { }
    }

    record Context(int requestVersion) implements AuthorizableRequestContext {
        public String listenerName() { return "PLAINTEXT"; }
        public SecurityProtocol securityProtocol() { return SecurityProtocol.PLAINTEXT; }
        public KafkaPrincipal principal() { return KafkaPrincipal.ANONYMOUS; }
        public InetAddress clientAddress() { return InetAddress.getLoopbackAddress(); }
        public int requestType() { return 0; }
        public String clientId() { return "client"; }
        public int correlationId() { return 0; }
    }

    record Logged(byte[] key, byte[] value) { }

    final Clock clock = new Clock();
    final GroupCoordinatorConfig config;
    final ShareGroupConfig shareConfig;
    final GroupCoordinatorRecordSerde serde = new GroupCoordinatorRecordSerde();
    final List<Logged> log = new ArrayList<>();
    final TopicPartition tp = new TopicPartition("__consumer_offsets", 0);
    final TreeMap<Integer, Object> replies = new TreeMap<>();
    final Map<String, String> names = new HashMap<>();
    final Map<String, String> ids = new HashMap<>();
    Timers timers;
    GroupCoordinatorShard shard;
    SnapshottableCoordinator<GroupCoordinatorShard, CoordinatorRecord> coordinator;
    Errors refuse = null;
    int printed = 0;

    GroupRecorder(Map<String, Object> props) {
        config = GroupCoordinatorConfig.fromProps(props);
        shareConfig = new ShareGroupConfig(new AbstractConfig(
            Utils.mergeConfigs(List.of(ShareGroupConfig.CONFIG_DEF, GroupCoordinatorConfig.CONFIG_DEF)), Map.of(), false));
        make();
        shard.onLoaded(CoordinatorMetadataImage.EMPTY);
    }

    void make() {
        timers = new Timers();
        SnapshotRegistry registry = new SnapshotRegistry(new LogContext());
        GroupCoordinatorShard.Builder builder =
            new GroupCoordinatorShard.Builder(config, new GroupConfigManager(Map.of(), config, shareConfig));
        builder.withAuthorizerPlugin(Optional.empty());
        shard = builder.withLogContext(new LogContext()).withSnapshotRegistry(registry).withTime(clock).withTimer(timers)
            .withExecutor(new NoExecutor())
            .withCoordinatorMetrics(new GroupCoordinatorMetrics(
                new com.yammer.metrics.core.MetricsRegistry(), new org.apache.kafka.common.metrics.Metrics()))
            .withTopicPartition(tp).build();
        coordinator = new SnapshottableCoordinator<>(new LogContext(), registry, shard, tp);
    }

    void reload() {
        shard.onUnloaded();
        make();
        for (int i = 0; i < log.size(); i++) {
            Logged l = log.get(i);
            coordinator.replay(i, -1, (short) -1,
                serde.deserialize(ByteBuffer.wrap(l.key), l.value == null ? null : ByteBuffer.wrap(l.value)));
        }
        if (!log.isEmpty()) {
            coordinator.updateLastWrittenOffset(log.size());
            coordinator.updateLastCommittedOffset(log.size());
        }
        shard.onLoaded(CoordinatorMetadataImage.EMPTY);
    }

    /** What the runtime does with a result, with a log that commits at once or refuses. */
    <T> T run(Supplier<CoordinatorResult<T, CoordinatorRecord>> op) {
        CoordinatorResult<T, CoordinatorRecord> result = op.get();
        if (!result.records().isEmpty()) {
            long base = log.size();
            long offset = base;
            for (CoordinatorRecord record : result.records()) {
                if (result.replayRecords()) coordinator.replay(offset, -1, (short) -1, record);
                offset++;
            }
            if (refuse != null) {
                coordinator.revertLastWrittenOffset(base);
                RuntimeException error = refuse.exception();
                if (result.appendFuture() != null) result.appendFuture().completeExceptionally(error);
                throw error;
            }
            for (CoordinatorRecord record : result.records()) {
                log.add(new Logged(serde.serializeKey(record), serde.serializeValue(record)));
            }
            coordinator.updateLastWrittenOffset(offset);
            coordinator.updateLastCommittedOffset(offset);
        }
        if (result.appendFuture() != null) result.appendFuture().complete(null);
        return result.response();
    }

    static Errors mapped(Throwable t) {
        return CoordinatorOperationExceptionHelper.handleOperationException("op", "in", t, (e, m) -> e,
            org.slf4j.LoggerFactory.getLogger("x"));
    }

    void advance(long ms) {
        long until = clock.now + ms;
        for (;;) {
            Task task = timers.due(until);
            if (task == null) break;
            clock.now = Math.max(clock.now, task.deadline);
            timers.tasks.remove(task.key);
            try {
                run(task.op::generateRecords);
            } catch (RuntimeException e) {
                // As the runtime: logged, and forgotten.
            }
        }
        clock.now = until;
    }

    String id(String s) {
        if (s.equals("-")) return "";
        if (s.startsWith("@")) return ids.getOrDefault(s, s);
        return s;
    }

    static String opt(String s) { return s.equals("-") ? null : s; }

    String name(String id) {
        if (id == null) return "null";
        if (id.isEmpty()) return "-";
        return names.getOrDefault(id, id.contains("-") ? "?" : id);
    }

    void learn(int token, String memberId) {
        if (memberId != null && memberId.length() > 36 && !names.containsKey(memberId)) {
            names.put(memberId, "@" + token);
            ids.put("@" + token, memberId);
        }
    }

    static String hex(byte[] b) { return b == null || b.length == 0 ? "-" : HEX.formatHex(b); }
    static byte[] unhex(String s) { return s.equals("-") ? new byte[0] : HEX.parseHex(s); }
    static String or(String s) { return s == null ? "null" : s.isEmpty() ? "-" : s; }

    void step(String line) {
        String[] a = line.split(" ");
        switch (a[0]) {
            case "JOIN" -> {
                int token = Integer.parseInt(a[1]);
                var request = new JoinGroupRequestData().setGroupId(GROUP).setMemberId(id(a[3])).setGroupInstanceId(opt(a[4]))
                    .setSessionTimeoutMs(Integer.parseInt(a[5])).setRebalanceTimeoutMs(Integer.parseInt(a[6])).setProtocolType(opt(a[7]) == null ? "" : a[7]);
                if (!a[8].equals("-")) for (String p : a[8].split(",")) {
                    String[] kv = p.split("=");
                    request.protocols().add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName(kv[0]).setMetadata(unhex(kv[1])));
                }
                var future = new CompletableFuture<JoinGroupResponseData>();
                future.thenAccept(r -> replies.put(token, r));
                try {
                    run(() -> shard.classicGroupJoin(new Context(Integer.parseInt(a[2])), request, future));
                } catch (RuntimeException e) {
                    if (!future.isDone()) future.complete(new JoinGroupResponseData().setErrorCode(mapped(e).code()));
                }
            }
            case "SYNC" -> {
                int token = Integer.parseInt(a[1]);
                var request = new SyncGroupRequestData().setGroupId(GROUP).setMemberId(id(a[2])).setGroupInstanceId(opt(a[3]))
                    .setGenerationId(Integer.parseInt(a[4])).setProtocolType(opt(a[5])).setProtocolName(opt(a[6]));
                if (!a[7].equals("-")) for (String p : a[7].split(",")) {
                    String[] kv = p.split("=");
                    request.assignments().add(new SyncGroupRequestData.SyncGroupRequestAssignment().setMemberId(id(kv[0])).setAssignment(unhex(kv[1])));
                }
                var future = new CompletableFuture<SyncGroupResponseData>();
                future.thenAccept(r -> replies.put(token, r));
                try {
                    run(() -> shard.classicGroupSync(new Context(5), request, future));
                } catch (RuntimeException e) {
                    if (!future.isDone()) future.complete(new SyncGroupResponseData().setErrorCode(mapped(e).code()));
                }
            }
            case "HB" -> {
                var request = new HeartbeatRequestData().setGroupId(GROUP).setMemberId(id(a[2])).setGroupInstanceId(opt(a[3]))
                    .setGenerationId(Integer.parseInt(a[4]));
                Errors error;
                try {
                    error = Errors.forCode(run(() -> shard.classicGroupHeartbeat(new Context(4), request)).errorCode());
                } catch (RuntimeException e) {
                    error = mapped(e);
                }
                replies.put(Integer.parseInt(a[1]), "HB " + error);
            }
            case "LEAVE" -> {
                var request = new LeaveGroupRequestData().setGroupId(GROUP);
                for (String m : a[2].split(",")) {
                    String[] kv = m.split(":");
                    request.members().add(new LeaveGroupRequestData.MemberIdentity().setMemberId(id(kv[0])).setGroupInstanceId(opt(kv[1])));
                }
                StringBuilder out = new StringBuilder("LEAVE ");
                try {
                    var response = run(() -> shard.classicGroupLeave(new Context(5), request));
                    out.append(Errors.forCode(response.errorCode()));
                    for (var m : response.members()) {
                        out.append(' ').append(name(m.memberId())).append(':').append(or(m.groupInstanceId())).append(':').append(Errors.forCode(m.errorCode()));
                    }
                } catch (RuntimeException e) {
                    Errors error = mapped(e);
                    if (error == Errors.UNKNOWN_MEMBER_ID) {
                        out.append("NONE");
                        for (var m : request.members()) {
                            out.append(' ').append(name(m.memberId())).append(':').append(or(m.groupInstanceId())).append(":UNKNOWN_MEMBER_ID");
                        }
                    } else {
                        out.append(error);
                    }
                }
                replies.put(Integer.parseInt(a[1]), out.toString());
            }
            case "COMMIT" -> {
                var request = new OffsetCommitRequestData().setGroupId(GROUP).setMemberId(id(a[3])).setGroupInstanceId(opt(a[4]))
                    .setGenerationIdOrMemberEpoch(Integer.parseInt(a[5])).setRetentionTimeMs(Long.parseLong(a[6]));
                for (String t : a[7].split(",")) {
                    String[] f = t.split(":");
                    var topic = new OffsetCommitRequestData.OffsetCommitRequestTopic().setName(f[0])
                        .setTopicId(new Uuid(0, Long.parseLong(f[5])));
                    topic.partitions().add(new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(Integer.parseInt(f[1]))
                        .setCommittedOffset(Long.parseLong(f[2])).setCommittedLeaderEpoch(Integer.parseInt(f[3])).setCommittedMetadata(opt(f[4])));
                    request.topics().add(topic);
                }
                StringBuilder out = new StringBuilder("COMMIT");
                try {
                    var response = run(() -> shard.commitOffset(new Context(Integer.parseInt(a[2])), request));
                    for (var t : response.topics()) for (var p : t.partitions()) {
                        out.append(' ').append(t.name()).append(':').append(p.partitionIndex()).append(':').append(Errors.forCode(p.errorCode()));
                    }
                } catch (RuntimeException e) {
                    Errors error = mapped(e);
                    for (var t : request.topics()) for (var p : t.partitions()) {
                        out.append(' ').append(t.name()).append(':').append(p.partitionIndex()).append(':').append(error);
                    }
                }
                replies.put(Integer.parseInt(a[1]), out.toString());
            }
            case "FETCH" -> {
                var request = new OffsetFetchRequestData.OffsetFetchRequestGroup().setGroupId(GROUP);
                if (a[2].equals("all")) {
                    request.setTopics(null);
                } else {
                    for (String t : a[2].split(",")) {
                        String[] f = t.split(":");
                        request.topics().add(new OffsetFetchRequestData.OffsetFetchRequestTopics().setName(f[0])
                            .setTopicId(new Uuid(0, Long.parseLong(f[2]))).setPartitionIndexes(List.of(Integer.parseInt(f[1]))));
                    }
                }
                long at = a[3].equals("stable") ? Long.MAX_VALUE : log.size();
                var response = shard.fetchOffsets(request, at);
                // A set: after a refused append Kafka's timeline maps may hold an entry twice.
                Set<String> parts = new TreeSet<>();
                for (var t : response.topics()) for (var p : t.partitions()) {
                    parts.add(t.name() + ":" + p.partitionIndex() + ":" + p.committedOffset() + ":" + p.committedLeaderEpoch() + ":"
                        + or(p.metadata()) + ":" + Errors.forCode(p.errorCode()));
                }
                replies.put(Integer.parseInt(a[1]), "FETCH " + String.join(" ", parts));
            }
            case "ODEL" -> {
                var request = new OffsetDeleteRequestData().setGroupId(GROUP);
                for (String t : a[2].split(",")) {
                    String[] f = t.split(":");
                    var topic = new OffsetDeleteRequestData.OffsetDeleteRequestTopic().setName(f[0]);
                    topic.partitions().add(new OffsetDeleteRequestData.OffsetDeleteRequestPartition().setPartitionIndex(Integer.parseInt(f[1])));
                    request.topics().add(topic);
                }
                StringBuilder out = new StringBuilder("ODEL ");
                try {
                    var response = run(() -> shard.deleteOffsets(new Context(0), request));
                    out.append(Errors.forCode(response.errorCode()));
                    for (var t : response.topics()) for (var p : t.partitions()) {
                        out.append(' ').append(t.name()).append(':').append(p.partitionIndex()).append(':').append(Errors.forCode(p.errorCode()));
                    }
                } catch (RuntimeException e) {
                    out.append(mapped(e));
                }
                replies.put(Integer.parseInt(a[1]), out.toString());
            }
            case "DEL" -> {
                String out;
                try {
                    var response = run(() -> shard.deleteGroups(new Context(2), List.of(GROUP)));
                    out = "DEL " + Errors.forCode(response.iterator().next().errorCode());
                } catch (RuntimeException e) {
                    out = "DEL " + mapped(e);
                }
                replies.put(Integer.parseInt(a[1]), out);
            }
            case "TOPICDEL" -> {
                String out = "TOPICDEL NONE";
                try {
                    run(() -> shard.onTopicsDeleted(List.of(new GroupCoordinatorShard.DeletedTopic(new Uuid(0, Long.parseLong(a[3])), a[2]))));
                } catch (RuntimeException e) {
                    out = "TOPICDEL " + mapped(e);
                }
                replies.put(Integer.parseInt(a[1]), out);
            }
            case "ADVANCE" -> advance(Long.parseLong(a[1]));
            case "REFUSE" -> refuse = a[1].equals("none") ? null : Errors.valueOf(a[1]);
            case "RELOAD" -> reload();
            default -> throw new IllegalArgumentException(line);
        }
        // A delay of zero has passed by the time the next request is read.
        advance(0);
        print();
    }

    void print() {
        replies.forEach((token, reply) -> {
            if (reply instanceof JoinGroupResponseData r) learn(token, r.memberId());
        });
        replies.forEach((token, reply) -> {
            if (reply instanceof JoinGroupResponseData r) {
                List<String> members = new ArrayList<>();
                for (var m : r.members()) members.add(name(m.memberId()) + ":" + or(m.groupInstanceId()) + ":" + hex(m.metadata()));
                Collections.sort(members);
                System.out.println("< " + token + " JOIN " + Errors.forCode(r.errorCode()) + " " + r.generationId() + " "
                    + or(r.protocolType()) + " "
                    // Written as null from version 7 on, and as empty before, whatever it is here.
                    + or("".equals(r.protocolName()) ? null : r.protocolName()) + " leader=" + name(r.leader()) + " skip=" + r.skipAssignment()
                    + " member=" + name(r.memberId()) + " [" + String.join(" ", members) + "]");
            } else if (reply instanceof SyncGroupResponseData r) {
                System.out.println("< " + token + " SYNC " + Errors.forCode(r.errorCode()) + " " + or(r.protocolType()) + " "
                    + or(r.protocolName()) + " " + hex(r.assignment()));
            } else {
                System.out.println("< " + token + " " + reply);
            }
        });
        replies.clear();
        for (; printed < log.size(); printed++) System.out.println("+ " + logged(log.get(printed)));
        var d = shard.describeGroups(new Context(6), List.of(GROUP), log.size()).get(0);
        List<String> members = new ArrayList<>();
        for (var m : d.members()) {
            members.add(name(m.memberId()) + ":" + or(m.groupInstanceId()) + ":" + hex(m.memberMetadata()) + ":" + hex(m.memberAssignment()));
        }
        Collections.sort(members);
        Set<String> listed = new TreeSet<>();
        shard.listGroups(List.of(), List.of(), log.size()).forEach(g -> listed.add(g.groupId()));
        System.out.println("= " + Errors.forCode(d.errorCode()) + " " + d.groupState() + " " + or(d.protocolType()) + " "
            + or(d.protocolData()) + " [" + String.join(" ", members) + "] " + listed.size());
    }

    /** Key and value in hex; member ids under their names, members in the order of those. */
    String logged(Logged l) {
        if (l.value == null) return hex(l.key) + " tombstone";
        CoordinatorRecord record = serde.deserialize(ByteBuffer.wrap(l.key), ByteBuffer.wrap(l.value));
        byte[] value = l.value;
        if (record.value().message() instanceof GroupMetadataValue v) {
            GroupMetadataValue copy = v.duplicate();
            for (var m : copy.members()) m.setMemberId(name(m.memberId()));
            copy.members().sort(Comparator.comparing(GroupMetadataValue.MemberMetadata::memberId));
            if (copy.leader() != null) copy.setLeader(name(copy.leader()));
            value = serde.serializeValue(CoordinatorRecord.record(record.key(),
                new org.apache.kafka.server.common.ApiMessageAndVersion(copy, record.value().version())));
        }
        return hex(l.key) + " " + hex(value);
    }

    public static void main(String[] args) throws Exception {
        GroupRecorder recorder = null;
        var in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.isBlank() || line.startsWith("#")) {
                System.out.println(line);
                continue;
            }
            System.out.println(line);
            if (line.startsWith("BEGIN ")) {
                String[] a = line.split(" ");
                recorder = new GroupRecorder(Map.of("group.initial.rebalance.delay.ms", a[2], "group.max.size", a[3]));
            } else {
                recorder.step(line);
            }
        }
    }
}
