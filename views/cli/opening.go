package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster"
)

// How long the shell waits for a first answer: after quiet it says what it
// waits for, after patience the console opens and goes on waiting there.
// Patience is longer than a dial and a call may take together, so that a node
// that does not answer is told in the shell.
const (
	quiet    = 400 * time.Millisecond
	patience = 4 * time.Second
)

// opening waits for the first picture that is worth a screen. A mistake that
// all seeds agree on is an error, for the shell. A nil snapshot without an
// error means that answers are still pending.
func opening(ctx context.Context, updates <-chan *cluster.Snapshot, w *World) (*cluster.Snapshot, error) {
	enough := time.NewTimer(patience)
	defer enough.Stop()
	hint := time.NewTimer(quiet)
	defer hint.Stop()
	var last *cluster.Snapshot
	for {
		select {
		case s, ok := <-updates:
			if !ok {
				return nil, failure(Internal, "the watch ended before it began")
			}
			last = s
			if seen(s) {
				return s, nil
			}
			if err := allFailed(s.Seeds); err != nil {
				return nil, err
			}
		case <-hint.C:
			if _, tty := terminal(w.Err); tty {
				fmt.Fprintln(w.Err, "connecting …")
			}
		case <-enough.C:
			return last, nil
		case <-ctx.Done():
			return nil, failure(Interrupted, "interrupted before any node answered")
		}
	}
}

// seen reports whether some node has told its view of the cluster.
func seen(s *cluster.Snapshot) bool {
	for i := range s.Nodes {
		if s.Nodes[i].View.Known() {
			return true
		}
	}
	return false
}

// allFailed is the most telling error of the seeds when every one of them has
// failed, and nil otherwise.
func allFailed(seeds []cluster.SeedState) error {
	var worst error
	for _, seed := range seeds {
		if seed.Err == nil {
			return nil
		}
		if worst == nil || telling(seed.Err) > telling(worst) {
			worst = seed.Err
		}
	}
	if worst == nil || len(seeds) == 1 {
		return worst
	}
	var all []string
	for _, seed := range seeds {
		all = append(all, seed.Addr)
	}
	return fmt.Errorf("none of %s will do; %w", strings.Join(all, ", "), worst)
}

// telling ranks errors: what a node itself answered says more than silence.
func telling(err error) int {
	switch ExitOf(err) {
	case Denied:
		return 4
	case Busy:
		return 3
	case NotCluster:
		return 2
	case Unreachable:
		return 1
	}
	return 0
}
