package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
)

func newInfo(w *World) *cobra.Command {
	var conn connection
	var out format
	cmd := &cobra.Command{
		Use:     "info [HOST:PORT …]",
		GroupID: "cluster",
		Short:   "One look at a cluster, for the shell and for scripts",
		Long: `Looks at a cluster once and prints the verdict and its shards, as the console
would, and then the lines of --cluster info of the servers' own tool, word for word.
The exit code is 0 when every slot is served and 1 when one is not.`,
		Example: `  slotdeck info 10.0.0.11:7001
  slotdeck info 10.0.0.11:7001 -o json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := conn.resolve(cmd.Context(), w, args)
			if err != nil {
				return err
			}
			snap, err := look(cmd.Context(), t)
			if err != nil {
				return err
			}
			answer := answerInfo(snap)
			if out == asJSON {
				err = writeJSON(w.Out, answer)
			} else {
				err = printInfo(w, answer)
				if err == nil {
					_, err = fmt.Fprint(w.Out, "\n"+toolSummary(answerPrimaries(snap), toolViewOf(snap)))
				}
			}
			if err == nil && answer.SlotsServed < allSlots {
				return &Failure{No, errTold}
			}
			return err
		},
	}
	out.register(cmd.Flags())
	conn.register(cmd.Flags())
	return cmd
}

// lookFor is how long one look may take; whoever has not answered by then is
// shown as not answering.
const lookFor = 5 * time.Second

// look watches until every node that is known was tried once, and returns that
// picture.
func look(ctx context.Context, t target) (*cluster.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	watch := watchTarget(ctx, t, time.Second)
	defer watch.stop()
	var last *cluster.Snapshot
	for {
		select {
		case s, ok := <-watch.Updates():
			if !ok {
				return last, unseen(ctx, last)
			}
			last = s
			if err := allFailed(s.Seeds); err != nil && !seen(s) {
				return nil, err
			}
			if seen(s) && allTried(s) {
				watch.propose(s)
				return s, nil
			}
		case <-ctx.Done():
			watch.propose(last)
			return last, unseen(ctx, last)
		}
	}
}

// unseen is why there is no picture at the end; nil when there is one.
func unseen(ctx context.Context, s *cluster.Snapshot) error {
	if s != nil && seen(s) && ctx.Err() == context.DeadlineExceeded {
		return nil
	}
	if ctx.Err() == context.Canceled {
		return failure(Interrupted, "interrupted before any node answered")
	}
	return failure(Unreachable, "no node has answered within %v", lookFor)
}

// allTried reports whether every node was asked for everything that is shown,
// whatever came of it.
func allTried(s *cluster.Snapshot) bool {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		switch {
		case n.Health == cluster.Unknown:
			return false
		case n.Health == cluster.Answering && (n.View.Tried.IsZero() || n.Info.Tried.IsZero()):
			return false
		case n.Displaced() && !n.KinTried:
			return false
		}
	}
	return len(s.Nodes) > 0
}

// infoAnswer is a cluster as programs get it. What is not known is null.
type infoAnswer struct {
	Status          string        `json:"status"`
	Verdict         string        `json:"verdict"`
	SlotsServed     int           `json:"slots_served"`
	SlotsFailing    int           `json:"slots_failing"`
	SlotsUnassigned int           `json:"slots_unassigned"`
	NodesAnswering  int           `json:"nodes_answering"`
	NodesKnown      int           `json:"nodes_known"`
	OpenSlots       int           `json:"open_slots"`
	DisputedSlots   int           `json:"disputed_slots"`
	Shards          []shardAnswer `json:"shards"`
	Unattached      []nodeAnswer  `json:"unattached,omitempty"` // nodes in no shard
	At              time.Time     `json:"at"`
}

type shardAnswer struct {
	Letter    string       `json:"letter"`
	Slots     string       `json:"slots"` // "0-5460,7000"
	SlotCount int          `json:"slot_count"`
	Primary   *nodeAnswer  `json:"primary"`
	Replicas  []nodeAnswer `json:"replicas"`
}

type nodeAnswer struct {
	ID         cluster.NodeID `json:"id"`
	Addr       string         `json:"addr"`
	State      string         `json:"state"`
	Error      string         `json:"error,omitempty"`
	Version    string         `json:"version,omitempty"`
	Keys       *int64         `json:"keys"`
	Memory     *int64         `json:"memory_bytes"`
	MaxMemory  *int64         `json:"max_memory_bytes"` // 0: no limit
	OpsPerSec  *int64         `json:"ops_per_sec"`
	LagBytes   *int64         `json:"lag_bytes,omitempty"` // of a replica
	LatencyUS  *int64         `json:"latency_us"`
	Epoch      uint64         `json:"epoch"`
	SuspectsOf int            `json:"suspected_by"`
	FailedBy   int            `json:"failed_by"`
}

const allSlots = 16384

func answerInfo(s *cluster.Snapshot) infoAnswer {
	v := doctor.Judge(s)
	a := infoAnswer{
		Status: v.Status.String(), Verdict: v.Sentence,
		SlotsServed: v.Served, SlotsFailing: v.Failing, SlotsUnassigned: v.Unassigned,
		NodesKnown: len(s.Nodes), OpenSlots: len(s.Moves), Shards: []shardAnswer{}, At: s.At,
	}
	for _, d := range s.Disputes {
		a.DisputedSlots += d.Range.Len()
	}
	for i := range s.Nodes {
		if s.Nodes[i].Health == cluster.Answering {
			a.NodesAnswering++
		}
		if s.Nodes[i].Shard < 0 {
			a.Unattached = append(a.Unattached, answerNode(s, &s.Nodes[i]))
		}
	}
	for i := range s.Shards {
		a.Shards = append(a.Shards, answerShard(s, &s.Shards[i]))
	}
	return a
}
