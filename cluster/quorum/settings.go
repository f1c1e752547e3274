package quorum

import (
	"strconv"
	"time"

	"slotdeck/cluster"
)

// Answer is yes, no, or not known.
type Answer uint8

// The answers.
const (
	NotKnown Answer = iota
	Yes
	No
)

// Settings are the settings that decide elections and coverage, as one node
// has them. A node that was not asked, or whose service hides CONFIG GET, has
// the "not known" value in every field.
type Settings struct {
	NodeTimeout    time.Duration // cluster-node-timeout; 0: not known
	ValidityFactor int           // cluster-replica-validity-factor; 0: no limit, -1: not known
	PingPeriod     time.Duration // repl-ping-replica-period; 0: not known
	ManualTimeout  time.Duration // cluster-manual-failover-timeout (Valkey 8.1+); 0: not known
	FullCoverage   Answer        // cluster-require-full-coverage
	NoFailover     Answer        // cluster-replica-no-failover
}

// SettingsOf reads a node's settings. A nil node has none.
func SettingsOf(n *cluster.Node) Settings {
	s := Settings{ValidityFactor: -1}
	if n == nil || !n.Config.Known() {
		return s
	}
	number := func(names ...string) (int, bool) {
		for _, name := range names {
			if v, err := strconv.Atoi(n.Config.Value[name]); err == nil && v >= 0 {
				return v, true
			}
		}
		return 0, false
	}
	if v, ok := number("cluster-node-timeout"); ok {
		s.NodeTimeout = time.Duration(v) * time.Millisecond
	}
	if v, ok := number("cluster-replica-validity-factor", "cluster-slave-validity-factor"); ok {
		s.ValidityFactor = v
	}
	if v, ok := number("repl-ping-replica-period", "repl-ping-slave-period"); ok {
		s.PingPeriod = time.Duration(v) * time.Second
	}
	if v, ok := number("cluster-manual-failover-timeout"); ok {
		s.ManualTimeout = time.Duration(v) * time.Millisecond
	}
	s.FullCoverage = answer(n.Config.Value["cluster-require-full-coverage"])
	s.NoFailover = answer(n.Config.Value["cluster-replica-no-failover"])
	if s.NoFailover == NotKnown {
		s.NoFailover = answer(n.Config.Value["cluster-slave-no-failover"])
	}
	return s
}

func answer(text string) Answer {
	switch text {
	case "yes":
		return Yes
	case "no":
		return No
	}
	return NotKnown
}

// NodeTimeout is the longest node timeout that any node told, 0 when none did:
// the one that a failure detection agreed by several nodes has to wait for.
func NodeTimeout(s *cluster.Snapshot) time.Duration {
	var longest time.Duration
	for i := range s.Nodes {
		longest = max(longest, SettingsOf(&s.Nodes[i]).NodeTimeout)
	}
	return longest
}

// AgeLimit is how long a replica may have been without its primary and still
// stand for election. ok is false when a setting that it needs is not known;
// a limit of 0 means that there is none. One node timeout is forgiven, because
// a failure takes as long to see.
func (s Settings) AgeLimit() (limit time.Duration, ok bool) {
	if s.ValidityFactor == 0 {
		return 0, true
	}
	if s.ValidityFactor < 0 || s.NodeTimeout == 0 {
		return 0, false
	}
	ping := s.PingPeriod
	if ping == 0 {
		ping = 10 * time.Second // the default of all versions; small beside the rest
	}
	return ping + s.NodeTimeout*time.Duration(s.ValidityFactor+1), true
}

// FullCoverage tells whether any answering voter refuses every key while a
// slot is not covered: Yes when one is known to, No when all known ones do not.
func FullCoverage(s *cluster.Snapshot) Answer {
	out := NotKnown
	for i := range s.Nodes {
		switch SettingsOf(&s.Nodes[i]).FullCoverage {
		case Yes:
			return Yes
		case No:
			out = No
		}
	}
	return out
}

// SettingNames are the settings that this package reads, by their names in
// CONFIG GET; an old server knows some by another name ("slave" for "replica"),
// and answers both.
func SettingNames() []string {
	return []string{
		"cluster-node-timeout", "cluster-replica-validity-factor", "repl-ping-replica-period",
		"cluster-manual-failover-timeout", "cluster-require-full-coverage", "cluster-replica-no-failover",
	}
}
