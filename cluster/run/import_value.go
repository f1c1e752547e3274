package run

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// importItem is a key as the source has it now.
type importItem struct {
	key     string
	dump    string
	left    int64 // ms until it expires, or, when the source can tell, since 1970; -1: never
	expires int64 // ms since 1970; -1: never
}

// read reads those keys of a batch at the source that are not settled, and, when
// they are to be taken away, watches all of them.
func (h *importHand) read(source *importLine, c *carrying) (items []importItem, took time.Duration, err error) {
	var wanted []string
	watch := []any{"WATCH"}
	for _, k := range c.keys {
		if s := c.state[k]; !s.gone && s.why == "" && !(h.plan.Copy && s.there) {
			wanted, watch = append(wanted, k), append(watch, k)
		}
	}
	if len(wanted) == 0 {
		return nil, 0, nil
	}
	var cmds [][]any
	if !h.plan.Copy {
		cmds = append(cmds, watch)
	}
	first := len(cmds)
	for _, k := range wanted {
		cmds = append(cmds, []any{"DUMP", k}, []any{h.lifetime(), k})
	}
	began := time.Now()
	answers := source.Pipeline(cmds...)
	took = time.Since(began)
	now := time.Now().UnixMilli()
	for _, a := range answers {
		if a.Err != nil {
			return nil, took, a.Err
		}
	}
	for i, k := range wanted {
		dump, there := answers[first+2*i].Value.(string)
		left, _ := answers[first+2*i+1].Value.(int64)
		s := c.state[k]
		if !there || left == -2 {
			s.gone = true // expired, or deleted by somebody else, or by this batch before its connection broke
			continue
		}
		expires := left
		if left >= 0 && !h.plan.TellsExpiry() {
			left = max(left, 1) // 0 would be for ever
			expires = now + left
		}
		if s.there && s.put != dump {
			s.there = false // it changed since
		}
		items = append(items, importItem{k, dump, left, expires})
	}
	return items, took, nil
}

// lifetime is the command that tells when a key expires: at which moment, or on
// servers before version 7 in how long.
func (h *importHand) lifetime() string {
	if h.plan.TellsExpiry() {
		return "PEXPIRETIME"
	}
	return "PTTL"
}

// restore puts keys on their node, and waits until a replica has them, too, when
// they are going to be deleted at the source.
func (h *importHand) restore(ctx context.Context, c *carrying, addr string, items []importItem, replicas int) (took time.Duration, err error) {
	defer func() {
		for _, v := range items {
			if err != nil { // not sure yet: nothing of it is deleted
				c.state[v.key].there = false
			}
		}
	}()
	line, err := h.to(ctx, addr, c.db)
	if err != nil {
		return 0, err
	}
	var cmds [][]any
	for _, v := range items {
		cmds = append(cmds, h.restoring(v, h.plan.Replace))
	}
	began := time.Now()
	answers := line.Pipeline(cmds...)
	took = time.Since(began)
	wrote := false
	for i, v := range items {
		s, err := c.state[v.key], answers[i].Err
		if err != nil && saying(err, "BUSYKEY") {
			err = h.busy(ctx, c, line, v)
		} else if err == nil {
			wrote = true
			s.put, s.there, s.held = v.dump, true, false
		}
		if err != nil {
			return took, refusedValue(addr, err)
		}
	}
	if h.plan.Copy || replicas == 0 {
		return took, nil
	}
	return took, confirm(ctx, line, wrote)
}

// importConfirm is how long a replica may take to confirm.
const importConfirm = 5 * time.Second

