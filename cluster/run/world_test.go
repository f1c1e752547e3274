package run_test

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// world is a real cluster with keys in it, and a watch that looks at it.
type world struct {
	*lab.Cluster
	t       *testing.T
	watch   *watch.Watch
	journal *wire.Journal
	dbs     int
	state   string
}

func newWorld(t *testing.T, version string, config lab.Config) *world {
	t.Helper()
	config.Binary = labtest.Only(t, version).Path
	w := &world{Cluster: labtest.Start(t, config), t: t, journal: wire.NewJournal(), dbs: max(1, config.Databases), state: t.TempDir()}
	w.watch = w.look(wire.Options{Password: wire.NewSecret(config.Password), Journal: w.journal})
	return w
}

// look starts a watch that ends with the test.
func (w *world) look(o wire.Options) *watch.Watch {
	w.t.Helper()
	look := watch.New(watch.Config{Seeds: []string{w.Seed()}, Interval: 500 * time.Millisecond, Options: o})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = look.Run(ctx)
	}()
	w.t.Cleanup(func() { cancel(); <-done })
	w.t.Helper()
	labtest.Until(w.t, 10*time.Second, "the watch sees all nodes", func() bool {
		s := look.Latest()
		return s != nil && len(s.Nodes) == len(w.Nodes()) && s.Agreement().Full() && answering(s)
	})
	return look
}

func answering(s *cluster.Snapshot) bool {
	for i := range s.Nodes {
		if s.Nodes[i].Health != cluster.Answering {
			return false
		}
	}
	return true
}

func (w *world) id(i int) cluster.NodeID { return w.Nodes()[i].ID }

// fresh waits until the watch shows a cluster that is whole.
func (w *world) fresh() *cluster.Snapshot {
	w.t.Helper()
	var s *cluster.Snapshot
	began := time.Now()
	labtest.Until(w.t, 20*time.Second, "all nodes agree", func() bool {
		w.watch.Refresh()
		s = w.watch.Latest()
		for i := range s.Nodes {
			if !s.Nodes[i].View.At.After(began) {
				return false
			}
		}
		return s.Agreement().Full() && len(s.Disputes) == 0 && answering(s)
	})
	return s
}

func (w *world) plan(r plan.Request) plan.Plan {
	w.t.Helper()
	p, err := plan.Make(r, w.fresh(), plan.Facts{})
	if err != nil {
		w.t.Fatalf("no plan: %v", err)
	}
	return p
}

func slots(text string) keyslot.Set {
	s, err := keyslot.ParseSet(text)
	if err != nil {
		panic(err)
	}
	return s
}

func (w *world) start(p plan.Plan, o run.Options) *run.Job {
	w.t.Helper()
	if o.StateDir == "" {
		o.StateDir = w.state
	}
	j, err := run.Start(context.Background(), w.watch, p, o)
	if err != nil {
		w.t.Fatalf("the job does not start: %v", err)
	}
	return j
}

// move does a request to its end and expects it to be completed.
func (w *world) move(r plan.Request, o run.Options) run.Report {
	w.t.Helper()
	rep := w.start(w.plan(r), o).Wait()
	w.wants(rep, run.Completed)
	return rep
}

func (w *world) wants(r run.Report, o run.Outcome) {
	w.t.Helper()
	if r.Outcome != o || !r.Open.Empty() {
		w.t.Fatalf("it ended %v with %v open, want %v:\n%s", r.Outcome, r.Open, o, strings.Join(r.Sentences, "\n"))
	}
	if o != run.Failed && !r.OK() && o != run.Partly {
		w.t.Fatalf("it is not well:\n%s", strings.Join(r.Sentences, "\n"))
	}
}

// do sends a command that has to work.
func (w *world) do(i int, args ...any) any {
	w.t.Helper()
	v, err := w.Nodes()[i].Do(context.Background(), args...).Result()
	if err != nil {
		w.t.Fatalf("%v on node %d: %v", args, i, err)
	}
	return v
}

// nothingOpen asks all nodes, replicas too.
func (w *world) nothingOpen() {
	w.t.Helper()
	for i, n := range w.Nodes() {
		if n.State() != lab.Running {
			continue
		}
		for line := range strings.SplitSeq(w.do(i, "CLUSTER", "NODES").(string), "\n") {
			if strings.Contains(line, "myself") && strings.Contains(line, "[") {
				w.t.Errorf("node %d shows an open slot: %s", i, line)
			}
		}
	}
}

// digest is every key that the owners of its slot hold, with its value and when
// it expires, to the second.
func (w *world) digest() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	s := w.fresh()
	for i := range s.Shards {
		id := s.Shards[i].Primary
		n, ok := w.watch.Node(id)
		if !ok {
			w.t.Fatalf("no connection to %s", id)
		}
		own := keyslot.SetOf(s.Shards[i].Slots...)
		for db := range w.dbs {
			w.digestDatabase(n, db, own, out)
		}
	}
	return out
}

