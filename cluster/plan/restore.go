package plan

import (
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// SavedValues is what files of saved values hold, as they were read.
type SavedValues struct {
	Files   []string    `json:"files"`
	Values  int64       `json:"values"`  // to be brought back: of each key the newest
	Bytes   int64       `json:"bytes"`   // of them, as DUMP
	Older   int64       `json:"older"`   // of keys that are saved once more further on
	Expired int64       `json:"expired"` // whose time to live has ended
	Bad     int64       `json:"bad"`     // lines that are no saved value
	From    time.Time   `json:"from"`    // saved between
	To      time.Time   `json:"to"`
	Skipped int64       `json:"skipped"` // at the beginning, as asked
	Slots   keyslot.Set `json:"-"`
	MaxDB   int         `json:"max_db"`
}

// RestoreRequest asks for saved values to be brought back.
type RestoreRequest struct {
	Saved     SavedValues
	Replace   bool // overwrite what the cluster has under the same names
	TargetDBs int  // how many databases the cluster's nodes have
}

// RestorePlan is what bringing them back will do.
type RestorePlan struct {
	Saved   SavedValues `json:"saved"`
	Replace bool        `json:"replace"`
	Targets []string    `json:"targets"` // the primaries concerned, as dialled
	Risk    Risk        `json:"risk"`
	Type    string      `json:"type,omitempty"` // what has to be typed to confirm it
	Notes   []string    `json:"notes"`
}

// PlanRestore plans it. The error is a *Refusal.
func PlanRestore(s *cluster.Snapshot, r RestoreRequest) (RestorePlan, error) {
	refuse := func(reason Reason, format string, args ...any) (RestorePlan, error) {
		return RestorePlan{}, &Refusal{Reason: reason, Text: fmt.Sprintf(format, args...)}
	}
	p := RestorePlan{Saved: r.Saved, Replace: r.Replace, Risk: Disruptive, Notes: []string{}}
	switch {
	case r.Saved.Values == 0 && r.Saved.Bad > 0:
		return refuse(BadRequest, "there is no saved value in %s: it is another kind of file", clean(some(r.Saved.Files)))
	case r.Saved.Values == 0 && r.Saved.Expired > 0:
		return refuse(NothingToMove, "all %s have expired by now: there is nothing to bring back", count(int(r.Saved.Expired), "saved value"))
	case r.Saved.Values == 0:
		return refuse(NothingToMove, "there is no saved value to bring back")
	case r.Saved.MaxDB >= r.TargetDBs:
		return refuse(BadRequest, "there are values of database %d, which the cluster does not have (it has %s)", r.Saved.MaxDB, count(r.TargetDBs, "database"))
	}
	missing := r.Saved.Slots
	for i := range s.Shards {
		shard := &s.Shards[i]
		own := keyslot.SetOf(shard.Slots...)
		if own.Intersect(r.Saved.Slots).Empty() {
			continue
		}
		n, ok := s.Node(shard.Primary)
		if !ok || n.Health != cluster.Answering {
			return refuse(NodeDown, "the primary of shard %s does not answer, so its values have nowhere to go", clean(shard.Letter))
		}
		missing = missing.Minus(own)
		p.Targets = append(p.Targets, address(n))
	}
	if !missing.Empty() {
		return refuse(Uncovered, "%s have no owner (%s), so their values have nowhere to go", count(missing.Len(), "slot"), someSlots(missing))
	}
	for _, m := range s.Moves {
		if r.Saved.Slots.Has(m.Slot) {
			return refuse(OpenSlots, "slot %d is being moved, and there are values of it: wait, or settle it with slotdeck resume", m.Slot)
		}
	}
	slices.Sort(p.Targets)
	p.remark()
	return p, nil
}

func (p *RestorePlan) remark() {
	note := func(format string, args ...any) { p.Notes = append(p.Notes, fmt.Sprintf(format, args...)) }
	if p.Replace {
		p.Risk, p.Type = Lossy, clean(p.Targets[0])
		note("what the cluster has under the same names is overwritten, and not saved")
	} else {
		note("a key that exists is left alone, and told unless it has the saved value")
	}
	note("times to live end when they would have ended")
	if n := p.Saved.Expired; n > 0 {
		note("%s left out: their time to live has ended", are(n))
	}
	if n := p.Saved.Older; n > 0 {
		note("%s left out: the same key was saved again later", are(n))
	}
	if n := p.Saved.Bad; n > 0 {
		note("%s cannot be read and are left out; the last line of a file is cut off when its writer was killed, and that key was not deleted", count(int(n), "line"))
	}
	if n := p.Saved.Skipped; n > 0 {
		note("the first %s are skipped, as asked", count(int(n), "line"))
	}
}

func are(n int64) string { return count(int(n), "value") + " " + isAre(int(n)) }

// Lines is the plan as plain text, ASCII only, not wrapped.
func (p RestorePlan) Lines() []string {
	out := []string{
		fmt.Sprintf("bring back %s (%.1f MiB), saved from %s to %s", count(int(p.Saved.Values), "value"), float64(p.Saved.Bytes)/(1<<20),
			p.Saved.From.Format("2006-01-02 15:04:05"), p.Saved.To.Format("2006-01-02 15:04:05")),
		fmt.Sprintf("  risk: %s", p.Risk),
		"  how: RESTORE, sent to " + some(p.Targets),
	}
	for _, f := range p.Saved.Files {
		out = append(out, "  from "+clean(f))
	}
	for _, n := range p.Notes {
		out = append(out, "note: "+n)
	}
	return out
}
