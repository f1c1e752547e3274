package keys

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// Walk says how to go over the keys of a node with SCAN: which keys, what to ask
// about each, and how gently. Each round trip carries one SCAN, what is asked
// about the keys of the SCAN before, and the sizes of those before that.
type Walk struct {
	Match  string // a pattern as SCAN has it; empty: all
	Type   string // only this type, as the server tells; empty: any
	Only   *keyslot.Set
	Ask    keyspace.Aspects
	Keep   keyspace.Keep
	Sample int // ask about every Nth key alone; 0 or 1: about all

	Batch    int           // COUNT of a SCAN; 0: Run takes as many as Hold allows, Step and Part DefaultBatch
	Hold     time.Duration // how long a round trip of Run may hold its server; 0: DefaultHold
	Hurry    bool          // Run rests never, and asks many keys at once
	Turns    *Turns        // shared by walks that run at once; nil: none
	Rate     int           // keys a second and node; 0: no limit
	Patience time.Duration // for one round trip; 0: DefaultPatience
}

// DefaultBatch holds a server for some tenths of a millisecond a round trip.
const DefaultBatch = 200

// hurriedBatch is what more of it is hardly quicker than.
const hurriedBatch = 1000

// DefaultPatience is how long a round trip of a walk may take: a pattern that
// nothing matches makes every SCAN as long as it can be.
const DefaultPatience = 10 * time.Second

// Batch is what a round trip of a walk brought.
type Batch struct {
	Entries []keyspace.Entry // those that are kept; asked about, unless the walk samples
	Met     []string         // names of all keys that a SCAN returned
	Done    bool             // the walk has met every key that was there all the time
}

// Position is where a walk stands; the zero value is its beginning. It is good
// for the same node and walk only.
type Position struct {
	cursor string
	done   bool
	named  []keyspace.Entry // returned by SCAN, not asked about
	asked  []keyspace.Entry // asked about, but for their sizes
	nth    int

	batch int           // COUNT of the next SCAN; 0: the walk's
	first time.Duration // of the last round trip, until the first answer
	took  time.Duration // of all of it
	ended time.Time

	// A cursor that was met before, and how many more are met before another one
	// is remembered, of twice as many: so every circle is noticed in the end.
	mark        string
	left, stint int
}

// advanced reports whether the cursor is one that SCAN, which goes over the
// buckets in one order, has not led to before.
func (p *Position) advanced() bool {
	if p.cursor == p.mark {
		return p.cursor == "0"
	}
	if p.left--; p.left < 0 {
		p.stint = max(1, 2*p.stint)
		p.mark, p.left = p.cursor, p.stint
	}
	return true
}

// alone is for how long the node has been left alone.
func (p *Position) alone() time.Duration {
	if p.ended.IsZero() {
		return 0
	}
	return time.Since(p.ended)
}

// Done reports whether there is nothing more to come.
func (p *Position) Done() bool { return p.done && len(p.named) == 0 && len(p.asked) == 0 }

