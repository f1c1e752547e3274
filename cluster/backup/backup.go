package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

const (
	hostsAtOnce = 8
	// A primary that prepares a copy sends an empty line every few seconds.
	patience = time.Minute
)

// Options say how a backup is taken.
type Options struct {
	Wire    wire.Options
	Checker string // the server's own program that reads copies; empty: there is none
	// Look reads the cluster again, to see in the end whether slots moved.
	Look func(context.Context) (*cluster.Snapshot, error)
	// Tell is told of progress, by one goroutine at a time.
	Tell func(Progress)
}

// Stage is how far the copy of one primary is.
type Stage string

// The stages.
const (
	Preparing Stage = "preparing" // the primary forks, or waits to
	Copying   Stage = "copying"
	Checking  Stage = "checking"
	Ready     Stage = "ready"
)

// Progress is news of one copy.
type Progress struct {
	Shard int // index into Plan.Shards
	Stage Stage
	Got   int64 // bytes
	Total int64 // bytes; -1: the primary does not say
}

// Copy is one primary's data in the folder.
type Copy struct {
	Shard
	Bytes    int64     `json:"bytes"`
	SHA256   string    `json:"sha256"`
	Version  int       `json:"rdb_version"`
	Checksum string    `json:"checksum"` // of the copy itself: "ok", or "none": the server is told to make none
	Checker  string    `json:"checker"`  // what the server's own program said: "ok", or why it was not asked
	ReplID   string    `json:"replication_id"`
	Offset   int64     `json:"replication_offset"` // of the copy
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended"`
}

// Listing is what nodes.json holds.
type Listing struct {
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended"`
	Copies []Copy    `json:"copies"`
}

// Take does what a plan says. After an error the folder says that it is not
// complete, and no file in it that is not whole has the name of a copy.
func Take(ctx context.Context, p Plan, o Options) (Listing, error) {
	l := Listing{Began: time.Now(), Copies: make([]Copy, len(p.Shards))}
	f := folder(p.Folder)
	if err := f.open(); err != nil {
		return l, err
	}
	t := &taking{Plan: p, Options: o, folder: f, copies: l.Copies}
	if err := t.all(ctx); err != nil {
		return l, err
	}
	nodes, err := t.listing(ctx)
	if err != nil {
		return l, err
	}
	now, err := o.Look(ctx)
	if err != nil {
		return l, fmt.Errorf("the cluster cannot be read again, to see whether slots moved meanwhile: %w", err)
	}
	if text := p.moved(now); text != "" {
		return l, refuse(plan.NotConverged, "slots moved while the copies were taken (%s), so they may not fit together: take the backup again", text)
	}
	l.Ended = time.Now()
	return l, t.close(l, nodes)
}

// taking is a backup under way.
type taking struct {
	Plan
	Options
	folder folder
	copies []Copy
	mu     sync.Mutex // orders Tell
}

func (t *taking) tell(p Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Tell(p)
}

