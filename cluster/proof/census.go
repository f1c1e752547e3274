package proof

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"slotdeck/keyslot"
)

// Census is where keys are that should be elsewhere.
type Census struct {
	Keys    int      // different keys, in all databases
	Doubled []string // keys on more than one primary, sentences
	Stray   []string // keys on a primary that does not own their slot, and on no other
	Hidden  int64    // keys that a primary counts and does not show: Redis 8.4 and newer hide strays
	hiders  []string
}

// OK reports whether every key is where it belongs, once.
func (c Census) OK() bool { return len(c.Doubled) == 0 && len(c.Stray) == 0 && c.Hidden == 0 }

// String is the census in one line.
func (c Census) String() string {
	if c.OK() {
		return fmt.Sprintf("%d keys, each in its place", c.Keys)
	}
	return fmt.Sprintf("%d keys, %d doubled, %d stray, %d hidden: %s", c.Keys, len(c.Doubled), len(c.Stray), c.Hidden,
		some(slices.Concat(c.Doubled, c.Stray, c.hiders)))
}

// name is a key in a database.
type name struct {
	db  int
	key string
}

func (n name) String() string {
	if n.db == 0 {
		return fmt.Sprintf("%q", n.key)
	}
	return fmt.Sprintf("%q in database %d", n.key, n.db)
}

// Census lists every key of every primary, hidden ones by their number.
func (j *Judge) Census(ctx context.Context) (Census, error) {
	w, err := j.world(ctx)
	if err != nil {
		return Census{}, err
	}
	found, err := j.findAll(ctx, w)
	if err != nil {
		return Census{}, err
	}
	c := Census{Keys: len(found)}
	for n, at := range found {
		owner := w.owners[keyslot.Of(n.key)]
		switch {
		case len(at) > 1:
			c.Doubled = append(c.Doubled, fmt.Sprintf("%v of slot %d is on %s", n, keyslot.Of(n.key), strings.Join(at, " and ")))
		case at[0] != owner:
			c.Stray = append(c.Stray, fmt.Sprintf("%v of slot %d is on %s alone, and %s owns it", n, keyslot.Of(n.key), at[0], owner))
		}
	}
	slices.Sort(c.Doubled)
	slices.Sort(c.Stray)
	for _, addr := range w.primaries {
		hidden, err := j.hidden(ctx, w, addr, len(c.Doubled)+len(c.Stray) == 0)
		if err != nil {
			return c, err
		}
		if hidden > 0 {
			c.Hidden += hidden
			c.hiders = append(c.hiders, fmt.Sprintf("%s holds %d keys more than its slots have", addr, hidden))
		}
	}
	return c, nil
}

// findAll tells for every key that can be listed on which primaries it is.
func (j *Judge) findAll(ctx context.Context, w *world) (map[name][]string, error) {
	found := map[name][]string{}
	for _, addr := range w.primaries {
		for db := range w.databases {
			client := j.client(place{addr, db})
			var cursor uint64
			for {
				keys, next, err := client.Scan(ctx, cursor, "", 1000).Result()
				if err != nil {
					return nil, fmt.Errorf("node %s does not list its keys: %w", addr, err)
				}
				for _, key := range keys {
					n := name{db, key}
					if at := found[n]; !slices.Contains(at, addr) { // a scan may repeat itself
						found[n] = append(at, addr)
					}
				}
				if cursor = next; cursor == 0 {
					break
				}
			}
		}
	}
	return found, nil
}

// hidden is how many keys a primary counts beyond those of its own slots. When
// strays were listed they are part of that, and nothing can be told.
func (j *Judge) hidden(ctx context.Context, w *world, addr string, tellable bool) (int64, error) {
	if !tellable {
		return 0, nil
	}
	var excess int64
	for db := range w.databases {
		pipe := j.client(place{addr, db}).TxPipeline() // at one moment
		size := pipe.DBSize(ctx)
		var counts []interface{ Val() int64 }
		for slot := range w.owned(addr).All() {
			counts = append(counts, pipe.ClusterCountKeysInSlot(ctx, int(slot)))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return 0, fmt.Errorf("node %s does not count its keys: %w", addr, err)
		}
		excess += size.Val()
		for _, c := range counts {
			excess -= c.Val()
		}
	}
	return excess, nil
}
