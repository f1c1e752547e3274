package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

const (
	restoreKeys    = 128     // of a round trip to all nodes together
	restoreBytes   = 1 << 20 // of their values; a single one may be larger
	restoreTrouble = 30 * time.Second
)

// RestoreOptions say how saved values are brought back.
type RestoreOptions struct {
	To   wire.Options
	Rate int // values a second; 0: no limit
	// Look reads the cluster: at the start, and when a slot turns out to be
	// somewhere else.
	Look func(context.Context) (*cluster.Snapshot, error)
	Tell func(RestoreReport) // told of progress; may be nil
}

// RestoreReport is what became of saved values.
type RestoreReport struct {
	Values   int64        `json:"values"` // that the plan saw
	Restored int64        `json:"restored"`
	Present  int64        `json:"already_there"` // with the saved value
	Expired  int64        `json:"expired"`       // since the plan was made
	Left     int64        `json:"left"`          // not brought back; Trouble tells of the first
	Trouble  []ImportLeft `json:"trouble"`
	Bytes    int64        `json:"bytes"`
	Lines    int64        `json:"lines"` // of the files that are settled
	Seconds  float64      `json:"seconds"`
}

// Restore does what a plan says, in the order of the files. The report is right
// as far as it got, with an error, too: the lines that it counts are settled.
func Restore(ctx context.Context, p plan.RestorePlan, o RestoreOptions) (r RestoreReport, err error) {
	began := time.Now()
	h := &restorer{plan: p, options: o, report: RestoreReport{Values: p.Saved.Values, Lines: p.Saved.Skipped, Trouble: []ImportLeft{}}, lines: map[string]*importLine{}}
	defer h.close()
	defer func() {
		h.report.Seconds = time.Since(began).Seconds()
		r = h.report
	}()
	files, _, err := readSaved(p.Saved.Files, p.Saved.Skipped)
	if err != nil {
		return r, err
	}
	if err := h.refresh(ctx); err != nil {
		return r, err
	}
	var some []Saved
	bytes, last := 0, h.report.Lines
	flush := func() error {
		if err := h.batch(ctx, some); err != nil {
			return err
		}
		h.report.Lines = last
		some, bytes = nil, 0
		if o.Tell != nil {
			o.Tell(h.report)
		}
		return h.rest(ctx, began)
	}
	err = files.each(func(line int64, v Saved, bad error) error {
		if line <= p.Saved.Skipped || bad != nil || files.newest[keyOf(v)] != line {
			last = max(last, line)
			return ctx.Err()
		}
		if len(some) > 0 && (len(some) == restoreKeys || bytes+len(v.Dump) > restoreBytes) {
			if err := flush(); err != nil {
				return err
			}
		}
		some, bytes, last = append(some, v), bytes+len(v.Dump), line
		return ctx.Err()
	})
	if err == nil {
		err = flush()
	}
	return r, err
}

// restorer brings values back, over connections of its own.
type restorer struct {
	plan    plan.RestorePlan
	options RestoreOptions
	owners  [keyslot.Count]string // primaries, as dialled

	mu     sync.Mutex // for what nodes that are asked at once share
	report RestoreReport
	lines  map[string]*importLine
}

func (h *restorer) close() {
	for addr := range h.lines {
		h.drop(addr)
	}
}

func (h *restorer) drop(addr string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l := h.lines[addr]; l != nil {
		l.Close()
		delete(h.lines, addr)
	}
}

func (h *restorer) to(ctx context.Context, addr string, db int) (*importLine, error) {
	h.mu.Lock()
	l := h.lines[addr]
	h.mu.Unlock()
	if l == nil {
		line, err := wire.Dial(ctx, addr, h.options.To, importPatience)
		if err != nil {
			return nil, err
		}
		l = &importLine{line, 0}
		h.mu.Lock()
		h.lines[addr] = l
		h.mu.Unlock()
	}
	return l, l.in(db)
}

// refresh looks who owns which slot.
func (h *restorer) refresh(ctx context.Context) error {
	s, err := h.options.Look(ctx)
	if err != nil {
		return err
	}
	h.owners = [keyslot.Count]string{}
	for i := range s.Shards {
		n, ok := s.Node(s.Shards[i].Primary)
		if !ok || n.Health != cluster.Answering {
			continue
		}
		owned := keyslot.SetOf(s.Shards[i].Slots...)
		for slot := range owned.All() {
			h.owners[slot] = n.Dialled
		}
	}
	return nil
}

