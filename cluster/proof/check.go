package proof

import (
	"context"
	"fmt"
	"slices"
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

	Census Census
}

// OK reports whether nothing was lost but by asynchronous replication, and
// nothing is where it should not be.
func (v Verdict) OK() bool {
	return len(v.Lost)+len(v.Risen)+len(v.Wrong) == 0 && v.Census.OK()
}

// String is the verdict in one line.
func (v Verdict) String() string {
	s := fmt.Sprintf("%d keys looked up: %d lost, %d risen, %d wrong, %d lost by asynchronous replication; %v",
		v.Keys, len(v.Lost), len(v.Risen), len(v.Wrong), len(v.Async), v.Census)
	if len(v.Lost)+len(v.Risen)+len(v.Wrong) > 0 {
		s += ": " + some(slices.Concat(v.Lost, v.Risen, v.Wrong))
	}
	return s
}

// Check looks up every key of a stopped load on its owner, and counts all keys
// of the cluster. It is meant for a cluster whose nodes agree.
func (l *Load) Check(ctx context.Context) (Verdict, error) {
	w, err := l.judge.world(ctx)
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

func (l *Load) lookUp(ctx context.Context, p place, cells []*cell, v *Verdict) error {
	pipe := l.judge.client(p).Pipeline()
	values := make([]*redis.StringCmd, len(cells))
	for i, c := range cells {
		values[i] = pipe.Get(ctx, c.name.key)
	}
	pipe.Exec(ctx) // each command has its own error
	for i, c := range cells {
		value, err := values[i].Result()
		if err != nil && err != redis.Nil {
			return fmt.Errorf("node %s does not tell the value of %v: %w", p.addr, c.name, err)
		}
		v.Keys++
		fate, text := c.judge(value, err == nil)
		text += " on " + p.addr
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
