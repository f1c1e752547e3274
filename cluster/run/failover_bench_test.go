package run_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
)

// failoverBench is a real cluster of three primaries with a replica each, being
// watched.
type failoverBench struct {
	t    *testing.T
	lab  *lab.Cluster
	eyes *watch.Watch

	mu     sync.Mutex
	onSend func() // called once, in the moment before the failover command goes out
}

func failoverVersions(t *testing.T, f func(t *testing.T, server lab.Server)) {
	for _, name := range []string{"redis-7.0", "redis-8.6", "valkey-8.1", "valkey-9.1"} {
		t.Run(name, func(t *testing.T) {
			server := labtest.Only(t, name)
			t.Parallel()
			f(t, server)
		})
	}
}

func newFailoverBench(t *testing.T, server lab.Server, timeout time.Duration, extra ...string) *failoverBench {
	t.Helper()
	b := &failoverBench{t: t, lab: labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, NodeTimeout: timeout, Extra: extra})}
	b.eyes = watch.New(watch.Config{
		Seeds: []string{b.lab.Seed()}, Interval: 100 * time.Millisecond, Settings: doctor.SettingNames(),
		Options: wire.Options{CallTimeout: 400 * time.Millisecond, Dial: b.dial},
	})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := b.eyes.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); done.Wait() })
	b.until("the whole cluster is seen", func(s *cluster.Snapshot) bool {
		return len(s.Nodes) == 6 && doctor.Judge(s).Status == doctor.OK && s.Nodes[5].Config.Known()
	})
	return b
}

// dial opens connections that tell when the failover command passes.
func (b *failoverBench) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &tellingConn{conn, b}, nil
}

type tellingConn struct {
	net.Conn
	bench *failoverBench
}

func (c *tellingConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("FAILOVER")) {
		c.bench.mu.Lock()
		tell := c.bench.onSend
		c.bench.onSend = nil
		c.bench.mu.Unlock()
		if tell != nil {
			tell()
		}
	}
	return c.Conn.Write(p)
}

// atSend does something in the moment before the command goes out, when the
// plan has been checked already.
func (b *failoverBench) atSend(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.onSend = f
}

func (b *failoverBench) until(what string, good func(*cluster.Snapshot) bool) {
	b.t.Helper()
	labtest.Until(b.t, 30*time.Second, what, func() bool {
		s := b.eyes.Latest()
		return s != nil && good(s)
	})
}

// forgetful is the watch without its history, so that no plan knows of
// earlier elections.
type forgetful struct{ *watch.Watch }

func (f forgetful) Latest() *cluster.Snapshot {
	s := *f.Watch.Latest()
	s.Events = nil
	return &s
}

func (b *failoverBench) plan(replica cluster.NodeID) plan.FailoverPlan {
	b.t.Helper()
	p, err := plan.PlanFailover(forgetful{b.eyes}.Latest(), replica, plan.FailoverFacts{})
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// start begins a failover of what the watch shows now.
func (b *failoverBench) start(replica cluster.NodeID, kind plan.FailoverKind) *run.FailoverJob {
	b.t.Helper()
	j, err := run.StartFailover(b.t.Context(), forgetful{b.eyes}, b.plan(replica), kind, run.FailoverOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return j
}

func (b *failoverBench) failover(replica cluster.NodeID, kind plan.FailoverKind) run.FailoverReport {
	b.t.Helper()
	r := b.start(replica, kind).Wait()
	b.t.Logf("%s: %s: %s\n%s%s", kind, r.Outcome, r.Text, stagesText(r), strings.Join(append(r.Why, r.Remains...), "\n"))
	return r
}

func stagesText(r run.FailoverReport) string {
	var out strings.Builder
	for _, s := range r.Stages {
		fmt.Fprintf(&out, "  %8.3f s  %s: %s\n", s.Took.Seconds(), s.Step, s.Note)
	}
	return out.String()
}

// wants checks outcome and stages.
func wants(t *testing.T, r run.FailoverReport, outcome run.FailoverOutcome, steps ...run.FailoverStep) {
	t.Helper()
	if r.Outcome != outcome {
		t.Errorf("%s (%s: %v), want %s", r.Outcome, r.Text, r.Why, outcome)
	}
	for _, step := range steps {
		if _, ok := r.Stage(step); !ok {
			t.Errorf("the stage %q was not seen:\n%s", step, stagesText(r))
		}
	}
	for i := 1; i < len(r.Stages); i++ {
		if r.Stages[i].At.Before(r.Stages[i-1].At) {
			t.Errorf("stages out of order:\n%s", stagesText(r))
		}
	}
}

func says(t *testing.T, lines []string, parts ...string) {
	t.Helper()
	text := strings.Join(lines, "\n")
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("it does not say %q:\n%s", p, text)
		}
	}
}

// writer increments counters of one shard and remembers what was acknowledged.
type writer struct {
	client *redis.ClusterClient
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	acked   map[string]int64
	unsure  int64         // errors: may or may not have been done
	longest time.Duration // between two acknowledgements of one worker
}

// write begins to write to keys of the given owner's slots.
func (b *failoverBench) write(owner cluster.NodeID) *writer {
	var addrs []string
	for _, n := range b.lab.Nodes() {
		addrs = append(addrs, n.Addr)
	}
	s := b.eyes.Latest()
	ctx, stop := context.WithCancel(context.Background())
	w := &writer{client: redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ReadTimeout: 12 * time.Second, WriteTimeout: 12 * time.Second}), stop: stop, acked: map[string]int64{}}
	for i := range 8 {
		key := ""
		for k := 0; key == ""; k++ {
			name := fmt.Sprintf("counter:%d:%d", i, k)
			if sh, ok := s.ShardOf(slotOf(name)); ok && sh.Primary == owner {
				key = name
			}
		}
		w.done.Go(func() { w.work(ctx, key) })
	}
	b.t.Cleanup(func() { w.stop(); w.done.Wait(); w.client.Close() })
	labtest.Until(b.t, 5*time.Second, "writes are acknowledged", func() bool { return w.total() > 200 })
	return w
}

func (w *writer) work(ctx context.Context, key string) {
	last := time.Now()
	for ctx.Err() == nil {
		err := w.client.Incr(context.WithoutCancel(ctx), key).Err()
		now := time.Now()
		w.mu.Lock()
		if err != nil {
			w.unsure++
		} else {
			w.acked[key]++
			w.longest = max(w.longest, now.Sub(last))
			last = now
		}
		w.mu.Unlock()
	}
}

func (w *writer) total() (n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range w.acked {
		n += v
	}
	return n
}

// lost stops the writer and counts acknowledged writes that are not there.
func (w *writer) lost(t *testing.T) (n int64) {
	t.Helper()
	w.stop()
	w.done.Wait()
	for key, acked := range w.acked {
		have, err := w.client.Get(t.Context(), key).Int64()
		if err != nil {
			t.Fatal(err)
		}
		n += max(0, acked-have)
	}
	return n
}
