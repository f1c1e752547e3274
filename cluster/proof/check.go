package proof

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/keyslot"
)

// Verdict is what became of the acknowledged writes of a load, as sentences
// about keys, and where all keys of the cluster are.
type Verdict struct {
	Keys  int      // that were looked up
	Lost  []string // an acknowledged write is gone
	Risen []string // a removed key is back
	Wrong []string // a value that was never written

	// Async are acknowledged writes that are gone and that too few replicas had
	// confirmed: what asynchronous replication loses in a failover, whoever
	// moves slots. Without LoadConfig.Wait there are none: they count as lost.
	Async []string

	// Excused are losses for which LoadConfig.Excuse had a reason, which they name.
	Excused []string

	Census Census
}

// Loss is what was lost of one key.
type Loss struct {
	Key    string
	Acks   []Ack // all of the key, in order
	Undone []Ack // those that are not to be seen any more
	By     []Ack // counts that went on without them
	Risen  bool  // the key was removed and is back
}

// OK reports whether nothing was lost but by asynchronous replication, and
// nothing is where it should not be.
func (v Verdict) OK() bool {
	return len(v.Lost)+len(v.Risen)+len(v.Wrong) == 0 && v.Census.OK()
}

// String is the verdict in one line.
func (v Verdict) String() string {
	s := fmt.Sprintf("%d keys looked up: %d lost, %d risen, %d wrong, %d lost by asynchronous replication, %d excused; %v",
		v.Keys, len(v.Lost), len(v.Risen), len(v.Wrong), len(v.Async), len(v.Excused), v.Census)
	if len(v.Lost)+len(v.Risen)+len(v.Wrong) > 0 {
		s += ": " + some(slices.Concat(v.Lost, v.Risen, v.Wrong))
	}
	return s
}

// Check looks up every key of a stopped load on its owner, and counts all keys
// of the cluster. It is meant for a cluster whose nodes agree.
func (l *Load) Check(ctx context.Context) (Verdict, error) {
	w, err := l.judge.coveredWorld(ctx)
	if err != nil {
		return Verdict{}, err
	}
	cells := map[place][]*cell{}
	for _, writer := range l.writers {
		for _, c := range writer.cells {
			p := place{w.owners[keyslot.Of(c.name.key)], c.name.db}
			cells[p] = append(cells[p], c)
		}
	}
	var v Verdict
	for p, all := range cells {
		for batch := range slices.Chunk(all, 500) {
			if err := l.lookUp(ctx, p, batch, &v); err != nil {
				return v, err
			}
		}
	}
	v.Census, err = l.judge.settledCensus(ctx)
	return v, err
}

// coveredWorld is world, and gives a node that is just told of a failover some
// seconds to know every owner again.
func (j *Judge) coveredWorld(ctx context.Context) (*world, error) {
	for end := time.Now().Add(10 * time.Second); ; {
		w, err := j.world(ctx)
		if err != nil {
			return nil, err
		}
		bare := w.owned("")
		if bare.Empty() {
			return w, nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return nil, fmt.Errorf("nobody owns %v", bare)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// patiently reads again, for some seconds, what a node refuses because it calls the
// cluster down: one that was just told of a failover does.
func patiently(ctx context.Context, read func() error) error {
	for end := time.Now().Add(10 * time.Second); ; {
		err := read()
		if err == nil || !strings.Contains(err.Error(), "CLUSTERDOWN") || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (l *Load) lookUp(ctx context.Context, p place, cells []*cell, v *Verdict) error {
	values := make([]*redis.StringCmd, len(cells))
	err := patiently(ctx, func() error {
		pipe := l.judge.client(p).Pipeline()
		for i, c := range cells {
			values[i] = pipe.Get(ctx, c.name.key)
		}
		pipe.Exec(ctx) // each command has its own error
		for i, c := range cells {
			if err := values[i].Err(); err != nil && err != redis.Nil {
				return fmt.Errorf("node %s does not tell the value of %v: %w", p.addr, c.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, c := range cells {
		value, err := values[i].Result()
		v.Keys++
		fate, text := c.judge(value, err == nil)
		text += " on " + p.addr
		if l.config.Excuse != nil && (fate == lost || fate == risen) {
			if why := l.config.Excuse(c.loss(value, fate == risen)); why != "" {
				v.Excused = append(v.Excused, text+": "+why)
				continue
			}
		}
		if fate != kept {
			text += fmt.Sprintf(" (%s)", trail(c.acks))
		}
		switch fate {
		case lost:
			v.Lost = append(v.Lost, text)
		case async:
			v.Async = append(v.Async, text)
		case risen:
			v.Risen = append(v.Risen, text)
		case wrong:
			v.Wrong = append(v.Wrong, text)
		}
	}
	return nil
}

// settledCensus gives keys that a server drops in the background some seconds
// to be gone.
func (j *Judge) settledCensus(ctx context.Context) (Census, error) {
	for end := time.Now().Add(3 * time.Second); ; {
		c, err := j.Census(ctx)
		if err != nil || c.OK() || time.Now().After(end) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Clear removes all keys of a stopped load, on a cluster at rest.
func (l *Load) Clear(ctx context.Context) error {
	w, err := l.judge.world(ctx)
	if err != nil {
		return err
	}
	pipes := map[place]redis.Pipeliner{}
	for _, writer := range l.writers {
		for _, c := range writer.cells {
			p := place{w.owners[keyslot.Of(c.name.key)], c.name.db}
			if pipes[p] == nil {
				pipes[p] = l.judge.client(p).Pipeline()
			}
			pipes[p].Unlink(ctx, c.name.key)
		}
	}
	for p, pipe := range pipes {
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("node %s does not remove the load's keys: %w", p.addr, err)
		}
	}
	return nil
}
