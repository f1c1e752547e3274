package proof

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"slotdeck/keyslot"
)

// expiryDrift is how far a time to live may shift: MIGRATE sends what is left
// of it, and a target that is frozen meanwhile begins to count when it thaws.
const expiryDrift = 30 * time.Second

// Digest is the content of many keys, wherever they are.
type Digest struct{ keys map[name]fingerprint }

// Len is how many keys it covers.
func (d Digest) Len() int { return len(d.keys) }

// String is the number of keys and a sum that is the same in any order.
func (d Digest) String() string {
	var sum [16]byte
	for _, p := range d.keys {
		for i := range sum {
			sum[i] ^= p.sum[i]
		}
	}
	return fmt.Sprintf("%d keys, %x", len(d.keys), sum)
}

// Digest reads, from the owner of each, all keys whose names begin with the
// prefix.
func (j *Judge) Digest(ctx context.Context, prefix string) (Digest, error) {
	w, err := j.world(ctx)
	if err != nil {
		return Digest{}, err
	}
	found, err := j.findAll(ctx, w)
	if err != nil {
		return Digest{}, err
	}
	batches := map[place][]string{}
	for n, at := range found {
		owner := w.owners[keyslot.Of(n.key)]
		if strings.HasPrefix(n.key, prefix) && slices.Contains(at, owner) {
			p := place{owner, n.db}
			batches[p] = append(batches[p], n.key)
		}
	}
	d := Digest{keys: map[name]fingerprint{}}
	for p, keys := range batches {
		for batch := range slices.Chunk(keys, 500) {
			var prints map[string]fingerprint
			err := patiently(ctx, func() (err error) { prints, err = readBatch(ctx, j.client(p), batch); return err })
			if err != nil {
				return Digest{}, fmt.Errorf("node %s does not show its keys: %w", p.addr, err)
			}
			for key, one := range prints {
				d.keys[name{p.db, key}] = one
			}
		}
	}
	return d, nil
}

// Changes is how two digests differ: sentences about keys.
type Changes struct {
	Missing, Changed, Added []string

	Slots keyslot.Set // of them all
}

// OK reports whether they do not.
func (c Changes) OK() bool { return len(c.Missing)+len(c.Changed)+len(c.Added) == 0 }

// String is the changes in one line.
func (c Changes) String() string {
	if c.OK() {
		return "nothing changed"
	}
	return fmt.Sprintf("%d keys missing, %d changed, %d new: %s", len(c.Missing), len(c.Changed), len(c.Added),
		some(slices.Concat(c.Missing, c.Changed, c.Added)))
}

// Compare tells what became of the keys of d.
func (d Digest) Compare(after Digest) Changes {
	var c Changes
	for n, was := range d.keys {
		is, there := after.keys[n]
		slot := keyslot.Of(n.key)
		drift := time.Duration(is.expires-was.expires) * time.Millisecond
		switch {
		case !there:
			c.Slots.Add(slot)
			c.Missing = append(c.Missing, fmt.Sprintf("%v of slot %d", n, slot))
		case is.sum != was.sum:
			c.Slots.Add(slot)
			c.Changed = append(c.Changed, fmt.Sprintf("%v of slot %d has another value", n, slot))
		case (is.expires < 0) != (was.expires < 0) || drift.Abs() > expiryDrift:
			c.Slots.Add(slot)
			c.Changed = append(c.Changed, fmt.Sprintf("%v of slot %d expires at another time (%d ms, before %d)", n, slot, is.expires, was.expires))
		}
	}
	for n := range after.keys {
		if _, there := d.keys[n]; !there {
			c.Slots.Add(keyslot.Of(n.key))
			c.Added = append(c.Added, fmt.Sprintf("%v of slot %d", n, keyslot.Of(n.key)))
		}
	}
	slices.Sort(c.Missing)
	slices.Sort(c.Changed)
	slices.Sort(c.Added)
	return c
}