// all copies every primary: those of one host one after the other, so that they
// do not fork at once, and the hosts side by side. The first error ends all.
func (t *taking) all(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hosts := map[string][]int{}
	for i, s := range t.Shards {
		host, _, _ := net.SplitHostPort(s.Addr) // the planner took it apart before
		hosts[host] = append(hosts[host], i)
	}
	var wg spawn.Group
	turns := make(chan struct{}, hostsAtOnce)
	for _, list := range hosts {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			for _, i := range list {
				if ctx.Err() != nil {
					return
				}
				if err := t.one(ctx, i); err != nil {
					cancel(fmt.Errorf("the backup is not complete, and %s says so: %w", t.folder.path(incompleteFile), err))
					return
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// one copies one primary.
func (t *taking) one(ctx context.Context, i int) error {
	s := t.Shards[i]
	t.copies[i] = Copy{Shard: s, Began: time.Now()}
	c := &t.copies[i]
	t.tell(Progress{Shard: i, Stage: Preparing, Total: unknownSize})
	line, err := wire.Dial(ctx, s.Addr, t.Wire, patience)
	if err != nil {
		return err
	}
	defer line.Close()
	if err := t.stillIt(line, s); err != nil {
		return err
	}
	file, err := t.folder.begin(s.File)
	if err != nil {
		return err
	}
	sealed := newSeal()
	from, err := receive(line, io.MultiWriter(file, sealed), t.steps(i))
	c.ReplID, c.Offset, c.Bytes = from.ReplID, from.Offset, sealed.size
	if err == nil {
		err = t.judge(ctx, i, sealed)
	}
	if err := t.folder.finish(s.File, file, err); err != nil {
		return err
	}
	c.Ended = time.Now()
	t.tell(Progress{Shard: i, Stage: Ready, Got: c.Bytes, Total: c.Bytes})
	return nil
}

// stillIt holds that the node is the one that was planned with, and a primary.
func (t *taking) stillIt(line *wire.Line, s Shard) error {
	id, err := line.Do("CLUSTER", "MYID")
	if err != nil {
		return err
	}
	role, err := line.Do("ROLE")
	if err != nil {
		return err
	}
	list, _ := role.([]any)
	if id != any(string(s.Node)) || len(list) == 0 || list[0] != any("master") {
		return refuse(plan.NotPrimary, "%s is not the primary any more that it was a moment ago: take the backup again", s.Addr)
	}
	return nil
}

// steps tells of progress each time that another MiB has come.
func (t *taking) steps(i int) func(got, total int64) {
	next := int64(0)
	return func(got, total int64) {
		if got >= next {
			next = got + 1<<20
			t.tell(Progress{Shard: i, Stage: Copying, Got: got, Total: total})
		}
	}
}

// judge holds that a copy is whole, by its own end and checksum and by the
// server's own program.
func (t *taking) judge(ctx context.Context, i int, sealed *seal) error {
	c := &t.copies[i]
	t.tell(Progress{Shard: i, Stage: Checking, Got: c.Bytes, Total: c.Bytes})
	version, summed, err := sealed.judge()
	if err != nil {
		return fmt.Errorf("what %s sent cannot be used: %w", c.Addr, err)
	}
	c.SHA256, c.Version, c.Checksum, c.Checker = sealed.sha256(), version, "ok", "none was found"
	if !summed {
		c.Checksum = "none"
	}
	if t.Checker == "" {
		return nil
	}
	switch err := check(ctx, t.Checker, t.folder.path(c.File+partSuffix)); {
	case errors.Is(err, errTooOld):
		c.Checker = err.Error()
	case err != nil:
		return err
	default:
		c.Checker = "ok"
	}
	return nil
}

// listing is what the first primary says of all nodes, as it says it.
func (t *taking) listing(ctx context.Context) (string, error) {
	node := wire.Open(t.Shards[0].Addr, t.Wire)
	defer node.Close()
	v, err := node.Do(ctx, "CLUSTER", "NODES")
	text, _ := v.(string)
	return text, err
}

// close writes the listing and the checksums of all, and then takes the sign
// away that the backup is not complete.
func (t *taking) close(l Listing, nodes string) error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("the listing cannot be written: %w", err)
	}
	var sums strings.Builder
	for _, c := range l.Copies {
		fmt.Fprintf(&sums, "%s  %s\n", c.SHA256, c.File)
	}
	for _, other := range []struct{ name, text string }{{listingFile, string(text) + "\n"}, {nodesFile, nodes}} {
		if err := t.folder.write(other.name, other.text); err != nil {
			return err
		}
		s := newSeal()
		_, _ = io.WriteString(s, other.text) // it never fails
		fmt.Fprintf(&sums, "%s  %s\n", s.sha256(), other.name)
	}
	if err := t.folder.write(sumsFile, sums.String()); err != nil {
		return err
	}
	return t.folder.complete()
}