// rest keeps to the rate.
func (h *restorer) rest(ctx context.Context, began time.Time) error {
	if h.options.Rate <= 0 {
		return nil
	}
	done := h.report.Restored + h.report.Present + h.report.Left
	timer := time.NewTimer(time.Until(began.Add(time.Duration(float64(done) / float64(h.options.Rate) * float64(time.Second)))))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// batch brings some values back. What passes in a moment, such as a failover, is
// waited for.
func (h *restorer) batch(ctx context.Context, values []Saved) error {
	until := time.Now().Add(restoreTrouble)
	for wait := 5 * time.Millisecond; len(values) > 0; wait = min(2*wait, time.Second) {
		again, why, err := h.try(ctx, values)
		switch {
		case context.Cause(ctx) != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		case len(again) == 0:
			return nil
		case time.Now().After(until):
			return fmt.Errorf("a value could not be brought back within %v: %w", restoreTrouble, why)
		}
		values = again
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := h.refresh(ctx); err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// place is where values go together.
type place struct {
	addr string
	db   int
}

// try sends values to their owners, all at once. Those that are to be tried again
// come back with the reason.
func (h *restorer) try(ctx context.Context, values []Saved) (again []Saved, why, err error) {
	parts := map[place][]Saved{}
	for _, v := range values {
		slot := keyslot.Of(string(v.Key))
		if h.owners[slot] == "" {
			again, why = append(again, v), fmt.Errorf("slot %d has no primary that answers", slot)
			continue
		}
		at := place{h.owners[slot], v.DB}
		parts[at] = append(parts[at], v)
	}
	byAddr := map[string][]place{}
	for at := range parts {
		byAddr[at.addr] = append(byAddr[at.addr], at)
	}
	var all spawn.Group
	var mu sync.Mutex
	for addr, places := range byAddr {
		all.Go(func() { // a connection carries one batch at a time
			for _, at := range places {
				left, passing, bad := h.send(ctx, at, parts[at])
				if passing != nil || bad != nil {
					h.drop(addr)
				}
				mu.Lock()
				again = append(again, left...)
				if passing != nil {
					why = passing
				}
				if bad != nil {
					err = bad
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return again, why, err
}

// send restores values at one node: again are those that a passing error met,
// bad is what ends everything.
func (h *restorer) send(ctx context.Context, at place, values []Saved) (again []Saved, passing, bad error) {
	line, err := h.to(ctx, at.addr, at.db)
	if err != nil {
		if importPasses(err) {
			return values, err, nil
		}
		return nil, nil, err
	}
	cmds := make([][]any, len(values))
	for i, v := range values {
		cmds[i] = []any{"RESTORE", string(v.Key), max(v.Expires, 0), string(v.Dump)}
		if v.Expires >= 0 {
			cmds[i] = append(cmds[i], "ABSTTL")
		}
		if h.plan.Replace {
			cmds[i] = append(cmds[i], "REPLACE")
		}
	}
	now := time.Now().UnixMilli()
	for i, a := range line.Pipeline(cmds...) {
		v, err, present := values[i], a.Err, false
		if err != nil && saying(err, "BUSYKEY") {
			present, err = h.busy(line, v)
		}
		switch {
		case err == nil:
			h.settle(v, present, v.Expires >= 0 && v.Expires <= now, "")
		case errors.Is(err, errAgain), importPasses(err):
			again, passing = append(again, v), err
		default:
			why, ends := refusedSaved(at.addr, err)
			if ends != nil {
				return again, passing, ends
			}
			h.settle(v, false, false, why)
		}
	}
	return again, passing, nil
}

// busy reports whether a key that exists has the saved value.
func (h *restorer) busy(line *importLine, v Saved) (present bool, err error) {
	theirs, err := valueAt(line, string(v.Key), "PEXPIRETIME")
	if err != nil {
		return false, err
	}
	if !theirs.exists {
		return false, onceMore(errors.New("a key was there, and then was not"))
	}
	if theirs.same(value{exists: true, dump: string(v.Dump), kind: theirs.kind, expires: v.Expires}) {
		return true, nil
	}
	return false, errOther
}

// errOther is that a key exists with another value, as far as can be told.
var errOther = errors.New("the cluster has another value under this name; --replace overwrites it")

// refusedSaved is why one value is left, or why none can be brought back.
func refusedSaved(addr string, err error) (why string, ends error) {
	switch {
	case errors.Is(err, errOther):
		return errOther.Error(), nil
	case saying(err, "ERR DUMP payload version"):
		return addr + " cannot read it: it was saved by a newer server, or the file was changed", nil
	case saying(err, "OOM"):
		return "", fmt.Errorf("%s has no memory left; give it more, and go on: %w", addr, err)
	}
	switch wire.KindOf(err) {
	case wire.Reply:
		return plain(err.Error()), nil
	}
	return "", err
}

// settle counts what became of a value.
func (h *restorer) settle(v Saved, present, expired bool, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &h.report
	switch {
	case why != "":
		r.Left++
		if len(r.Trouble) < importShown {
			r.Trouble = append(r.Trouble, ImportLeft{v.DB, plain(string(v.Key)), why})
		}
	case expired:
		r.Expired++
	case present:
		r.Present++
	default:
		r.Restored++
		r.Bytes += int64(len(v.Dump))
	}
}
