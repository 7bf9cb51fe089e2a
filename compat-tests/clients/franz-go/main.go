// The scenarios of compat-tests/scenarios.toml with franz-go.
//
// Usage: scenarios BOOTSTRAP NAME…; prints `NAME ok` or `NAME fail REASON` for each.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	bootstrap string
	counter   atomic.Int64
	admin     *kadm.Client
	ctx       = context.Background()
	scenarios = map[string]func(){}
)

// failed is what check panics with: a scenario ends at its first problem.
type failed string

func check(good bool, format string, args ...any) {
	if !good {
		where := ""
		for _, line := range strings.Split(string(debug.Stack()), "\n") {
			if strings.Contains(line, "/scenarios.go:") {
				where = strings.Fields(line[strings.LastIndex(line, "/")+1:])[0]
				break
			}
		}
		panic(failed(where + ": " + fmt.Sprintf(format, args...)))
	}
}

func same[T comparable](expected, got T) {
	check(expected == got, "expected %v, got %v", expected, got)
}

func must(err error) {
	check(err == nil, "%v", err)
}

func fails(expected, got error) {
	check(errors.Is(got, expected), "expected %v, got %v", expected, got)
}

func name() string {
	return fmt.Sprintf("franz-%d-%d", time.Now().UnixNano(), counter.Add(1))
}

func client(opts ...kgo.Opt) *kgo.Client {
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(bootstrap)}, opts...)...)
	must(err)
	return cl
}

// create returns the first error, of the request or of the topic.
func create(topic string, partitions int32, replicas int16, configs ...string) error {
	var with map[string]*string
	for i := 0; i < len(configs); i += 2 {
		if with == nil {
			with = map[string]*string{}
		}
		with[configs[i]] = &configs[i+1]
	}
	got, err := admin.CreateTopics(ctx, partitions, replicas, with, topic)
	if err != nil {
		return err
	}
	return got[topic].Err
}

func topic(partitions int32, configs ...string) string {
	t := name()
	must(create(t, partitions, 1, configs...))
	return t
}

// produce sends records to partition 0 and returns them with offsets, and the first error.
func produce(t string, records []*kgo.Record, opts ...kgo.Opt) ([]*kgo.Record, error) {
	cl := client(append([]kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic(t),
		kgo.AllowAutoTopicCreation()}, opts...)...)
	defer cl.Close()
	results := cl.ProduceSync(ctx, records...)
	out := make([]*kgo.Record, 0, len(results))
	for _, r := range results {
		out = append(out, r.Record)
	}
	slices.SortFunc(out, func(a, b *kgo.Record) int { return int(a.Offset - b.Offset) })
	return out, results.FirstErr()
}

func values(n int) []*kgo.Record {
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Value: fmt.Appendf(nil, "%d", i)}
	}
	return records
}

func read(cl *kgo.Client, count int) []*kgo.Record {
	limit, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var records []*kgo.Record
	for len(records) < count {
		fetches := cl.PollFetches(limit)
		for _, e := range fetches.Errors() {
			check(false, "read %d of %d records: %v", len(records), count, e.Err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

func at(t string, offset kgo.Offset) kgo.Opt {
	return kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{t: {0: offset}})
}

func readAll(t string, count int, opts ...kgo.Opt) []*kgo.Record {
	cl := client(append(opts, at(t, kgo.NewOffset().AtStart()))...)
	defer cl.Close()
	records := read(cl, count)
	same(count, len(records))
	return records
}

func until(what string, condition func() bool) {
	deadline := time.Now().Add(25 * time.Second)
	for !condition() {
		check(time.Now().Before(deadline), "waited in vain: %s", what)
		time.Sleep(5 * time.Millisecond)
	}
}

// member is a group consumer that polls until it is closed.
type member struct {
	cl          *kgo.Client
	mu          sync.Mutex
	assigned    map[int32]bool
	assignments int
	err         error
	cancel      context.CancelFunc
	done        chan struct{}
}

func join(t, group string, opts ...kgo.Opt) *member {
	m := &member{assigned: map[int32]bool{}, done: make(chan struct{})}
	change := func(value bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if value {
				m.assignments++
			}
			for _, p := range partitions[t] {
				if value {
					m.assigned[p] = true
				} else {
					delete(m.assigned, p)
				}
			}
		}
	}
	m.cl = client(append([]kgo.Opt{kgo.ConsumerGroup(group), kgo.ConsumeTopics(t), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.HeartbeatInterval(300 * time.Millisecond),
		kgo.OnPartitionsAssigned(change(true)), kgo.OnPartitionsRevoked(change(false)), kgo.OnPartitionsLost(change(false))},
		opts...)...)
	polling, cancel := context.WithCancel(ctx)
	m.cancel = cancel
	go func() {
		defer close(m.done)
		for polling.Err() == nil {
			for _, e := range m.cl.PollFetches(polling).Errors() {
				if !errors.Is(e.Err, context.Canceled) {
					m.mu.Lock()
					m.err = e.Err
					m.mu.Unlock()
				}
			}
		}
	}()
	return m
}

func (m *member) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.assigned)
}

func (m *member) has() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fmt.Sprint(m.assigned)
}

func (m *member) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

func (m *member) close() {
	m.cancel()
	<-m.done
	m.cl.Close()
}

func run(scenario func()) (answer string) {
	defer func() {
		if problem := recover(); problem != nil {
			if f, ok := problem.(failed); ok {
				answer = "fail " + strings.ReplaceAll(string(f), "\n", " ")
			} else {
				answer = fmt.Sprintf("fail %v %s", problem, strings.ReplaceAll(string(debug.Stack()), "\n", " "))
			}
		}
	}()
	scenario()
	return "ok"
}

func main() {
	bootstrap = os.Args[1]
	admin = kadm.NewClient(client())
	register()
	for _, wanted := range os.Args[2:] {
		scenario, known := scenarios[wanted]
		answer := "fail not implemented"
		if known {
			answer = run(scenario)
		}
		fmt.Println(wanted, answer)
	}
	os.Exit(0)
}
