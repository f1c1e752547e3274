package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"slotdeck/cluster"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
	"slotdeck/views"
)

const (
	// saveMost is the memory of a key that is saved at the most: DUMP holds the
	// server for as long as it takes to put all of it together.
	saveMost = 16 << 20
	// saveTogether is the memory of the keys that are saved in one round trip.
	saveTogether = 1 << 20

	deletionKind = "deletion" // of what is remembered
)

// Unlink deletes keys that a primary serves.
func (d *keyDesk) Unlink(ctx context.Context, node cluster.NodeID, names []string, save string) (removed, left int, err error) {
	member, ok := d.watch.Latest().Node(node)
	if !ok || member.Dialled == "" {
		return 0, 0, fmt.Errorf("node %s is not there any more", node.Short())
	}
	n := d.doors.At(member.Dialled)
	if save != "" {
		count := len(names)
		if names, err = saveValues(ctx, n, node, names, save); err != nil {
			return 0, 0, fmt.Errorf("a value cannot be saved, so nothing is deleted: %w", err)
		}
		left = count - len(names)
	}
	cmds := make([][]any, len(names))
	for i, name := range names {
		cmds[i] = []any{"UNLINK", name}
	}
	for _, a := range n.Pipeline(ctx, cmds...) {
		if n, is := a.Value.(int64); is {
			removed += int(n)
		}
		if a.Err != nil && err == nil {
			err = a.Err
		}
	}
	return removed, left, err
}

// saveValues writes the values of keys to a file, and returns the keys that may
// be deleted: those that were saved, and those that are gone.
func saveValues(ctx context.Context, n *wire.Node, node cluster.NodeID, names []string, path string) ([]string, error) {
	asks := make([][]any, len(names))
	for i, name := range names {
		asks[i] = []any{"MEMORY", "USAGE", name}
	}
	var small, saved []string
	var together int64
	flush := func() error {
		values, err := dumped(ctx, n, node, small)
		if err == nil && len(values) > 0 {
			err = engine.AppendSaved(path, values...)
		}
		saved, small, together = append(saved, small...), nil, 0
		return err
	}
	for i, a := range n.Pipeline(ctx, asks...) {
		if a.Err != nil {
			return nil, a.Err
		}
		bytes, _ := a.Value.(int64) // 0: it is gone
		if bytes > saveMost {
			continue
		}
		if small, together = append(small, names[i]), together+bytes; together > saveTogether {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	return saved, flush()
}

func dumped(ctx context.Context, n *wire.Node, node cluster.NodeID, names []string) ([]engine.Saved, error) {
	var cmds [][]any
	for _, name := range names {
		cmds = append(cmds, []any{"DUMP", name}, []any{"PEXPIRETIME", name})
	}
	var out []engine.Saved
	now := time.Now()
	answers := n.Pipeline(ctx, cmds...)
	for i, name := range names {
		dump, ttl := answers[2*i], answers[2*i+1]
		for _, err := range []error{dump.Err, ttl.Err} {
			if err != nil {
				return nil, err
			}
		}
		text, there := dump.Value.(string)
		if !there {
			continue
		}
		expires, _ := ttl.Value.(int64)
		out = append(out, engine.Saved{At: now, Job: deletionKind, Node: node, Addr: n.Addr(), Slot: int(keyslot.Of(name)), Key: []byte(name), Dump: []byte(text), Expires: max(expires, -1)})
	}
	return out, nil
}

// SaveFile is a file for the values of one deletion.
func (d *keyDesk) SaveFile() (string, error) {
	if err := os.MkdirAll(d.state, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(d.state, "saved-deletion-"+time.Now().UTC().Format("20060102-150405")+".jsonl"), nil
}

// NotePurge writes down how far a deletion is.
func (d *keyDesk) NotePurge(note views.PurgeNote) error {
	snap := d.watch.Latest()
	if note.Ended {
		return engine.Forget(d.state, deletionKind, snap)
	}
	note.At = time.Now()
	if err := engine.Remember(d.state, deletionKind, snap, note); err != nil {
		return fmt.Errorf("how far the deletion is cannot be written down, so it goes no further: %w", err)
	}
	return nil
}

// LeftPurge is a deletion that was broken off.
func (d *keyDesk) LeftPurge() (note views.PurgeNote, known bool) {
	snap := d.watch.Latest()
	return note, snap != nil && engine.Recall(d.state, deletionKind, snap, &note)
}
