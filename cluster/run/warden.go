package run

import (
	"context"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
)

// Bounds beyond which a move slows down.
const (
	slowReplica = 64 << 20 // bytes that a replica of the target is behind
	fullMemory  = 0.9      // of maxmemory, that the target uses
	wardenTick  = 250 * time.Millisecond
)

// signals are what the nodes say of themselves while keys move.
type signals struct {
	source, target time.Duration // how long a PING took beside the calls that move keys
	behind         int64         // bytes that the slowest linked replica of the target lacks
	used, limit    int64         // bytes of the target's memory; a limit of 0 is none
}

// strained reports whether a move has to slow down.
func (s signals) strained(maxBlock time.Duration) bool {
	return max(s.source, s.target) > 3*maxBlock+5*time.Millisecond ||
		s.behind > slowReplica ||
		s.limit > 0 && float64(s.used) > fullMemory*float64(s.limit)
}

// watchOver measures how source and target answer while keys move, and slows the
// pace when they say so. It ends with the returned function.
func (p *pair) watchOver(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	from, to := p.from, p.to
	spawn.Go(func() {
		defer close(done)
		for pause(ctx, wardenTick) == nil {
			w, _ := p.j.wanted()
			now := signals{source: p.j.ping(ctx, from)}
			p.pace.nearby(now.source)
			now.target = p.j.ping(ctx, to)
			now.behind = p.j.behind(ctx, to)
			now.used, now.limit = p.j.memory(ctx, to)
			if now.strained(w.maxBlock) {
				p.pace.slow()
			} else {
				p.pace.recover()
			}
		}
	})
	return func() { cancel(); <-done }
}

// ping measures a node beside the calls that hold it.
func (j *Job) ping(ctx context.Context, id cluster.NodeID) time.Duration {
	n, err := j.crew.node(id)
	if err != nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	took, err := n.Ping(ctx)
	if err != nil {
		return 0 // whoever moves keys finds out
	}
	j.took(id, took)
	return took
}

// behind is how many bytes the slowest linked replica of a node lacks.
func (j *Job) behind(ctx context.Context, id cluster.NodeID) int64 {
	offset, replicas, err := j.replicas(ctx, id)
	if err != nil {
		return 0
	}
	var worst int64
	for _, o := range replicas {
		worst = max(worst, offset-o)
	}
	return worst
}

// memory is what a node uses and may use.
func (j *Job) memory(ctx context.Context, id cluster.NodeID) (used, limit int64) {
	v, err := j.crew.do(ctx, id, "INFO", "memory")
	if err != nil {
		return 0, 0
	}
	text, _ := v.(string)
	for line := range strings.SplitSeq(text, "\r\n") {
		switch name, value, _ := strings.Cut(line, ":"); name {
		case "used_memory":
			used, _ = strconv.ParseInt(value, 10, 64)
		case "maxmemory":
			limit, _ = strconv.ParseInt(value, 10, 64)
		}
	}
	return used, limit
}

// replicas are the offsets of a primary and of its replicas that are online.
func (j *Job) replicas(ctx context.Context, id cluster.NodeID) (offset int64, replicas []int64, err error) {
	v, err := j.crew.do(ctx, id, "INFO", "replication")
	if err != nil {
		return 0, nil, err
	}
	text, _ := v.(string)
	for line := range strings.SplitSeq(text, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		switch {
		case name == "master_repl_offset":
			offset, _ = strconv.ParseInt(value, 10, 64)
		case strings.HasPrefix(name, "slave") && strings.Contains(value, "state=online"):
			for part := range strings.SplitSeq(value, ",") {
				if at, ok := strings.CutPrefix(part, "offset="); ok {
					if n, err := strconv.ParseInt(at, 10, 64); err == nil {
						replicas = append(replicas, n)
					}
				}
			}
		}
	}
	return offset, replicas, nil
}

// durable waits until the replicas of the target have all that it has now. A
// replica that is not linked is not waited for.
func (j *Job) durable(ctx context.Context, to cluster.NodeID) error {
	if !j.opts.Durable {
		return nil
	}
	want, replicas, err := j.replicas(ctx, to)
	if err != nil || len(replicas) == 0 {
		return err
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		// WAIT asks the replicas to say at once how far they are; the numbers
		// are looked at, because it answers for its own connection only.
		if _, err := j.crew.all(ctx, to, callTimeout, []any{"PING"}, []any{"WAIT", len(replicas), 100}); err != nil {
			return err
		}
		_, replicas, err := j.replicas(ctx, to)
		if err != nil {
			return err
		}
		got := 0
		for _, o := range replicas {
			if o >= want {
				got++
			}
		}
		if got == len(replicas) {
			return nil
		}
		if time.Now().After(deadline) {
			return refuse(to, nil, "the replicas of %s do not keep up (%d of %d have everything after 10 s); the slots in hand stay where they are", j.crew.name(to), got, len(replicas))
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}
