package backup

import (
	"fmt"
	"net"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// Shard is one primary whose data is to be copied.
type Shard struct {
	Letter string         `json:"letter"`
	Node   cluster.NodeID `json:"node"`
	Addr   string         `json:"addr"` // as dialled
	Epoch  uint64         `json:"epoch"`
	Slots  string         `json:"slots"` // "0-5460,7000"
	Keys   int64          `json:"keys"`  // when it was planned; -1: not known
	Memory int64          `json:"memory_bytes"`
	File   string         `json:"file"`
}

// Plan is what a backup will copy, and where to.
type Plan struct {
	Folder string   `json:"folder"`
	Shards []Shard  `json:"shards"`
	Notes  []string `json:"notes"`
}

func refuse(reason plan.Reason, format string, args ...any) error {
	return &plan.Refusal{Reason: reason, Text: fmt.Sprintf(format, args...)}
}

// NewPlan plans to copy every primary that has slots. The error is a
// *plan.Refusal: a backup that cannot be whole, or whose parts would not fit
// together, is not begun.
func NewPlan(s *cluster.Snapshot, folder string) (Plan, error) {
	p := Plan{Folder: folder, Notes: []string{
		"every primary forks, and holds back the memory of what changes while it sends",
		"the copies are taken one after the other, not at one moment; writes in between are in some and not in others",
	}}
	var covered keyslot.Set
	for i := range s.Shards {
		shard := &s.Shards[i]
		if shard.SlotLen == 0 {
			continue
		}
		set := keyslot.SetOf(shard.Slots...)
		covered = covered.Union(set)
		n, ok := s.Node(shard.Primary)
		switch {
		case !ok:
			return Plan{}, refuse(plan.NodeDown, "shard %s has no primary, so its data cannot be copied", shard.Letter)
		case n.Health != cluster.Answering:
			return Plan{}, refuse(plan.NodeDown, "the primary of shard %s does not answer, so its data cannot be copied: %v", shard.Letter, n.Err)
		}
		host, port, err := net.SplitHostPort(n.Dialled)
		if err != nil {
			return Plan{}, refuse(plan.NodeDown, "the primary of shard %s has no address that could be dialled", shard.Letter)
		}
		p.Shards = append(p.Shards, Shard{
			Letter: shard.Letter, Node: n.ID, Addr: n.Dialled, Epoch: n.Member.Epoch, Slots: set.String(),
			Keys: n.Stats.Keys, Memory: n.Stats.UsedMemory, File: shard.Letter + "-" + safe(host) + "-" + port + ".rdb",
		})
	}
	missing := keyslot.Full().Minus(covered)
	switch {
	case !missing.Empty():
		return Plan{}, refuse(plan.Uncovered, "%d slots have no owner, so a backup would not be whole: %s", missing.Len(), brief(missing.String()))
	case len(s.Disputes) > 0:
		return Plan{}, refuse(plan.NotConverged, "the nodes do not agree about who owns slot %s; a backup could miss its keys", s.Disputes[0].Range)
	case len(s.Moves) > 0:
		return Plan{}, refuse(plan.OpenSlots, "%d slots are being moved, so that their keys are on two nodes: wait, or settle them with slotdeck resume", len(s.Moves))
	}
	return p, nil
}

func brief(text string) string {
	if len(text) > 60 {
		return text[:57] + "..."
	}
	return text
}

// safe makes a host fit for a file's name.
func safe(host string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' {
			return c
		}
		return '_'
	}, host)
}

// moved says what is different now from what the plan saw of the slots; empty
// when nothing is.
func (p Plan) moved(s *cluster.Snapshot) string {
	if len(s.Moves) > 0 {
		return fmt.Sprintf("%d slots are being moved", len(s.Moves))
	}
	now := map[cluster.NodeID]string{}
	for i := range s.Shards {
		now[s.Shards[i].Primary] = keyslot.SetOf(s.Shards[i].Slots...).String()
	}
	for _, shard := range p.Shards {
		if now[shard.Node] != shard.Slots {
			return fmt.Sprintf("%s has other slots than before", shard.Addr)
		}
	}
	return ""
}

// Lines is the plan as plain text, not wrapped.
func (p Plan) Lines() []string {
	out := []string{fmt.Sprintf("back up %d primaries into %s", len(p.Shards), p.Folder)}
	for _, s := range p.Shards {
		keys, memory := "keys not known", "memory not known"
		if s.Keys >= 0 {
			keys = fmt.Sprintf("%d keys", s.Keys)
		}
		if s.Memory >= 0 {
			memory = fmt.Sprintf("uses %.1f MiB", float64(s.Memory)/(1<<20))
		}
		out = append(out, fmt.Sprintf("  %-2s %s  %s, %s  -> %s", s.Letter, s.Addr, keys, memory, s.File))
	}
	for _, n := range p.Notes {
		out = append(out, "note: "+n)
	}
	return out
}
