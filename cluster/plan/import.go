package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// ImportSource is a server whose keys are to go into a cluster, as it was read.
type ImportSource struct {
	Addr      string        `json:"addr"`
	Version   string        `json:"version"`
	Flavor    string        `json:"flavor"`
	Replica   bool          `json:"replica"`
	Cluster   bool          `json:"cluster"`
	Memory    int64         `json:"memory_bytes"` // used; -1: not known
	Libraries int           `json:"libraries"`    // of functions; -1: not known
	Databases []ImportCount `json:"databases"`    // those that hold keys, by number
}

// ImportCount is how many keys a database holds.
type ImportCount struct {
	DB   int   `json:"db"`
	Keys int64 `json:"keys"`
}

// ImportRequest asks for the keys of a server in a cluster.
type ImportRequest struct {
	Source    ImportSource
	Copy      bool // leave them at the source, too
	Replace   bool // overwrite what the cluster has under the same names
	DB        int  // this database alone; -1: all
	TargetDBs int  // how many databases the cluster's nodes have
}

// ImportPlan is what an import will do.
type ImportPlan struct {
	Source    ImportSource  `json:"source"`
	Copy      bool          `json:"copy"`
	Replace   bool          `json:"replace"`
	Databases []ImportCount `json:"databases"`
	Keys      int64         `json:"keys"`
	Targets   []string      `json:"targets"` // the primaries, as dialled
	Risk      Risk          `json:"risk"`
	Type      string        `json:"type,omitempty"` // what has to be typed to confirm it
	Notes     []string      `json:"notes"`
}

// PlanImport plans it. The error is a *Refusal.
func PlanImport(s *cluster.Snapshot, r ImportRequest) (ImportPlan, error) {
	from := r.Source
	refuse := func(reason Reason, format string, args ...any) (ImportPlan, error) {
		return ImportPlan{}, &Refusal{Reason: reason, Text: fmt.Sprintf(format, args...)}
	}
	p := ImportPlan{Source: from, Copy: r.Copy, Replace: r.Replace, Notes: []string{}}
	switch {
	case from.Cluster:
		return refuse(BadRequest, "%s is in cluster mode; an import reads a server that is in none", clean(from.Addr))
	case from.Replica && !r.Copy:
		return refuse(BadRequest, "%s is a replica, from which nothing can be taken away: import from its primary, or leave the keys there with --copy", clean(from.Addr))
	}
	var covered keyslot.Set
	for i := range s.Shards {
		shard := &s.Shards[i]
		n, ok := s.Node(shard.Primary)
		if shard.SlotLen == 0 {
			continue
		}
		if !ok || n.Health != cluster.Answering {
			return refuse(NodeDown, "the primary of shard %s does not answer, so its keys have nowhere to go", clean(shard.Letter))
		}
		if n.Dialled == from.Addr {
			return refuse(SelfMove, "%s is in the cluster itself", clean(from.Addr))
		}
		covered = covered.Union(keyslot.SetOf(shard.Slots...))
		p.Targets = append(p.Targets, address(n))
	}
	if missing := keyslot.Full().Minus(covered); !missing.Empty() {
		return refuse(Uncovered, "%s have no owner (%s), so their keys have nowhere to go", count(missing.Len(), "slot"), someSlots(missing))
	}
	if len(s.Moves) > 0 {
		return refuse(OpenSlots, "%s %s being moved: wait, or settle them with slotdeck resume", count(len(s.Moves), "slot"), isAre(len(s.Moves)))
	}
	for _, d := range from.Databases {
		switch {
		case r.DB >= 0 && d.DB != r.DB:
			p.Notes = append(p.Notes, fmt.Sprintf("%d keys in database %d stay where they are", d.Keys, d.DB))
		case d.DB >= r.TargetDBs:
			return refuse(BadRequest, "%s holds %d keys in database %d, which the cluster does not have (it has %s); leave them out with --db, such as --db 0",
				clean(from.Addr), d.Keys, d.DB, count(r.TargetDBs, "database"))
		default:
			p.Databases = append(p.Databases, d)
			p.Keys += d.Keys
		}
	}
	if p.Keys == 0 {
		return refuse(NothingToMove, "%s holds no keys to import", clean(from.Addr))
	}
	p.remark(s, r)
	return p, nil
}

func (p *ImportPlan) remark(s *cluster.Snapshot, r ImportRequest) {
	if r.Replace {
		p.Risk, p.Type = Lossy, clean(p.Targets[0])
		p.Notes = append(p.Notes, "keys that the cluster has under the same names are overwritten")
	} else {
		p.Notes = append(p.Notes, "a key that the cluster has with another value stays at the source, and is told")
	}
	if !r.Copy {
		p.Risk = max(p.Risk, Disruptive)
		p.Notes = append(p.Notes, "each key is deleted at the source once its new node, and a replica where there is one, has it, and only if it did not change meanwhile")
	}
	if r.Source.Libraries > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%s of functions at the source are not imported", librariesText(r.Source.Libraries)))
	}
	free, known := int64(0), true
	for i := range s.Shards {
		n, ok := s.Node(s.Shards[i].Primary)
		if !ok || s.Shards[i].SlotLen == 0 {
			continue
		}
		if n.Stats.MaxMemory <= 0 || n.Stats.UsedMemory < 0 {
			known = false
			break
		}
		free += max(0, n.Stats.MaxMemory-n.Stats.UsedMemory)
	}
	if known && r.Source.Memory > free {
		p.Notes = append(p.Notes, fmt.Sprintf("the source uses %s, and the cluster's primaries have %s left below maxmemory", sizeText(r.Source.Memory), sizeText(free)))
	}
	slices.Sort(p.Targets)
}

// TellsExpiry reports whether the source can tell at which moment a key expires,
// as servers do from version 7 on.
func (p ImportPlan) TellsExpiry() bool {
	major, _, _ := strings.Cut(p.Source.Version, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n >= 7
}

func librariesText(n int) string {
	if n == 1 {
		return "1 library"
	}
	return fmt.Sprintf("%d libraries", n)
}

// Lines is the plan as plain text, ASCII only, not wrapped.
func (p ImportPlan) Lines() []string {
	what := "move"
	if p.Copy {
		what = "copy"
	}
	out := []string{
		fmt.Sprintf("%s %d keys of %s (%s %s) into a cluster of %d primaries", what, p.Keys, clean(p.Source.Addr), clean(p.Source.Flavor), clean(p.Source.Version), len(p.Targets)),
		fmt.Sprintf("  risk: %s", p.Risk),
	}
	for _, d := range p.Databases {
		out = append(out, fmt.Sprintf("  database %d: %d keys", d.DB, d.Keys))
	}
	for _, n := range p.Notes {
		out = append(out, "note: "+n)
	}
	return out
}
