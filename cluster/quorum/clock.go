package quorum

import "time"

// How the servers pace an election, all versions: a replica waits 0.5 s, up to
// 0.5 s more by chance, and 1 s for each replica that is further ahead (Valkey
// 9's best replica does not wait); then the votes take milliseconds.
const (
	electionDelay = time.Second
	rankDelay     = time.Second
	margin        = time.Second // the nodes' own rounds, of 0.1 s and more each
)

// Within is when a successor is due at the latest, if all goes well: silent is
// for how long the primary has not answered, agreed that a majority holds it
// for failed, timeout the node timeout (0: not known), rank how many replicas
// are further ahead. Detection takes up to 1.5 node timeouts. It is -1 when
// that cannot be said.
func Within(silent time.Duration, agreed bool, timeout time.Duration, rank int) time.Duration {
	election := electionDelay + time.Duration(rank)*rankDelay + margin
	if agreed {
		return election
	}
	if timeout == 0 {
		return -1
	}
	return max(0, timeout+timeout/2-silent) + election
}

// VotePause is how long to leave a shard alone after an election: until then
// Redis (not Valkey) can count the old votes for a new failover, which then
// falls back. An unknown timeout counts as the servers' default, 15 s.
func VotePause(timeout time.Duration) time.Duration {
	if timeout == 0 {
		timeout = 15 * time.Second
	}
	return 2 * max(2*time.Second, 2*timeout)
}
