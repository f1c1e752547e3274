package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// replicationChecks are the rules of this file, in their order.
func replicationChecks() []check {
	return []check{
		{lonePrimaries, []Rule{
			{ID: "replica-missing", Least: Look, Most: Look, Repair: AddNode,
				Means: "A shard, or every shard, has no replica: when its primary is lost, its slots and keys are lost with it until it comes back.",
				Next:  "Add a replica on another host, or accept it for a cache."},
		}},
		{brokenLinks, []Rule{
			{ID: "link-down", Least: Urgent, Most: Urgent,
				Means: "The replica has no link to its primary while that one answers: it falls behind, and may not be allowed to take over.",
				Next:  "Read the replica's log: mostly it is the password or user for its primary (masterauth), a closed port, or an output buffer limit that cuts each full sync."},
			{ID: "replica-syncing", Least: Note, Most: Note,
				Means: "The replica receives the whole data set from its primary and serves old data, or none, until it has.",
				Next:  "Wait. When it begins again and again, the output buffer limit for replicas or the backlog is too small."},
		}},
		{laggingReplicas, []Rule{
			{ID: "replica-lag", Least: Look, Most: Urgent,
				Means: "The link is up, but no byte came over it for longer than the ping period explains: 10 s is worth a look, 60 s is urgent.",
				Next:  "Look whether the primary is busy with one long command, and at the network between the two."},
		}},
		{distantReplicas, []Rule{
			{ID: "replica-behind", Least: Look, Most: Look,
				Means: "The replica lacks this much of what its primary wrote. If the primary is lost now, so is that.",
				Next:  "Look at the replica's load, its disk and the network to it; when it stays, writes come faster than the link carries."},
		}},
		{repeatedSyncs, []Rule{
			{ID: "syncs-repeat", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "repl-backlog-size",
				Means: "The primary has sent its whole data set several times within minutes: replicas lose the link and cannot continue where they were.",
				Next:  "Read the replica's log for the reason: mostly the output buffer limit for replicas or the backlog is too small, or the load takes longer than repl-timeout."},
		}},
		{smallBacklogs, []Rule{
			{ID: "backlog-small", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "repl-backlog-size",
				Means: "At the present rate of writes the backlog holds less than a minute of them: a replica that is away for longer, as in a restart, needs a full sync.",
				Next:  "Set repl-backlog-size to the rate of writes times the longest break you expect."},
		}},
		{fullBuffers, []Rule{
			{ID: "buffer-near", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "client-output-buffer-limit",
				Means: "What waits to be sent to the replicas is near the output buffer limit. At the limit the link is cut, and the next full sync may be cut the same way.",
				Next:  "Raise the limit of the class slave (or replica) in client-output-buffer-limit, and look why the replica takes so little."},
		}},
		{strictValidity, []Rule{
			{ID: "validity-strict", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "cluster-replica-validity-factor",
				Means: "By the validity factor and the node timeout a replica may not take over after only a short time without its primary.",
				Next:  "Raise cluster-replica-validity-factor, or set it to 0 where a replica that lost some writes is better than no primary."},
		}},
		{scarceReplicas, []Rule{
			{ID: "writes-refused", Least: Urgent, Most: Urgent, Repair: ChangeSetting, Setting: "min-replicas-to-write",
				Means: "The primary has fewer replicas in good order than min-replicas-to-write asks for, and refuses every write.",
				Next:  "Bring the replicas back. When that takes long and losing writes is better than refusing them, lower min-replicas-to-write."},
			{ID: "split-brain", Least: Note, Most: Note, Repair: ChangeSetting, Setting: "min-replicas-to-write",
				Means: "With min-replicas-to-write 0 a primary that is cut off goes on accepting writes until the node timeout has passed; they are lost when its replica takes over.",
				Next:  "Accept it for a cache. Else set min-replicas-to-write to 1 where every primary has two replicas, so that the loss of one does not stop writes."},
		}},
		{chainedReplicas, []Rule{
			{ID: "replica-chained", Least: Look, Most: Look, Repair: FollowAnother,
				Means: "The replica follows a node that is itself a replica: it learns everything later, and is lost with the one in between.",
				Next:  "Let it follow the shard's primary (headless: slotdeck replicate)."},
		}},
		{outrunBacklogs, []Rule{
			{ID: "backlog-outrun", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "repl-backlog-size",
				Means: "The replica is further behind than its primary's backlog reaches: a short break of the link would cost a full sync.",
				Next:  "Set repl-backlog-size to more than what is written during the breaks you expect."},
		}},
	}
}

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

// laggingReplicas goes by the time since the last byte on a link that is up. A
// primary without writes sends one every ping period only.
func laggingReplicas(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if n.Stats.Role != cluster.Replica || !n.Stats.LinkUp || n.Stats.LinkIdle < 0 {
			continue
		}
		ping := pingPeriod(e, n)
		idle, text := n.Stats.LinkIdle, "has heard nothing from its primary for "
		if ack := silentReplica(e, n); ack > idle {
			idle, text = ack, "has acknowledged nothing to its primary for "
		}
		switch {
		case idle >= max(seconds(e.std.limit("lag-urgent")), ping+2*time.Second):
			out = append(out, e.about(n, "replica-lag", Urgent, text+span(idle)))
		case idle >= max(seconds(e.std.limit("lag-look")), ping+2*time.Second):
			out = append(out, e.about(n, "replica-lag", Look, text+span(idle)))
		}
	}
	return out
}

// pingPeriod is how often a replica's primary sends at least something.
func pingPeriod(e *examination, n *cluster.Node) time.Duration {
	p, _ := e.s.Node(n.Member.Primary)
	for _, at := range []*cluster.Node{p, n} {
		if d := quorum.SettingsOf(at).PingPeriod; d > 0 {
			return d
		}
	}
	return 10 * time.Second
}