// confirm waits until a replica has all that its primary has now. WAIT asks the
// replicas at once, but counts only from this connection's last write.
func confirm(ctx context.Context, line *importLine, wrote bool) error {
	none := onceMore(fmt.Errorf("no replica of %s has confirmed what was imported, so it is not deleted at the source", line.Addr()))
	if wrote {
		has, err := line.Do("WAIT", 1, importConfirm.Milliseconds())
		if err == nil && has == any(int64(0)) {
			err = none
		}
		return err
	}
	want := int64(-1)
	for until := time.Now().Add(importConfirm); time.Now().Before(until); {
		v, err := line.Do("INFO", "replication")
		if err != nil {
			return err
		}
		text, _ := v.(string)
		info, err := cluster.ParseInfo(text)
		if err != nil {
			return err
		}
		if offset, ok := info.Int("master_repl_offset"); ok && want < 0 {
			want = offset
		}
		for _, r := range cluster.ReplicaOffsets(info) {
			if r.State == "online" && r.Offset >= want {
				return nil
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return none
}

func (h *importHand) restoring(v importItem, replace bool) []any {
	cmd := []any{"RESTORE", v.key, max(v.left, 0), v.dump}
	if v.left >= 0 && h.plan.TellsExpiry() {
		cmd = append(cmd, "ABSTTL")
	}
	if replace {
		cmd = append(cmd, "REPLACE")
	}
	return cmd
}

// refusedValue explains what a target does not take.
func refusedValue(addr string, err error) error {
	switch {
	case saying(err, "ERR DUMP payload version"):
		return fmt.Errorf("%s is older than the source and cannot read its values: %w", addr, err)
	case saying(err, "OOM"):
		return fmt.Errorf("%s has no memory left; give it more or more nodes, and run the import again: it goes on where it was: %w", addr, err)
	}
	return err
}

// busy settles a key that its node has already: the same value is as good as
// imported; one that this import has put there, and that nobody has changed
// since, is put there anew; any other stays as it is.
func (h *importHand) busy(ctx context.Context, c *carrying, target *importLine, v importItem) error {
	s := c.state[v.key]
	theirs, err := valueAt(target, v.key, h.lifetime())
	if err != nil {
		return err
	}
	if !theirs.exists {
		return onceMore(errors.New("a key was there, and then was not"))
	}
	if s.put != "" && theirs.dump == s.put && s.put != v.dump {
		if _, err := target.Do(h.restoring(v, true)...); err != nil {
			return err
		}
		s.put, s.there, s.held = v.dump, true, false
		return nil
	}
	ours := value{exists: true, dump: v.dump, kind: theirs.kind, expires: v.expires}
	if !theirs.same(ours) && len(v.dump) <= readWhole {
		source, err := h.beside(ctx, c.db)
		if err != nil {
			return err
		}
		defer source.Close()
		if ours, err = valueAt(source, v.key, h.lifetime()); err != nil {
			return err
		}
		if !ours.exists { // SCAN named it twice, and the other batch was first
			s.gone = true
			return nil
		}
		ours.expires = v.expires
	}
	if !theirs.same(ours) {
		s.why = "the cluster has another value under this name"
		return nil
	}
	s.held = s.held || s.put == ""
	s.put, s.there = v.dump, true
	return nil
}

// beside is one more connection to the source, which does not disturb what the
// hand's own one watches.
func (h *importHand) beside(ctx context.Context, db int) (*importLine, error) {
	line, err := wire.Dial(ctx, h.plan.Source.Addr, h.options.From, importPatience)
	if err != nil {
		return nil, err
	}
	l := &importLine{line, 0}
	if err := l.in(db); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// valueAt reads all there is of a key, to be compared.
func valueAt(line *importLine, key, lifetime string) (v value, err error) {
	answers := line.Pipeline([]any{"TYPE", key}, []any{"DUMP", key}, []any{lifetime, key})
	for _, a := range answers {
		if a.Err != nil {
			return v, a.Err
		}
	}
	v.kind = textOf(answers[0])
	v.dump, v.exists = answers[1].Value.(string)
	if v.expires, _ = answers[2].Value.(int64); v.expires >= 0 && lifetime == "PTTL" {
		v.expires += time.Now().UnixMilli()
	}
	cmds := contentCommands(v.kind, key)
	if !v.exists || len(v.dump) > readWhole || cmds == nil {
		return v, nil
	}
	v.whole = true
	for _, a := range line.Pipeline(cmds...) {
		if a.Err != nil {
			return v, a.Err
		}
		v.content = append(v.content, flat(a.Value)...)
	}
	switch v.kind {
	case "set":
		sort.Strings(v.content)
	case "hash":
		v.content = sortedPairs(v.content)
	}
	return v, nil
}