// Step makes one round trip and moves the position on. After an error the
// position is where it was.
func (w *Walk) Step(ctx context.Context, n *wire.Node, p *Position) (Batch, error) {
	patience := w.Patience
	if patience == 0 {
		patience = DefaultPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	aspects := w.Ask | w.Keep.Needs()
	q := newQuestions(1 + 2*len(p.named) + len(p.asked))
	if !p.done {
		q.add(w.scan(p.cursor, p.batch)...)
	}
	scans := len(q.cmds)
	for i := range p.named {
		q.about(&p.named[i].Key, aspects)
	}
	described := len(q.cmds)
	for i := range p.asked {
		q.size(&p.asked[i])
	}
	began := time.Now()
	answers, first := n.Exchange(ctx, q.cmds...)
	ended := time.Now()
	for _, a := range answers {
		if a.Err != nil && !wire.KindOf(a.Err).Answered() {
			return Batch{}, a.Err
		}
	}
	next := *p
	next.first, next.took, next.ended = first, ended.Sub(began), ended
	var met []string
	if scans == 1 {
		var err error
		if next.cursor, met, err = scanned(n, answers[0]); err != nil {
			return Batch{}, err
		}
		if !next.advanced() {
			return Batch{}, rubbish(n, fmt.Errorf("it goes in circles: it led to cursor %s twice", next.cursor))
		}
		next.done = next.cursor == "0"
	}
	if err := takeAnswers(p.named, answers[scans:described], aspects); err != nil {
		return Batch{}, err
	}
	takeSizes(p.asked, answers[described:])

	b := Batch{Met: w.wanted(met)}
	finished := p.asked
	next.asked = nil
	kept := w.kept(p.named)
	if aspects.Has(keyspace.OfElements) {
		next.asked = kept
	} else {
		finished = append(finished, kept...)
	}
	next.named = next.entries(b.Met, w.Sample)
	if aspects == 0 {
		finished, next.named = append(finished, next.named...), nil
	}
	for i := range finished {
		if w.Keep.WantsSize(&finished[i]) {
			b.Entries = append(b.Entries, finished[i])
		}
	}
	*p = next
	b.Done = p.Done()
	return b, nil
}

// Part makes one SCAN from a cursor on and tells the keys alone, and where to go
// on; the empty cursor is the beginning and the end.
func (w *Walk) Part(ctx context.Context, n *wire.Node, cursor string) ([]keyspace.Entry, string, error) {
	a := n.Pipeline(ctx, w.scan(cursor, 0))[0]
	next, met, err := scanned(n, a)
	if err != nil {
		return nil, "", err
	}
	if next == "0" {
		next = ""
	}
	return Named(w.wanted(met)), next, nil
}

// Named are entries of keys of which nothing is known yet.
func Named(names []string) []keyspace.Entry {
	out := make([]keyspace.Entry, len(names))
	for i, name := range names {
		out[i] = named(name)
	}
	return out
}

// kept leaves out what is not wanted; those that are gone stay when nothing is
// filtered, so that they can be counted.
func (w *Walk) kept(list []keyspace.Entry) []keyspace.Entry {
	out := list[:0]
	for i := range list {
		if w.Keep.Wants(&list[i]) || list[i].Gone && w.Keep.Needs() == 0 {
			out = append(out, list[i])
		}
	}
	return out
}

func (w *Walk) wanted(met []string) []string {
	if w.Only == nil {
		return met
	}
	out := met[:0]
	for _, key := range met {
		if w.Only.Has(keyslot.Of(key)) {
			out = append(out, key)
		}
	}
	return out
}

// entries are those of the keys that are to be asked about.
func (p *Position) entries(met []string, sample int) []keyspace.Entry {
	out := make([]keyspace.Entry, 0, len(met)/max(1, sample)+1)
	for _, key := range met {
		if p.nth++; sample <= 1 || p.nth%sample == 0 {
			out = append(out, named(key))
		}
	}
	return out
}

// named is a key of which nothing is known yet.
func named(key string) keyspace.Entry {
	return keyspace.Entry{
		Key: key, Slot: keyslot.Of(key), TTL: keyspace.NotTold, Bytes: keyspace.Unknown,
		Elements: keyspace.Unknown, Freq: keyspace.Unknown, Idle: keyspace.Unknown,
	}
}

func (w *Walk) scan(cursor string, batch int) []any {
	if batch <= 0 {
		batch = w.Batch
	}
	if batch <= 0 {
		batch = DefaultBatch
	}
	if cursor == "" {
		cursor = "0"
	}
	cmd := []any{"SCAN", cursor, "COUNT", batch}
	if w.Match != "" && w.Match != "*" {
		cmd = append(cmd, "MATCH", w.Match)
	}
	if w.Type != "" {
		cmd = append(cmd, "TYPE", w.Type)
	}
	return cmd
}

func scanned(n *wire.Node, a wire.Answer) (cursor string, met []string, err error) {
	if a.Err != nil {
		return "", nil, a.Err
	}
	pair, _ := a.Value.([]any)
	if len(pair) == 2 {
		cursor, _ = pair[0].(string)
		if list, ok := pair[1].([]any); ok && cursor != "" && len(cursor) <= 20 && strings.Trim(cursor, "0123456789") == "" {
			return cursor, texts(list), nil
		}
	}
	return "", nil, rubbish(n, errors.New("it did not answer with a cursor and a list"))
}

func rubbish(n *wire.Node, err error) error {
	return &wire.Error{Kind: wire.Rubbish, Addr: n.Addr(), Tried: "SCAN", Err: err}
}

// Run walks over all keys of a node and hands over each batch, until there are
// no more, the function answers false, or the context ends. Unless it hurries it
// leaves the node alone between round trips, for longer when PINGs beside it
// take longer than twice what they took before.
func (w *Walk) Run(ctx context.Context, n *wire.Node, each func(Batch) bool) error {
	var p Position
	var g *gait
	if w.Hurry {
		p.batch = hurriedBatch
	} else {
		g = newGait(w.Hold, calm(ctx, n))
		defer listen(ctx, n, g)()
	}
	began, done := time.Now(), 0
	for !p.Done() {
		switch {
		case w.Batch > 0:
			p.batch = w.Batch
		case g != nil:
			p.batch = g.batch()
		}
		end := w.Turns.take(n)
		if g != nil {
			g.goes(p.alone())
		}
		b, err := w.Step(ctx, n, &p)
		end()
		if err != nil {
			return err
		}
		if !each(b) {
			return nil
		}
		done += len(b.Met)
		var rest time.Duration
		if g != nil {
			// What is done here with the answers is rest for the node.
			if rest = g.went(p.batch, p.first, p.took) - p.alone(); rest < shortestRest {
				rest = 0
			}
		}
		if w.Rate > 0 {
			rest = max(rest, time.Duration(float64(done)/float64(w.Rate)*float64(time.Second))-time.Since(began))
		}
		if !p.Done() && !pause(ctx, rest) {
			return ctx.Err()
		}
	}
	return nil
}

// pause waits, and reports whether the context lasts.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
