package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func codec(which kgo.CompressionCodec) func() {
	return func() {
		t := topic(1)
		var sent []*kgo.Record
		for i := range 100 {
			sent = append(sent, &kgo.Record{Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(bytes.Repeat([]byte("abc "), 100), "%d", i)})
		}
		_, err := produce(t, sent, kgo.ProducerBatchCompression(which), kgo.ProducerLinger(20*time.Millisecond))
		must(err)
		for i, r := range readAll(t, 100) {
			same(int64(i), r.Offset)
			same(string(sent[i].Key), string(r.Key))
			same(string(sent[i].Value), string(r.Value))
		}
	}
}

func twoMembers(balancer kgo.GroupBalancer) {
	t, group := topic(4), name()
	first := join(t, group, kgo.Balancers(balancer))
	defer first.close()
	until("all partitions", func() bool { return first.count() == 4 })
	second := join(t, group, kgo.Balancers(balancer))
	until("two and two", func() bool { return first.count() == 2 && second.count() == 2 })
	check(first.has() != second.has(), "assigned twice")
	second.close()
	until("all partitions again", func() bool { return first.count() == 4 })
}

func show(b []byte) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf("%q", b)
}

func config(t string) map[string]kadm.Config {
	got, err := admin.DescribeTopicConfigs(ctx, t)
	must(err)
	must(got[0].Err)
	all := map[string]kadm.Config{}
	for _, c := range got[0].Configs {
		all[c.Key] = c
	}
	return all
}

func alter(t string, op kadm.IncrementalOp, key, value string) error {
	got, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: op, Name: key, Value: &value}}, t)
	if err != nil {
		return err
	}
	return got[0].Err
}

func partitionsOf(t string) int {
	got, err := admin.ListTopics(ctx, t)
	must(err)
	must(got[t].Err)
	return len(got[t].Partitions)
}

func deleteRecords(t string, offset int64) (int64, error) {
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: t, Partition: 0, At: offset})
	got, err := admin.DeleteRecords(ctx, offsets)
	if err != nil {
		return 0, err
	}
	return got[t][0].LowWatermark, got[t][0].Err
}

