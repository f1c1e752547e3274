package watch

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// question is what a node is asked in one round trip, besides PING, INFO and
// CLUSTER INFO.
type question struct {
	view     bool // CLUSTER NODES
	kin      bool // CLUSTER SHARDS
	noInfo   bool // INFO was refused, and is not asked for again
	settings []string
	checkup  *checkup       // nil: none is due
	strays   []keyslot.Slot // that the node does not own: whether it holds keys of them
	patience time.Duration  // how long the answer may take, connecting included
}

// answer is what came of a question.
type answer struct {
	from     *line
	question question
	at       time.Time // when it was complete
	took     time.Duration

	health cluster.Health
	err    error // a sentence while it does not answer as it should

	latency     outcome[time.Duration]
	info        outcome[cluster.Info]
	stats       cluster.Stats
	clusterInfo outcome[cluster.ClusterInfo]
	settings    outcome[map[string]string]
	view        outcome[*cluster.View]
	kin         outcome[[]cluster.ShardEntry]

	checkup outcome[*cluster.Checkup]
	strays  outcome[[]cluster.SlotKeys]
}

// outcome is one value, or why there is none.
type outcome[T any] struct {
	value T
	err   error
}

// into brings an outcome into a reading.
func (o outcome[T]) into(r *cluster.Reading[T], at time.Time) {
	if o.err != nil {
		*r = r.Fail(o.err, at)
		return
	}
	*r = r.Succeed(o.value, at)
}

// mostAnswer is many times what a poll of the largest clusters brings.
const mostAnswer = 3 << 20

// poll asks one node.
func poll(ctx context.Context, clock Clock, n *wire.Node, q question, views *viewCache) answer {
	ctx, cancel := context.WithTimeout(wire.AtMost(ctx, mostAnswer), q.patience)
	defer cancel()
	start := clock.Now()
	cmds := make([][]any, 0, 6)
	cmds = append(cmds, []any{"PING"})
	if !q.noInfo {
		cmds = append(cmds, []any{"INFO"})
	}
	cmds = append(cmds, []any{"CLUSTER", "INFO"})
	if q.view {
		cmds = append(cmds, []any{"CLUSTER", "NODES"})
	}
	if q.kin {
		cmds = append(cmds, []any{"CLUSTER", "SHARDS"})
	}
	if len(q.settings) > 0 {
		cmds = append(cmds, configGet(q.settings))
	}
	replies, latency := n.Exchange(ctx, cmds...)
	a := answer{question: q, at: clock.Now()}
	a.took = a.at.Sub(start)
	a.latency = outcome[time.Duration]{latency, replies[0].Err}
	if err := replies[0].Err; err == nil && replies[0].Value != "PONG" {
		a.latency.err = rubbish(n, "PING", fmt.Errorf("it did not answer PONG"))
	}
	rest := replies[1:]
	if !q.noInfo {
		a.info = read(n, "INFO", rest[0], cluster.ParseInfo)
		if a.info.err == nil {
			a.stats = cluster.StatsOf(a.info.value)
		}
		rest = rest[1:]
	}
	a.clusterInfo = read(n, "CLUSTER INFO", rest[0], cluster.ParseClusterInfo)
	rest = rest[1:]
	if q.view {
		a.view = read(n, "CLUSTER NODES", rest[0], func(text string) (*cluster.View, error) { return views.parse(text, a.at) })
		rest = rest[1:]
	}
	if q.kin {
		a.kin.value, a.kin.err = parsed(rest[0], cluster.ParseShards)
		rest = rest[1:]
	}
	if len(q.settings) > 0 {
		a.settings = settingsOf(n, rest[0])
	}
	a.health, a.err = a.verdict()
	if a.health == cluster.Answering {
		q.checkup.ask(ctx, n, &a)
		askStrays(ctx, n, q.strays, &a)
	}
	return a
}

// read parses a reply that should be a text.
func read[T any](n *wire.Node, tried string, a wire.Answer, parse func(string) (T, error)) outcome[T] {
	if a.Err != nil {
		return outcome[T]{err: a.Err}
	}
	text, ok := a.Value.(string)
	if !ok {
		return outcome[T]{err: rubbish(n, tried, fmt.Errorf("it did not answer with text"))}
	}
	value, err := parse(text)
	if err != nil {
		err = rubbish(n, tried, err)
	}
	return outcome[T]{value, err}
}

func rubbish(n *wire.Node, tried string, err error) error {
	return &wire.Error{Kind: wire.Rubbish, Addr: n.Addr(), Tried: tried, Err: err}
}

func configGet(names []string) []any {
	cmd := make([]any, 0, len(names)+2)
	cmd = append(cmd, "CONFIG", "GET")
	for _, name := range names {
		cmd = append(cmd, name)
	}
	return cmd
}

func settingsOf(n *wire.Node, a wire.Answer) outcome[map[string]string] {
	if a.Err != nil {
		return outcome[map[string]string]{err: a.Err}
	}
	list, ok := a.Value.([]any)
	if !ok || len(list)%2 != 0 {
		return outcome[map[string]string]{err: rubbish(n, "CONFIG GET", fmt.Errorf("it did not answer with pairs"))}
	}
	settings := make(map[string]string, len(list)/2)
	for i := 0; i < len(list); i += 2 {
		name, _ := list[i].(string)
		value, _ := list[i+1].(string)
		settings[name] = value
	}
	return outcome[map[string]string]{value: settings}
}
