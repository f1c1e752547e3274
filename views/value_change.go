package views

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// fieldChange is the command that replaces a field's value, and what it comes to.
func fieldChange(s *cluster.Snapshot, key string, row keyspace.Row, text string) (words []string, why string) {
	const replaced = "the value of one field is replaced"
	switch {
	case row.TTL < 0:
		return []string{"HSET", key, row.Name, text}, replaced
	case keepsFieldTTLs(s, keyslot.Of(key)):
		return []string{"HSETEX", key, "FXX", "KEEPTTL", "FIELDS", "1", row.Name, text}, replaced + "; its own time to live stays"
	}
	return []string{"HSET", key, row.Name, text}, replaced + "; HSET takes the field's own time to live away, and not all nodes have HSETEX, which leaves it (Redis 8.0, Valkey 9.0 and newer)"
}

// keepsFieldTTLs reports whether whoever serves a slot, now or after a failover or
// a move, knows HSETEX.
func keepsFieldTTLs(s *cluster.Snapshot, slot keyslot.Slot) bool {
	if s == nil {
		return false
	}
	sh, served := s.ShardOf(slot)
	if !served {
		return false
	}
	primary, ok := s.Node(sh.Primary)
	return ok && primary.Stats.Version != "" && !slices.ContainsFunc(s.Nodes, func(n cluster.Node) bool {
		return n.Stats.Version != "" && !n.Stats.AtLeast("redis", 8, 0) && !n.Stats.AtLeast("valkey", 9, 0)
	})
}

// riskOf is what a change of a key can lose: what it puts in the place of
// something, or takes away, is gone.
func riskOf(command string) plan.Risk {
	switch command {
	case "PERSIST", "HPERSIST", "RENAMENX", "HSETNX", "SADD", "RPUSH", "XADD":
		return plan.Safe
	}
	return plan.Disruptive
}

// carryOut reads the key once more, and sends the change when what it concerns
// is as it was shown.
func carryOut(ctx context.Context, desk KeyDesk, before keyspace.Value, asked keyspace.ValueAsk, words []string) (string, error) {
	now, err := desk.Value(ctx, before.Key, asked)
	if err != nil {
		return "", fmt.Errorf("nothing was changed: %w", err)
	}
	if differs(before, now, words) {
		return "", errors.New("nothing was changed: the key is not any more as it was shown")
	}
	t := desk.Step(ctx, keyspace.Begin(desk.Home(before.Key), words))
	for {
		if _, _, more := t.Next(); !more || ctx.Err() != nil {
			break
		}
		t = desk.Step(ctx, t)
	}
	last, ok := t.Last()
	switch {
	case !ok || last.Outcome == keyspace.Silent:
		return "", fmt.Errorf("whether it was changed is not known: %w", errors.Join(last.Err, ctx.Err()))
	case last.Outcome != keyspace.Answered:
		return "", fmt.Errorf("nothing was changed: %w", last.Err)
	}
	if foundNothing(words[0], t.Replies[0]) {
		return "", fmt.Errorf("%s found nothing to change", words[0])
	}
	return fmt.Sprintf("%s done by %s", words[0], ui.Clean(last.Addr)), nil
}

// foundNothing reports whether an answer says that nothing was changed. HSET and
// ZADD count what is new; commands on fields answer for each.
func foundNothing(command string, reply any) bool {
	switch v := reply.(type) {
	case nil:
		return true
	case int64:
		return v == 0 && command != "HSET" && command != "ZADD"
	case []any:
		if len(v) != 1 {
			return false
		}
		n, is := v[0].(int64)
		return is && n <= 0
	}
	return false
}

// differs reports whether what a change concerns has changed: the type, the
// text of a string that is replaced, the element that is replaced.
func differs(before, now keyspace.Value, words []string) bool {
	if before.Type != now.Type {
		return true
	}
	switch words[0] {
	case "SET", "JSON.SET":
		return before.Text != now.Text
	case "LSET", "HSET", "HSETEX", "ZADD":
		name := words[2]
		switch words[0] {
		case "ZADD":
			name = words[len(words)-1]
		case "HSETEX":
			name = words[len(words)-2]
		}
		was, had := rowNamed(before, name)
		is, has := rowNamed(now, name)
		return had && (!has || was.Text != is.Text || was.TTL < 0 && is.TTL >= 0) // HSET would take that away
	}
	return false
}

func rowNamed(v keyspace.Value, name string) (keyspace.Row, bool) {
	for _, r := range v.Rows {
		if r.Name == name {
			return r, true
		}
	}
	return keyspace.Row{}, false
}
