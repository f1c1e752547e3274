package run

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// kept is a checkpoint and the file it is in.
type kept struct {
	path string
	Checkpoint
}

// checkpointsOf reads what jobs of this cluster wrote on this machine, the newest
// first. They are known by the nodes of their plans: the name of the file was
// another one when the cluster had other nodes.
func checkpointsOf(dir string, s *cluster.Snapshot) (out []kept) {
	paths, _ := filepath.Glob(filepath.Join(dir, "move-*.json")) // only a bad pattern fails
	for _, path := range paths {
		if c, ok := readCheckpoint(path); ok && c.concerns(s) {
			out = append(out, kept{path, c})
		}
	}
	slices.SortFunc(out, func(x, y kept) int { return y.Written.Compare(x.Written) })
	return out
}

func readCheckpoint(path string) (c Checkpoint, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil || len(text) > plan.MaxFile {
		return c, false
	}
	return c, json.Unmarshal(text, &c) == nil && c.Version == 1
}

func (c *Checkpoint) concerns(s *cluster.Snapshot) bool {
	return slices.ContainsFunc(c.Plan.Nodes, func(n plan.Node) bool {
		_, known := s.Node(n.ID)
		return known
	})
}

// newestCheckpoint is what the last job left; nil when there is nothing to be
// read, and when somebody has planned otherwise since. Node timeouts that it
// raised are to be set back in any case.
func newestCheckpoint(dir string, s *cluster.Snapshot) *Checkpoint {
	all := checkpointsOf(dir, s)
	if len(all) == 0 {
		return nil
	}
	c := &all[0].Checkpoint
	if c.outdated(s) && len(c.Raised) == 0 {
		return nil
	}
	return c
}

// outdated reports whether slots of the plan are where another plan must have put
// them: what was done was undone, or a third shard has them. A shard is meant,
// because a failover changes nothing about the plan.
func (c *Checkpoint) outdated(s *cluster.Snapshot) bool {
	owner := owners(s)
	var served keyslot.Set
	for _, own := range owner {
		served = served.Union(own)
	}
	for _, m := range c.Plan.Moves {
		from, known := s.Node(m.From)
		to, alsoKnown := s.Node(m.To)
		if !known || !alsoKnown || from.Shard < 0 || to.Shard < 0 || from.Shard == to.Shard {
			continue
		}
		set := m.Set()
		undone := set.Intersect(c.Done).Intersect(owner[from.Shard])
		elsewhere := set.Intersect(served).Minus(owner[from.Shard]).Minus(owner[to.Shard])
		if !undone.Empty() || !elsewhere.Empty() {
			return true
		}
	}
	return false
}

// owners are the slots of each shard.
func owners(s *cluster.Snapshot) []keyslot.Set {
	out := make([]keyslot.Set, len(s.Shards))
	for i := range s.Shards {
		out[i] = keyslot.SetOf(s.Shards[i].Slots...)
	}
	return out
}

// supersede forgets what earlier jobs left to do, because another plan was
// chosen. The node timeouts that they raised are this job's to set back.
func (j *Job) supersede() {
	for _, old := range checkpointsOf(j.stateDir, j.cluster.Latest()) {
		if j.raised == nil && len(old.Raised) > 0 {
			j.raised, j.raisedTo = maps.Clone(old.Raised), old.RaisedTo
		}
		if old.path != j.stateFile { // its own is written over
			_ = os.Remove(old.path)
		}
	}
}
