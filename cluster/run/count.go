package run

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// How many slots are counted in one go: a node is held for a few tenths of a
// millisecond. Of one that is far away, or busy, more at a time.
const (
	nearCounts = 256
	farCounts  = 1024
	farAway    = 5 * time.Millisecond
)

// countKeys counts the keys of slots on a node, in every database:
// counts[i][db].
func (j *Job) countKeys(ctx context.Context, id cluster.NodeID, slots []keyslot.Slot) ([][]int64, error) {
	counts := make([][]int64, len(slots))
	for i := range counts {
		counts[i] = make([]int64, j.databases)
	}
	n := nearCounts
	for from := 0; from < len(slots); {
		part := slots[from:min(len(slots), from+n)]
		began := time.Now()
		for db := range j.databases {
			cmds := inDatabase(db, len(part), func(i int) []any { return []any{"CLUSTER", "COUNTKEYSINSLOT", int(part[i])} })
			answers, err := j.crew.all(ctx, id, callTimeout, cmds...)
			if err != nil {
				return nil, err
			}
			for i, a := range answersIn(db, answers) {
				n, ok := a.Value.(int64)
				if !ok || n < 0 {
					return nil, fmt.Errorf("%s does not count the keys of slot %d in a way that is understood", j.crew.name(id), part[i])
				}
				counts[from+i][db] = n
			}
		}
		from += len(part)
		if time.Since(began) > farAway {
			n = farCounts
		}
	}
	return counts, nil
}

// inDatabase puts commands between SELECTs, where the database is not the first:
// a connection is always left in the first.
func inDatabase(db, n int, command func(i int) []any) [][]any {
	var cmds [][]any
	if db > 0 {
		cmds = append(cmds, []any{"SELECT", db})
	}
	for i := range n {
		cmds = append(cmds, command(i))
	}
	if db > 0 {
		cmds = append(cmds, []any{"SELECT", 0})
	}
	return cmds
}

func answersIn(db int, answers []wire.Answer) []wire.Answer {
	if db > 0 {
		return answers[1 : len(answers)-1]
	}
	return answers
}