// silentReplica is for how long a replica's primary has heard no acknowledgement;
// -1 when that is not known.
func silentReplica(e *examination, n *cluster.Node) time.Duration {
	p, ok := e.s.Node(n.Member.Primary)
	if !ok || p.Health != cluster.Answering || !p.Info.Known() {
		return -1
	}
	for _, o := range cluster.ReplicaOffsets(p.Info.Value) {
		if o.Addr == n.Member.Endpoint.Addr() && o.State == "online" {
			return o.Lag
		}
	}
	return -1
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

func distantReplicas(e *examination) []Finding {
	var out []Finding
	for i := range e.s.Shards {
		shard := &e.s.Shards[i]
		for _, id := range shard.Replicas {
			n, ok := e.s.Node(id)
			if !ok || n.Health != cluster.Answering || !n.Stats.LinkUp {
				continue
			}
			if behind := quorum.Behind(e.s, shard, n); behind > 0 && float64(behind) >= mib*e.std.limit("lag-bytes") {
				out = append(out, e.about(n, "replica-behind", Look, "is "+bytes(behind)+" behind its primary"))
			}
		}
	}
	return out
}

func repeatedSyncs(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if by, over, ok := e.grown(n, "sync_full"); ok && float64(by) >= max(1, e.std.limit("full-syncs")) {
			out = append(out, e.about(n, "syncs-repeat", Look, "has sent all of its data "+plural(int(by), "time", "times")+" within "+span(over)))
		}
	}
	return out
}

// smallBacklogs goes by the rate of writes between two checkups.
func smallBacklogs(e *examination) []Finding {
	var out []Finding
	for shard, n := range e.leaders {
		size := e.number(n, "repl_backlog_size")
		by, over, ok := e.grown(n, "master_repl_offset")
		if len(shard.Replicas) == 0 || size <= 0 || !ok || over <= 0 {
			continue
		}
		rate := float64(by) / over.Seconds()
		if need := rate * e.std.limit("reconnect-time"); need > float64(size) {
			f := e.about(n, "backlog-small", Look, fmt.Sprintf("writes %s/s, and its backlog of %s holds %s of that", bytes(int64(rate)), bytes(size), span(seconds(float64(size)/rate))))
			f.Evidence = []string{"a break of " + span(seconds(e.std.limit("reconnect-time"))) + " needs " + bytes(int64(need))}
			out = append(out, f)
		}
	}
	return out
}

// fullBuffers goes by what all replicas' buffers hold together: INFO tells no
// single ones.
func fullBuffers(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		held := e.number(n, "mem_clients_slaves")
		limits, known := setting(n, "client-output-buffer-limit")
		hard, soft := replicaLimits(limits)
		limit := hard
		if soft > 0 && (limit == 0 || soft < limit) {
			limit = soft
		}
		if !known || held <= 0 || limit == 0 || float64(held)*100 < float64(limit)*e.std.limit("buffer-share") {
			continue
		}
		out = append(out, e.about(n, "buffer-near", Look, fmt.Sprintf("holds %s for its replicas; the limit for one is %s", bytes(held), bytes(limit))))
	}
	return out
}

// replicaLimits reads the hard and soft limit of replicas out of
// client-output-buffer-limit; 0 stands for none.
func replicaLimits(text string) (hard, soft int64) {
	words := strings.Fields(text)
	for i := 0; i+3 < len(words); i += 4 {
		if words[i] == "slave" || words[i] == "replica" {
			hard, _ = strconv.ParseInt(words[i+1], 10, 64)
			soft, _ = strconv.ParseInt(words[i+2], 10, 64)
		}
	}
	return max(0, hard), max(0, soft)
}

func strictValidity(e *examination) []Finding {
	var shortest time.Duration
	who := e.having(func(n *cluster.Node) bool {
		limit, known := quorum.SettingsOf(n).AgeLimit()
		strict := n.Stats.Role == cluster.Replica && known && limit > 0 && limit < seconds(e.std.limit("validity-time"))
		if strict && (shortest == 0 || limit < shortest) {
			shortest = limit
		}
		return strict
	})
	text := "may not take over after " + span(shortest) + " without a link"
	return e.together("validity-strict", Look, who, text, text)
}

func scarceReplicas(e *examination) []Finding {
	var out []Finding
	open := []*cluster.Node{}
	for shard, n := range e.leaders {
		text, known := setting(n, "min-replicas-to-write")
		want, err := strconv.Atoi(text)
		if !known || err != nil {
			continue
		}
		good := e.number(n, "min_slaves_good_slaves")
		switch {
		case want > 0 && good >= 0 && good < int64(want):
			out = append(out, e.about(n, "writes-refused", Urgent, fmt.Sprintf("refuses writes: %s in good order, and min-replicas-to-write is %d",
				plural(int(good), "replica is", "replicas are"), want)))
		case want == 0 && len(shard.Replicas) > 0:
			open = append(open, n)
		}
	}
	return append(out, e.together("split-brain", Note, open, "accepts writes while it is cut off, until the node timeout has passed", "accept writes while they are cut off, until the node timeout has passed")...)
}

func chainedReplicas(e *examination) []Finding {
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		p, ok := e.s.Node(n.Member.Primary)
		if ok && n.Member.Flags.Has(cluster.Replica) && p.Member.Flags.Has(cluster.Replica) {
			out = append(out, e.about(n, "replica-chained", Look, "follows "+name(p)+", which is a replica itself"))
		}
	}
	return out
}
