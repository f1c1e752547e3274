package doctor

import (
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// lonePrimaries finds shards without any replica: one finding when that is all
// of them, as in a cache that does not want any.
func lonePrimaries(e *examination) []Finding {
	var alone []*cluster.Shard
	shards := 0
	for i := range e.s.Shards {
		shard := &e.s.Shards[i]
		if shard.SlotLen == 0 {
			continue
		}
		if shards++; len(shard.Replicas) == 0 {
			alone = append(alone, shard)
		}
	}
	if len(alone) == shards && shards > 1 {
		return []Finding{{ID: "replica-missing", Severity: Look, Text: "no shard has a replica: every lost primary takes its slots with it"}}
	}
	var out []Finding
	for _, shard := range alone {
		out = append(out, Finding{ID: "replica-missing", Severity: Look, Shard: shard.Letter, Node: shard.Primary,
			Text: fmt.Sprintf("shard %s (%s) has no replica", shard.Letter, nameOf(e.s, shard.Primary))})
	}
	return out
}

func brokenLinks(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if n.Stats.Role != cluster.Replica || n.Stats.LinkUp {
			continue
		}
		if p, ok := e.s.Node(n.Member.Primary); ok && p.Health != cluster.Answering {
			continue // no wonder, and told elsewhere
		}
		if n.Stats.Syncing {
			out = append(out, e.about(n, "replica-syncing", Note, "is in a full sync with its primary"))
			continue
		}
		text := "has never been linked to its primary"
		if age, ok := quorum.LinkAge(e.s, n); ok {
			text = "has had no link to its primary for " + span(age)
		}
		out = append(out, e.about(n, "link-down", Urgent, text))
	}
	return out
}

const (
	lagLook   = 10 * time.Second
	lagUrgent = 60 * time.Second
)

// laggingReplicas goes by the time since the last byte on a link that is up. A
// primary without writes sends one every ping period only.
func laggingReplicas(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if n.Stats.Role != cluster.Replica || !n.Stats.LinkUp || n.Stats.LinkIdle < 0 {
			continue
		}
		ping := quorum.SettingsOf(n).PingPeriod
		if ping == 0 {
			ping = 10 * time.Second
		}
		idle := n.Stats.LinkIdle
		switch {
		case idle >= max(lagUrgent, ping+2*time.Second):
			out = append(out, e.about(n, "replica-lag", Urgent, "has heard nothing from its primary for "+span(idle)))
		case idle >= max(lagLook, ping+2*time.Second):
			out = append(out, e.about(n, "replica-lag", Look, "has heard nothing from its primary for "+span(idle)))
		}
	}
	return out
}

// outrunBacklogs finds replicas so far behind that a broken link would cost a
// full sync.
func outrunBacklogs(e *examination) []Finding {
	var out []Finding
	for i := range e.s.Shards {
		shard := &e.s.Shards[i]
		p, ok := e.s.Node(shard.Primary)
		if !ok || !p.Info.Known() {
			continue
		}
		backlog, ok := p.Info.Value.Int("repl_backlog_size")
		if !ok || backlog <= 0 {
			continue
		}
		for _, id := range shard.Replicas {
			n, found := e.s.Node(id)
			if !found || n.Health != cluster.Answering || !n.Stats.LinkUp {
				continue
			}
			if behind := quorum.Behind(e.s, shard, n); behind > backlog {
				out = append(out, e.about(n, "backlog-outrun", Look,
					fmt.Sprintf("is %s behind, more than its primary's backlog of %s: a broken link costs a full sync", bytes(behind), bytes(backlog))))
			}
		}
	}
	return out
}
