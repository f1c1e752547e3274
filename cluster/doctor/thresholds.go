package doctor

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
)

// Threshold is where a rule begins to speak. The operator may set another value.
type Threshold struct {
	Name  string
	Value float64 // unless it is set
	Unit  string
	Rule  string // the ID of the rule, or of the first of several
	Means string
}

// Thresholds is the one table of them, in the order of the rules.
func Thresholds() []Threshold {
	return []Threshold{
		{"disagree-time", 10, "s", "views-differ", "nodes name different owners or epochs for so long"},
		{"handshake-time", 5, "s", "handshake-stuck", "a meeting has not ended for so long"},
		{"lag-look", 10, "s", "replica-lag", "nothing came from the primary, or no acknowledgement from the replica, for so long"},
		{"lag-urgent", 60, "s", "replica-lag", "the same, urgent"},
		{"lag-bytes", 64, "MiB", "replica-behind", "a replica is so far behind its primary"},
		{"reconnect-time", 60, "s", "backlog-small", "a break of the link that the backlog should outlast"},
		{"buffer-share", 75, "%", "buffer-near", "of the output buffer limit for replicas is in use"},
		{"full-syncs", 2, "syncs", "syncs-repeat", "between two checkups, of one primary"},
		{"validity-time", 10, "s", "validity-strict", "a replica without a link for longer than this should still be eligible"},
		{"uneven-slots", 50, "%", "slots-uneven", "more slots than the mean of the shards"},
		{"uneven-keys", 100, "%", "keys-uneven", "more keys than the mean of the shards"},
		{"least-keys", 10000, "keys", "keys-uneven", "below this many of the fullest shard nothing is said"},
		{"uneven-memory", 100, "%", "memory-uneven", "more memory than the mean of the shards"},
		{"least-memory", 100, "MiB", "memory-uneven", "below this much of the fullest shard nothing is said"},
		{"uneven-traffic", 200, "%", "traffic-uneven", "more commands a second than the mean of the shards"},
		{"least-traffic", 1000, "ops/s", "traffic-uneven", "below this many of the busiest shard nothing is said"},
		{"memory-look", 80, "%", "memory-full", "of maxmemory is in use"},
		{"memory-urgent", 95, "%", "memory-full", "the same, urgent with the policy noeviction"},
		{"fragmentation", 1.5, "times", "memory-fragmented", "the process holds so much of the host for its data"},
		{"fragmentation-waste", 100, "MiB", "memory-fragmented", "below this much waste nothing is said"},
		{"swap-least", 64, "MiB", "memory-swapped", "below this much data nothing is said"},
		{"expiring-few", 10, "%", "eviction-unfit", "with a volatile policy, fewer of the keys can be evicted"},
		{"expiring-many", 90, "%", "eviction-off", "with the policy noeviction, at least so many of the keys have a time to live"},
		{"lazyfree-pending", 1000000, "objects", "lazyfree-piling", "wait to be freed in the background"},
		{"big-bytes", 4, "MiB", "keys-big", "of a string, or of one request or reply"},
		{"big-elements", 100000, "elements", "keys-big", "of a list, set, sorted set or hash, counted in steps that double"},
		{"big-recent", 3600, "s", "keys-big", "how long ago a request or reply may have been"},
		{"host-memory", 100, "%", "host-memory", "of the host's memory, by the maxmemory of its nodes together"},
		{"fork-room", 90, "%", "fork-room", "of the host's memory, by what its nodes use and what a fork copies"},
		{"loss-memory", 80, "%", "shard-room", "of the other shards' maxmemory, if the fullest shard were emptied into them"},
		{"fork-time", 500, "ms", "fork-slow", "the last fork took so long, and the node served nobody meanwhile"},
		{"unsaved-changes", 1000000, "changes", "changes-unsaved", "are in no snapshot, while snapshots are the only persistence"},
		{"unsaved-time", 3600, "s", "changes-unsaved", "and the last snapshot is so old"},
		{"clients-share", 80, "%", "clients-full", "of maxclients are connected"},
		{"blocked-clients", 100, "clients", "clients-blocked", "wait in blocking commands"},
		{"hit-share", 50, "%", "hits-few", "of the lookups between two checkups found a key"},
		{"least-lookups", 1000, "lookups", "hits-few", "below this many between two checkups nothing is said"},
		{"slow-commands", 10, "commands", "slowlog-grows", "written to the slow log between two checkups, by one node"},
		{"latency", 100, "ms", "latency-events", "the worst of an event of the server's latency monitor"},
		{"latency-recent", 600, "s", "latency-events", "how long ago it may have been"},
		{"costly-time", 10, "ms", "commands-costly", "the mean time of a call of one command"},
		{"costly-calls", 10, "calls", "commands-costly", "below this many between two checkups nothing is said"},
		{"errors", 100, "errors", "errors-routing", "of one kind between two checkups, by one node; those of errors-refused and errors-login, too"},
		{"tcp-backlog", 128, "connections", "backlog-tcp", "tcp-backlog is below this"},
		{"clock-skew", 2, "s", "clock-skew", "a node's clock differs from the middle one of all"},
	}
}

// Standards is what a cluster is measured by. The zero value measures by the
// table's own values, and takes every host for a zone.
type Standards struct {
	Thresholds map[string]float64 // those that are set, by name
	Zones      cluster.Zones
}

// Check refuses names that are not in the table, and values that cannot be.
func (x Standards) Check() error {
	for name, value := range x.Thresholds {
		if err := CheckThreshold(name, value); err != nil {
			return err
		}
	}
	return nil
}

// CheckThreshold refuses a name that is not in the table, and a value that cannot be.
func CheckThreshold(name string, value float64) error {
	at := slices.IndexFunc(Thresholds(), func(t Threshold) bool { return t.Name == name })
	switch {
	case at < 0:
		return fmt.Errorf("%q is no threshold; docs/health.md has the table", name)
	case !(value >= 0) || value > 1e15:
		return fmt.Errorf("%s cannot be %v %s", name, value, Thresholds()[at].Unit)
	}
	return nil
}

// limit is the value of a threshold.
func (x Standards) limit(name string) float64 {
	if v, set := x.Thresholds[name]; set {
		return v
	}
	for _, t := range Thresholds() {
		if t.Name == name {
			return t.Value
		}
	}
	return 0 // not reached: a test compares the names in the sources with the table
}