func (w *world) digestDatabase(n *wire.Node, db int, own keyslot.Set, out map[string]string) {
	w.t.Helper()
	ask := func(cmds ...[]any) []wire.Answer {
		if db > 0 {
			cmds = append(append([][]any{{"SELECT", db}}, cmds...), []any{"SELECT", 0})
		}
		var a []wire.Answer
		labtest.Until(w.t, time.Minute, "the node answers", func() bool { // in its own time, on a busy machine
			a = n.Pipeline(context.Background(), cmds...)
			for _, x := range a {
				switch {
				case wire.KindOf(x.Err).Answered():
					w.t.Fatalf("digest: %v", x.Err)
				case x.Err != nil:
					return false
				}
			}
			return true
		})
		if db > 0 {
			a = a[1 : len(a)-1]
		}
		return a
	}
	for cursor := "0"; ; {
		reply := ask([]any{"SCAN", cursor, "COUNT", 1000})[0].Value.([]any)
		var names []string
		var cmds [][]any
		for _, k := range reply[1].([]any) {
			if key := k.(string); own.Has(keyslot.Of(key)) {
				names = append(names, key)
				cmds = append(cmds, []any{"TYPE", key}, []any{"PEXPIRETIME", key})
			}
		}
		if len(names) > 0 {
			meta := ask(cmds...)
			cmds = nil
			for i, key := range names {
				cmds = append(cmds, readAll(meta[2*i].Value.(string), key))
			}
			for i, a := range ask(cmds...) {
				expires := meta[2*i+1].Value.(int64)
				if expires > 0 {
					expires = (expires + 2500) / 5000
				}
				out[fmt.Sprintf("%d/%s", db, names[i])] = fmt.Sprintf("%v %s %d", meta[2*i].Value, canonical(meta[2*i].Value.(string), a.Value), expires)
			}
		}
		if cursor = reply[0].(string); cursor == "0" {
			return
		}
	}
}

func readAll(kind, key string) []any {
	switch kind {
	case "list":
		return []any{"LRANGE", key, 0, -1}
	case "set":
		return []any{"SMEMBERS", key}
	case "zset":
		return []any{"ZRANGE", key, 0, -1, "WITHSCORES"}
	case "hash":
		return []any{"HGETALL", key}
	case "stream":
		return []any{"XRANGE", key, "-", "+"}
	case "string":
		return []any{"GET", key}
	}
	return []any{"EXISTS", key}
}

func canonical(kind string, v any) string {
	list, ok := v.([]any)
	if !ok || kind != "set" && kind != "hash" {
		return fmt.Sprintf("%q", fmt.Sprint(v))
	}
	var parts []string
	step := 1
	if kind == "hash" {
		step = 2
	}
	for i := 0; i+step <= len(list); i += step {
		parts = append(parts, fmt.Sprint(list[i:i+step]...))
	}
	sort.Strings(parts)
	return fmt.Sprintf("%q", parts)
}

// same compares digests; times to live may have been rounded to the neighbour.
func same(t *testing.T, before, after map[string]string) {
	t.Helper()
	bad := 0
	for k, v := range before {
		if w, ok := after[k]; !ok {
			t.Errorf("lost: %q", k)
			bad++
		} else if v != w && !near(v, w) {
			t.Errorf("changed: %q: %.200s, then %.200s", k, v, w)
			bad++
		}
		if bad > 10 {
			t.Fatal("and more")
		}
	}
	for k := range after {
		if _, ok := before[k]; !ok {
			t.Errorf("appeared: %q", k)
			if bad++; bad > 10 {
				t.Fatal("and more")
			}
		}
	}
}

func near(a, b string) bool {
	i, j := strings.LastIndexByte(a, ' '), strings.LastIndexByte(b, ' ')
	var x, y int64
	_, _ = fmt.Sscan(a[i+1:], &x)
	_, _ = fmt.Sscan(b[j+1:], &y)
	return a[:i] == b[:j] && x > 0 && y > 0 && max(x-y, y-x) <= 1
}

// fill writes keys of all kinds, some with names of any bytes, and in every
// database.
func (w *world) fill(n int) {
	w.t.Helper()
	if err := w.Fill(w.t.Context(), n); err != nil {
		w.t.Fatal(err)
	}
	s := w.fresh()
	for i := range 200 {
		key := fmt.Sprintf("\x00\xff\r\n {%d} \"'\x1b[2J%c", i, rune(i))
		shard, _ := s.ShardOf(keyslot.Of(key))
		node, _ := w.watch.Node(shard.Primary)
		for db := range w.dbs {
			a := node.Pipeline(context.Background(), []any{"SELECT", db}, []any{"SET", key, fmt.Sprintf("\x00%d", db), "PX", 3600000 + i}, []any{"SELECT", 0})
			if a[1].Err != nil {
				w.t.Fatal(a[1].Err)
			}
		}
	}
}

// keyIn is a key that lives in a slot.
func keyIn(slot keyslot.Slot, n int) string {
	if n > 0 {
		return fmt.Sprintf("{%s}%d", keyIn(slot, 0), n)
	}
	if known, ok := found.Load(slot); ok {
		return known.(string)
	}
	for i := 0; ; i++ {
		if key := fmt.Sprintf("k%d", i); keyslot.Of(key) == slot {
			found.Store(slot, key)
			return key
		}
	}
}

// found are keys by their slot: to find one takes some ten thousand tries.
var found sync.Map

// owners is who owns slots, as one node says.
func (w *world) ownedBy(i int) keyslot.Set {
	w.t.Helper()
	s := w.fresh()
	at := slices.IndexFunc(s.Shards, func(sh cluster.Shard) bool { return sh.Primary == w.id(i) })
	if at < 0 {
		return keyslot.Set{}
	}
	return keyslot.SetOf(s.Shards[at].Slots...)
}
