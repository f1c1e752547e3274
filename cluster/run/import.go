package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

const (
	importHands    = 4   // batches under way at once
	importPage     = 512 // keys of one SCAN, and the most in a batch
	importFirst    = 16  // keys of the first batches
	importBytes    = 4 << 20
	importPatience = time.Minute      // how long one server may be silent
	importTrouble  = 30 * time.Second // how long a batch waits for a failover and the like
	importShown    = 20               // keys that are told by name
)

// DefaultImportBlock is the time that a batch may take of one server.
const DefaultImportBlock = 10 * time.Millisecond

// ImportOptions say how an import is done.
type ImportOptions struct {
	From, To wire.Options
	Block    time.Duration // the time that a batch may take of one server; 0: DefaultImportBlock
	// Look reads the cluster: at the start, and when a slot turns out to be
	// somewhere else.
	Look func(context.Context) (*cluster.Snapshot, error)
	Tell func(ImportReport) // told of progress, by one goroutine at a time; may be nil
}

// ImportReport is what became of the keys.
type ImportReport struct {
	Keys     int64        `json:"keys"` // that the plan saw
	Imported int64        `json:"imported"`
	Present  int64        `json:"already_there"` // with the same value
	Gone     int64        `json:"gone"`          // expired or deleted at the source meanwhile
	Left     int64        `json:"left"`          // not imported; Trouble tells of the first
	Trouble  []ImportLeft `json:"trouble"`
	Bytes    int64        `json:"bytes"`     // of values that were sent
	AtSource int64        `json:"at_source"` // keys there in the end; -1: not asked
	Seconds  float64      `json:"seconds"`
}

// ImportLeft is a key that was not imported.
type ImportLeft struct {
	DB  int    `json:"db"`
	Key string `json:"key"` // fit to be shown
	Why string `json:"why"`
}

// Import does what a plan says. It can be called again after any end: keys that
// the cluster has with the same value count as imported. The report is right
// as far as it got, with an error, too.
func Import(ctx context.Context, p plan.ImportPlan, o ImportOptions) (ImportReport, error) {
	if o.Block <= 0 {
		o.Block = DefaultImportBlock
	}
	if o.Tell == nil {
		o.Tell = func(ImportReport) {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	im := &importing{plan: p, options: o, size: importFirst, report: ImportReport{Keys: p.Keys, AtSource: -1, Trouble: []ImportLeft{}}}
	began := time.Now()
	err := im.refresh(ctx, nil)
	if err == nil {
		err = im.all(ctx, cancel)
	}
	if err == nil {
		im.report.AtSource, err = im.count(ctx)
	}
	im.report.Seconds = time.Since(began).Seconds()
	return im.report, err
}

// importing is an import under way.
type importing struct {
	plan    plan.ImportPlan
	options ImportOptions

	mu     sync.Mutex
	report ImportReport
	size   int // keys of the next batch
	owners *importOwners

	looking sync.Mutex // one look at a time
}

// importOwners is who owns which slot, as one look saw it.
type importOwners struct {
	addr     [keyslot.Count]string
	replicas map[string]int // of a primary, by address: those that answer and are linked
}

// importBatch is some keys of one database.
type importBatch struct {
	db   int
	keys []string
}

// all lets the hands work on what is found. The first error ends all.
func (im *importing) all(ctx context.Context, cancel context.CancelCauseFunc) error {
	found := make(chan importBatch)
	var wg spawn.Group
	wg.Go(func() {
		defer close(found)
		if err := im.find(ctx, found); err != nil {
			cancel(err)
		}
	})
	for range importHands {
		wg.Go(func() {
			h := &importHand{importing: im, targets: map[string]*importLine{}}
			defer h.close()
			for b := range found {
				if ctx.Err() != nil {
					continue // the finder stops at the same word
				}
				if err := h.page(ctx, b); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// find scans the source and passes on what it finds.
func (im *importing) find(ctx context.Context, found chan<- importBatch) error {
	line, err := wire.Dial(ctx, im.plan.Source.Addr, im.options.From, importPatience)
	if err != nil {
		return err
	}
	defer line.Close()
	for _, d := range im.plan.Databases {
		if _, err := line.Do("SELECT", d.DB); err != nil {
			return err
		}
		for cursor := "0"; ; {
			v, err := line.Do("SCAN", cursor, "COUNT", importPage)
			if err != nil {
				return err
			}
			list, _ := v.([]any)
			if len(list) != 2 {
				return errors.New("the source's answer to SCAN cannot be read")
			}
			cursor, _ = list[0].(string)
			if names := flat(list[1]); len(names) > 0 {
				select {
				case found <- importBatch{d.DB, names}:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			if cursor == "0" {
				break
			}
		}
	}
	return nil
}

// count is how many keys the source has left in the databases of the plan.
func (im *importing) count(ctx context.Context) (n int64, err error) {
	s, err := ReadImportSource(ctx, im.plan.Source.Addr, im.options.From)
	if err != nil {
		return -1, fmt.Errorf("all keys were seen, but what is left at the source cannot be told: %w", err)
	}
	for _, d := range s.Databases {
		for _, planned := range im.plan.Databases {
			if d.DB == planned.DB {
				n += d.Keys
			}
		}
	}
	return n, nil
}

// current is who owns which slot.
func (im *importing) current() *importOwners {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.owners
}

// refresh looks again, unless somebody did since old was current.
func (im *importing) refresh(ctx context.Context, old *importOwners) error {
	im.looking.Lock()
	defer im.looking.Unlock()
	if old != im.current() {
		return nil
	}
	s, err := im.options.Look(ctx)
	if err != nil {
		return err
	}
	fresh := &importOwners{replicas: map[string]int{}}
	for i := range s.Shards {
		n, ok := s.Node(s.Shards[i].Primary)
		if !ok || n.Health != cluster.Answering {
			continue
		}
		for _, r := range s.Shards[i].Slots {
			for slot := int(r.First); slot <= int(r.Last); slot++ {
				fresh.addr[slot] = n.Dialled
			}
		}
		for _, id := range s.Shards[i].Replicas {
			if r, ok := s.Node(id); ok && r.Health == cluster.Answering && r.Stats.LinkUp {
				fresh.replicas[n.Dialled]++
			}
		}
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.owners = fresh
	return nil
}

// add counts, and tells.
func (im *importing) add(change func(r *ImportReport)) {
	im.mu.Lock()
	defer im.mu.Unlock()
	change(&im.report)
	im.options.Tell(im.report)
}

// next is how many keys the next batch may have.
func (im *importing) next() int {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.size
}

// learn makes batches smaller that took too long or weigh too much, and larger
// that took little.
func (im *importing) learn(keys int, bytes int64, took time.Duration) {
	im.mu.Lock()
	defer im.mu.Unlock()
	switch {
	case took > im.options.Block || bytes > importBytes:
		im.size = max(1, min(im.size, keys/2))
	case took < im.options.Block/2 && bytes < importBytes/2 && keys >= im.size:
		im.size = min(importPage, im.size*2)
	}
}

// unlink is the source's command that deletes without delay.
func (im *importing) unlink() string {
	if v := im.plan.Source.Version; strings.HasPrefix(v, "2.") || strings.HasPrefix(v, "3.") {
		return "DEL"
	}
	return "UNLINK"
}