func register() {
	scenarios["codec-none"] = codec(kgo.NoCompression())
	scenarios["codec-gzip"] = codec(kgo.GzipCompression())
	scenarios["codec-snappy"] = codec(kgo.SnappyCompression())
	scenarios["codec-lz4"] = codec(kgo.Lz4Compression())
	scenarios["codec-zstd"] = codec(kgo.ZstdCompression())

	scenarios["headers"] = func() {
		t := topic(1)
		sent := []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: "b"}, {Key: "a", Value: []byte("2")}, {Key: "c", Value: []byte{}}, {Key: "a", Value: []byte("1")}}
		_, err := produce(t, []*kgo.Record{{Value: []byte("v"), Headers: sent}})
		must(err)
		got := readAll(t, 1)[0].Headers
		same(len(sent), len(got))
		for i := range sent {
			same(sent[i].Key+string(sent[i].Value), got[i].Key+string(got[i].Value))
		}
	}

	scenarios["nulls"] = func() {
		t := topic(1)
		pairs := [][2][]byte{{nil, []byte("v")}, {[]byte("k"), nil}, {{}, []byte("v")}, {[]byte("k"), {}}, {nil, nil}, {{}, {}}}
		var records []*kgo.Record
		for _, p := range pairs {
			records = append(records, &kgo.Record{Key: p[0], Value: p[1]})
		}
		_, err := produce(t, records)
		must(err)
		for i, r := range readAll(t, len(pairs)) {
			same(show(pairs[i][0])+show(pairs[i][1]), show(r.Key)+show(r.Value))
		}
	}

	scenarios["large-record"] = func() {
		t := topic(1)
		big, medium := make([]byte, 900_000), make([]byte, 50_000)
		rand.Read(big)
		rand.Read(medium)
		records := []*kgo.Record{{Value: big}}
		for range 200 {
			records = append(records, &kgo.Record{Value: medium})
		}
		_, err := produce(t, records)
		must(err)
		for i, r := range readAll(t, 201) {
			check(bytes.Equal(records[i].Value, r.Value), "record %d changed", i)
		}
	}

	scenarios["acks"] = func() {
		t := topic(1)
		for _, acks := range []kgo.Acks{kgo.NoAck(), kgo.LeaderAck(), kgo.AllISRAcks()} {
			_, err := produce(t, values(10), kgo.RequiredAcks(acks), kgo.DisableIdempotentWrite())
			must(err)
		}
		same(30, len(readAll(t, 30)))
	}

	scenarios["idempotent-order"] = func() {
		t := topic(1)
		sent, err := produce(t, values(2000), kgo.ProducerBatchMaxBytes(600))
		must(err)
		for i, r := range readAll(t, 2000) {
			same(int64(i), sent[i].Offset)
			same(fmt.Sprint(i), string(r.Value))
		}
	}

	scenarios["timestamps"] = func() {
		when := time.UnixMilli(1_500_000_000_000)
		kept, stamped := topic(1), topic(1, "message.timestamp.type", "LogAppendTime")
		_, err := produce(kept, []*kgo.Record{{Value: []byte("x"), Timestamp: when}})
		must(err)
		got := readAll(kept, 1)[0]
		same(when.UnixMilli(), got.Timestamp.UnixMilli())
		same(int8(0), got.Attrs.TimestampType())
		before := time.Now()
		_, err = produce(stamped, []*kgo.Record{{Value: []byte("x"), Timestamp: when}})
		must(err)
		got = readAll(stamped, 1)[0]
		check(got.Timestamp.Sub(before).Abs() < 10*time.Second, "LogAppendTime is %v", got.Timestamp)
		same(int8(1), got.Attrs.TimestampType())
	}

	scenarios["seek-offset"] = func() {
		t := topic(1)
		_, err := produce(t, values(20))
		must(err)
		cl := client(at(t, kgo.NewOffset().At(12)))
		defer cl.Close()
		same(int64(12), read(cl, 8)[0].Offset)
		cl.SetOffsets(map[string]map[int32]kgo.EpochOffset{t: {0: {Epoch: -1, Offset: 0}}})
		same(int64(0), read(cl, 20)[0].Offset)
		ends, err := admin.ListEndOffsets(ctx, t)
		must(err)
		same(int64(20), ends[t][0].Offset)
	}

	scenarios["seek-timestamp"] = func() {
		t := topic(1)
		records := values(10)
		for i, r := range records {
			r.Timestamp = time.UnixMilli(1_000_000 + int64(i)*1000)
		}
		_, err := produce(t, records)
		must(err)
		after := func(ms int64) kadm.ListedOffset {
			got, err := admin.ListOffsetsAfterMilli(ctx, ms, t)
			must(err)
			return got[t][0]
		}
		same(int64(0), after(0).Offset)
		same(int64(4), after(1_003_500).Offset)
		same(int64(1_004_000), after(1_003_500).Timestamp)
		same(int64(10), after(2_000_000).Offset) // the library turns "none" into the end
		cl := client(at(t, kgo.NewOffset().AfterMilli(1_003_500)))
		defer cl.Close()
		same("4", string(read(cl, 6)[0].Value))
	}

	scenarios["offset-out-of-range"] = func() {
		t := topic(1)
		_, err := produce(t, values(3))
		must(err)
		cl := client(at(t, kgo.NewOffset().At(50)), kgo.ConsumeResetOffset(kgo.NoResetOffset()))
		limit, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		fails(kerr.OffsetOutOfRange, cl.PollFetches(limit).Err())
		cl.Close()
		cl = client(at(t, kgo.NewOffset().At(50)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		defer cl.Close()
		same(int64(0), read(cl, 3)[0].Offset)
	}

	scenarios["empty-fetch"] = func() {
		t := topic(1)
		cl := client(at(t, kgo.NewOffset().AtStart()), kgo.FetchMaxWait(50*time.Millisecond))
		defer cl.Close()
		for range 10 {
			limit, cancel := context.WithTimeout(ctx, 60*time.Millisecond)
			same(0, cl.PollFetches(limit).NumRecords())
			cancel()
		}
		_, err := produce(t, values(1))
		must(err)
		read(cl, 1)
	}

	scenarios["group-resume"] = func() {
		t, group := topic(1), name()
		_, err := produce(t, values(10))
		must(err)
		consume := func() *kgo.Client {
			return client(kgo.ConsumerGroup(group), kgo.ConsumeTopics(t), kgo.DisableAutoCommit(),
				kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		}
		cl := consume()
		records := read(cl, 10)
		must(cl.CommitRecords(ctx, records[3]))
		cl.Close()
		cl = consume()
		same(int64(4), read(cl, 6)[0].Offset)
		must(cl.CommitUncommittedOffsets(ctx))
		cl.Close()
		offsets, err := admin.FetchOffsets(ctx, group)
		must(err)
		same(int64(10), offsets[t][0].At)
	}

	scenarios["group-eager"] = func() { twoMembers(kgo.RangeBalancer()) }
	scenarios["group-cooperative"] = func() { twoMembers(kgo.CooperativeStickyBalancer()) }

	scenarios["group-killed-member"] = func() {
		t, group := topic(2), name()
		gone := join(t, group, kgo.SessionTimeout(6*time.Second), kgo.InstanceID("gone"))
		until("all partitions", func() bool { return gone.count() == 2 })
		gone.close() // a static member does not leave
		begin := time.Now()
		next := join(t, group, kgo.SessionTimeout(6*time.Second))
		defer next.close()
		until("the partitions of the lost member", func() bool { return next.count() == 2 })
		check(time.Since(begin) > 3*time.Second, "removed before its session had ended")
	}

	scenarios["static-member"] = func() {
		t, group := topic(4), name()
		first := join(t, group, kgo.InstanceID("a"), kgo.SessionTimeout(20*time.Second))
		defer first.close()
		second := join(t, group, kgo.InstanceID("b"), kgo.SessionTimeout(20*time.Second))
		until("two and two", func() bool { return first.count() == 2 && second.count() == 2 })
		had, before := second.has(), first.assignments
		second.close()
		back := join(t, group, kgo.InstanceID("b"), kgo.SessionTimeout(20*time.Second))
		defer back.close()
		until("the same partitions", func() bool { return back.has() == had })
		same(before, first.assignments)
	}

	scenarios["static-member-fenced"] = func() {
		t, group := topic(2), name()
		first := join(t, group, kgo.InstanceID("a"))
		defer first.close()
		until("all partitions", func() bool { return first.count() == 2 })
		second := join(t, group, kgo.InstanceID("a"))
		defer second.close()
		until("the older is fenced", func() bool { return first.failure() != nil })
		fails(kerr.FencedInstanceID, first.failure())
		until("all partitions", func() bool { return second.count() == 2 })
	}

	scenarios["pattern-subscription"] = func() {
		prefix := name()
		must(create(prefix+"-one", 1, 1))
		_, err := produce(prefix+"-one", values(1))
		must(err)
		cl := client(kgo.ConsumerGroup(name()), kgo.ConsumeRegex(), kgo.ConsumeTopics(prefix+"-.*"), kgo.DisableAutoCommit(),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.MetadataMaxAge(400*time.Millisecond), kgo.MetadataMinAge(100*time.Millisecond))
		defer cl.Close()
		same(prefix+"-one", read(cl, 1)[0].Topic)
		must(create(prefix+"-two", 1, 1))
		_, err = produce(prefix+"-two", values(1))
		must(err)
		until("a record of the later topic", func() bool { return read(cl, 1)[0].Topic == prefix+"-two" })
	}

	scenarios["read-committed"] = func() {
		t := topic(1)
		_, err := produce(t, values(5))
		must(err)
		same(5, len(readAll(t, 5, kgo.FetchIsolationLevel(kgo.ReadCommitted()))))
	}

	scenarios["auto-create-producer"] = func() {
		t := name()
		sent, err := produce(t, values(1))
		must(err)
		same(int64(0), sent[0].Offset)
		same(1, partitionsOf(t))
	}

	scenarios["auto-create-consumer"] = func() {
		t := name()
		cl := client(kgo.ConsumerGroup(name()), kgo.ConsumeTopics(t), kgo.AllowAutoTopicCreation())
		defer cl.Close()
		until("it is made", func() bool {
			topics, err := admin.ListTopics(ctx)
			must(err)
			return topics.Has(t)
		})
	}

	scenarios["created-topic-serves"] = func() {
		for range 20 {
			_, err := produce(topic(1), values(1), kgo.RecordRetries(0))
			must(err)
		}
	}

	scenarios["auto-create-refused"] = func() {
		t := name()
		cl := client(kgo.ConsumeTopics(t))
		limit, cancel := context.WithTimeout(ctx, 400*time.Millisecond)
		defer cancel()
		cl.PollFetches(limit)
		cl.Close()
		topics, err := admin.ListTopics(ctx)
		must(err)
		check(!topics.Has(t), "it was made")
	}

	scenarios["delete-and-recreate"] = func() {
		t := topic(1)
		quick := []kgo.Opt{kgo.MetadataMaxAge(400 * time.Millisecond), kgo.MetadataMinAge(100 * time.Millisecond)}
		p := client(append(quick, kgo.DefaultProduceTopic(t), kgo.RecordRetries(100))...)
		defer p.Close()
		for range 3 {
			must(p.ProduceSync(ctx, &kgo.Record{Value: []byte("old")}).FirstErr())
		}
		_, err := admin.DeleteTopics(ctx, t)
		must(err)
		must(create(t, 1, 1))
		p.PurgeTopicsFromClient(t) // what the library asks of its users when a topic is made anew
		must(p.ProduceSync(ctx, &kgo.Record{Value: []byte("new")}).FirstErr())
		same("new", string(readAll(t, 1)[0].Value))
	}

	scenarios["admin-topics"] = func() {
		t := name()
		must(create(t, -1, -1))
		got, err := admin.ListTopics(ctx, t)
		must(err)
		same(1, len(got[t].Partitions))
		same(1, len(got[t].Partitions[0].Replicas))
		same(1, len(got[t].Partitions[0].ISR))
		var zero kadm.TopicID
		check(got[t].ID != zero, "no topic id")
		valid, err := admin.ValidateCreateTopics(ctx, 3, 1, nil, name())
		must(err)
		must(valid.Error())
		deleted, err := admin.DeleteTopics(ctx, t)
		must(err)
		must(deleted[t].Err)
		until("it is not listed", func() bool { // the library keeps metadata for a while
			all, err := admin.ListTopics(ctx)
			must(err)
			return !all.Has(t)
		})
	}

	scenarios["admin-partitions"] = func() {
		t := topic(2)
		update := func(set int) error {
			got, err := admin.UpdatePartitions(ctx, set, t)
			must(err)
			return got[t].Err
		}
		must(update(4))
		same(4, partitionsOf(t))
		fails(kerr.InvalidPartitions, update(4))
		fails(kerr.InvalidPartitions, update(1))
	}

	scenarios["admin-configs"] = func() {
		t := topic(1, "retention.ms", "3600000")
		c := config(t)
		check(len(c) > 25, "only %d keys", len(c))
		same("3600000", *c["retention.ms"].Value)
		same("DYNAMIC_TOPIC_CONFIG", c["retention.ms"].Source.String())
		same("1073741824", *c["segment.bytes"].Value)
		same("DEFAULT_CONFIG", c["segment.bytes"].Source.String())
		must(alter(t, kadm.SetConfig, "max.message.bytes", "12345"))
		must(alter(t, kadm.AppendConfig, "cleanup.policy", "compact"))
		must(alter(t, kadm.DeleteConfig, "retention.ms", ""))
		c = config(t)
		same("12345 delete,compact 604800000",
			strings.Join([]string{*c["max.message.bytes"].Value, *c["cleanup.policy"].Value, *c["retention.ms"].Value}, " "))
		brokers, err := admin.DescribeBrokerConfigs(ctx, 1)
		must(err)
		must(brokers[0].Err)
		check(len(brokers[0].Configs) > 150, "a broker has only %d keys", len(brokers[0].Configs))
	}

	scenarios["admin-groups"] = func() {
		t, group := topic(1), name()
		describe := func() kadm.DescribedGroup {
			got, err := admin.DescribeGroups(ctx, group)
			must(err)
			must(got[group].Err)
			return got[group]
		}
		remove := func() error {
			got, err := admin.DeleteGroups(ctx, group)
			must(err)
			return got[group].Err
		}
		m := join(t, group, kgo.ClientID("someone"), kgo.Balancers(kgo.RangeBalancer()))
		until("all partitions", func() bool { return m.count() == 1 })
		seen := describe()
		same("Stable range 1 someone", fmt.Sprint(seen.State, " ", seen.Protocol, " ", len(seen.Members), " ", seen.Members[0].ClientID))
		listed, err := admin.ListGroups(ctx)
		must(err)
		_, found := listed[group]
		check(found, "not listed")
		fails(kerr.NonEmptyGroup, remove())
		m.close()
		until("an empty group", func() bool { return describe().State == "Empty" })
		must(remove())
		fails(kerr.GroupIDNotFound, remove())
	}

	scenarios["admin-group-offsets"] = func() {
		t, group := topic(2), name()
		_, err := produce(t, values(5))
		must(err)
		offsets := kadm.Offsets{}
		offsets.Add(kadm.Offset{Topic: t, Partition: 0, At: 3, LeaderEpoch: -1, Metadata: "m"})
		offsets.Add(kadm.Offset{Topic: t, Partition: 1, At: 0, LeaderEpoch: -1})
		done, err := admin.CommitOffsets(ctx, group, offsets)
		must(err)
		must(done.Error())
		got, err := admin.FetchOffsets(ctx, group)
		must(err)
		same("3 m 0", fmt.Sprint(got[t][0].At, " ", got[t][0].Metadata, " ", got[t][1].At))
		cl := client(kgo.ConsumerGroup(group), kgo.ConsumeTopics(t), kgo.DisableAutoCommit())
		defer cl.Close()
		same(int64(3), read(cl, 2)[0].Offset)
	}

	scenarios["admin-delete-records"] = func() {
		t := topic(1)
		_, err := produce(t, values(10))
		must(err)
		low, err := deleteRecords(t, 4)
		must(err)
		same(int64(4), low)
		same(int64(4), readAll(t, 6)[0].Offset)
		_, err = deleteRecords(t, 99)
		fails(kerr.OffsetOutOfRange, err)
		low, err = deleteRecords(t, -1)
		must(err)
		same(int64(10), low)
		_, err = deleteRecords(topic(1, "cleanup.policy", "compact"), 0)
		fails(kerr.PolicyViolation, err)
	}

	scenarios["admin-list-offsets"] = func() {
		t := topic(1)
		max := func() kadm.ListedOffset {
			got, err := admin.ListMaxTimestampOffsets(ctx, t)
			must(err)
			must(got[t][0].Err)
			return got[t][0]
		}
		same(int64(-1), max().Offset)
		for _, ms := range []int64{1000, 5000, 3000} {
			_, err := produce(t, []*kgo.Record{{Value: []byte("x"), Timestamp: time.UnixMilli(ms)}})
			must(err)
		}
		starts, err := admin.ListStartOffsets(ctx, t)
		must(err)
		ends, err := admin.ListEndOffsets(ctx, t)
		must(err)
		same("0 3 1 5000", fmt.Sprint(starts[t][0].Offset, ends[t][0].Offset, max().Offset, max().Timestamp))
	}

	scenarios["admin-cluster"] = func() {
		got, err := admin.BrokerMetadata(ctx)
		must(err)
		same("1 1 22", fmt.Sprint(len(got.Brokers), got.Controller, len(got.Cluster)))
	}

	scenarios["error-topic-exists"] = func() { fails(kerr.TopicAlreadyExists, create(topic(1), 1, 1)) }
	scenarios["error-topic-name"] = func() {
		for _, bad := range []string{"a b", "a/b", "..", strings.Repeat("x", 250)} {
			fails(kerr.InvalidTopicException, create(bad, 1, 1))
		}
	}
	scenarios["error-topic-missing"] = func() {
		t := name()
		got, err := admin.DeleteTopics(ctx, t)
		must(err)
		fails(kerr.UnknownTopicOrPartition, got[t].Err)
	}
	scenarios["error-partitions"] = func() { fails(kerr.InvalidPartitions, create(name(), 0, 1)) }
	scenarios["error-replication-factor"] = func() {
		fails(kerr.InvalidReplicationFactor, create(name(), 1, 3))
		fails(kerr.InvalidReplicationFactor, create(name(), 1, 0))
	}
	scenarios["error-config-create"] = func() {
		fails(kerr.InvalidConfig, create(name(), 1, 1, "no.such.key", "1"))
		fails(kerr.InvalidConfig, create(name(), 1, 1, "retention.ms", "soon"))
		fails(kerr.InvalidConfig, create(name(), 1, 1, "cleanup.policy", "shred"))
	}
	scenarios["error-config-alter"] = func() {
		t := topic(1)
		fails(kerr.InvalidConfig, alter(t, kadm.SetConfig, "no.such.key", "1"))
		fails(kerr.InvalidConfig, alter(t, kadm.SetConfig, "segment.bytes", "1"))
		fails(kerr.InvalidConfig, alter(t, kadm.AppendConfig, "retention.ms", "1"))
		fails(kerr.UnknownTopicOrPartition, alter(name(), kadm.SetConfig, "retention.ms", "1"))
	}

	scenarios["error-message-too-large"] = func() {
		t := topic(1, "max.message.bytes", "2000")
		_, err := produce(t, values(1))
		must(err)
		_, err = produce(t, []*kgo.Record{{Value: make([]byte, 5000)}}, kgo.ProducerBatchCompression(kgo.NoCompression()))
		fails(kerr.MessageTooLarge, err)
		_, err = produce(t, values(1))
		must(err)
		same(2, len(readAll(t, 2)))
	}

	scenarios["error-compacted-keyless"] = func() {
		t := topic(1, "cleanup.policy", "compact")
		for _, which := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.Lz4Compression()} {
			_, err := produce(t, []*kgo.Record{{Value: bytes.Repeat([]byte("x"), 200)}}, kgo.ProducerBatchCompression(which))
			fails(kerr.InvalidRecord, err)
			_, err = produce(t, []*kgo.Record{{Key: []byte("k"), Value: []byte("x")}})
			must(err)
		}
		same(3, len(readAll(t, 3)))
	}

	scenarios["error-timestamp"] = func() {
		t := topic(1)
		_, err := produce(t, []*kgo.Record{{Value: []byte("x"), Timestamp: time.Now().Add(2 * time.Hour)}})
		fails(kerr.InvalidTimestamp, err)
		_, err = produce(t, values(1))
		must(err)
	}

	scenarios["error-session-timeout"] = func() {
		cl := client(kgo.ConsumerGroup(name()), kgo.ConsumeTopics(topic(1)), kgo.SessionTimeout(time.Second),
			kgo.HeartbeatInterval(300*time.Millisecond))
		defer cl.Close()
		limit, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		fails(kerr.InvalidSessionTimeout, cl.PollFetches(limit).Err())
	}

	scenarios["error-inconsistent-protocol"] = func() {
		t, group := topic(1), name()
		m := join(t, group, kgo.Balancers(kgo.RangeBalancer()))
		defer m.close()
		until("all partitions", func() bool { return m.count() == 1 })
		other := join(t, group, kgo.Balancers(kgo.RoundRobinBalancer()))
		defer other.close()
		until("refused", func() bool { return other.failure() != nil })
		fails(kerr.InconsistentGroupProtocol, other.failure())
	}

	scenarios["transaction-refused"] = func() {
		cl := client(kgo.TransactionalID(name()), kgo.DefaultProduceTopic(topic(1)))
		defer cl.Close()
		begin := time.Now()
		err := cl.BeginTransaction()
		if err == nil {
			err = cl.ProduceSync(ctx, values(1)...).FirstErr()
		}
		check(err != nil, "no error")
		check(!kerr.IsRetriable(err), "%v is retriable", err)
		check(time.Since(begin) < 5*time.Second, "it took long")
	}
}
