package cluster

import (
	"strconv"
	"strings"
	"time"
)

// StatsOf takes the numbers that the screens need out of INFO. A number the
// server did not send, or sent in another shape, is -1.
func StatsOf(info Info) Stats {
	s := Stats{
		Keys: -1, Expires: -1, UsedMemory: -1, MaxMemory: -1, RSS: -1, Fragmentation: -1,
		OpsPerSec: -1, InputKbps: -1, OutputKbps: -1, Clients: -1, BlockedClients: -1,
		Hits: -1, Misses: -1, Evicted: -1, Expired: -1, Uptime: -1, Offset: -1, LinkIdle: -1,
		ConnectedReplicas: -1,
	}
	offsets := [2]int64{-1, -1} // as a primary, as a replica
	for _, section := range info.Sections {
		if strings.EqualFold(section.Name, "Keyspace") {
			s.Keys, s.Expires = keyspace(section)
		}
		for _, f := range section.Fields {
			s.take(f, &offsets)
		}
	}
	s.Offset = offsets[0]
	if s.Role == Replica && offsets[1] >= 0 {
		s.Offset = offsets[1]
	}
	if s.Flavor == "" && s.Version != "" {
		s.Flavor = "redis"
	}
	return s
}

// take keeps a field if it is one of those wanted.
func (s *Stats) take(f InfoField, offsets *[2]int64) {
	switch f.Name {
	case "redis_version":
		if s.Flavor == "" { // Valkey tells this one for compatibility only
			s.Version = f.Value
		}
	case "valkey_version":
		s.Version, s.Flavor = f.Value, "valkey"
	case "role":
		switch f.Value {
		case "master":
			s.Role = Primary
		case "slave":
			s.Role = Replica
		}
	case "master_repl_offset":
		offsets[0] = whole(f.Value)
	case "slave_repl_offset":
		offsets[1] = whole(f.Value)
	case "master_link_status":
		s.LinkUp = f.Value == "up"
	case "master_sync_in_progress":
		s.Syncing = f.Value == "1"
	case "loading":
		s.Loading = f.Value == "1"
	case "master_last_io_seconds_ago":
		s.LinkIdle = seconds(f.Value)
	case "uptime_in_seconds":
		s.Uptime = seconds(f.Value)
	case "mem_fragmentation_ratio":
		s.Fragmentation = ratio(f.Value)
	case "instantaneous_input_kbps":
		s.InputKbps = ratio(f.Value)
	case "instantaneous_output_kbps":
		s.OutputKbps = ratio(f.Value)
	default:
		s.count(f)
	}
}

// count keeps a field that is a plain number.
func (s *Stats) count(f InfoField) {
	var to *int64
	switch f.Name {
	case "used_memory":
		to = &s.UsedMemory
	case "maxmemory":
		to = &s.MaxMemory
	case "used_memory_rss":
		to = &s.RSS
	case "instantaneous_ops_per_sec":
		to = &s.OpsPerSec
	case "connected_clients":
		to = &s.Clients
	case "blocked_clients":
		to = &s.BlockedClients
	case "keyspace_hits":
		to = &s.Hits
	case "keyspace_misses":
		to = &s.Misses
	case "evicted_keys":
		to = &s.Evicted
	case "expired_keys":
		to = &s.Expired
	case "connected_slaves":
		to = &s.ConnectedReplicas
	default:
		return
	}
	*to = whole(f.Value)
}

// keyspace adds up all databases: "db0:keys=5,expires=1,avg_ttl=0". A section
// without a line means no keys.
func keyspace(section InfoSection) (keys, expires int64) {
	for _, f := range section.Fields {
		if !strings.HasPrefix(f.Name, "db") {
			continue
		}
		keys += max(0, whole(pair(f.Value, "keys")))
		expires += max(0, whole(pair(f.Value, "expires")))
	}
	return keys, expires
}

// ReplicaOffset is what a primary knows of one replica that is linked to it.
type ReplicaOffset struct {
	Addr   string        // host:port as the primary sees it
	State  string        // "online" when it keeps up by the stream; "wait_bgsave", "send_bulk" … before
	Offset int64         // the last the replica acknowledged, at most about a second old; -1 unknown
	Lag    time.Duration // since that acknowledgement; -1 unknown
}

// ReplicaOffsets reads the slaveN lines of a primary's INFO replication.
func ReplicaOffsets(info Info) []ReplicaOffset {
	var out []ReplicaOffset
	section, _ := info.Section("Replication")
	for _, f := range section.Fields {
		number, ok := strings.CutPrefix(f.Name, "slave")
		port, err := parsePort(pair(f.Value, "port"))
		if !ok || whole(number) < 0 || err != nil {
			continue
		}
		out = append(out, ReplicaOffset{
			Addr:   JoinAddr(pair(f.Value, "ip"), port),
			State:  pair(f.Value, "state"),
			Offset: whole(pair(f.Value, "offset")),
			Lag:    seconds(pair(f.Value, "lag")),
		})
	}
	return out
}

// pair finds one value in "key=value,key=value"; empty when it is not there.
func pair(text, key string) string {
	for part := range strings.SplitSeq(text, ",") {
		if name, value, _ := strings.Cut(part, "="); name == key {
			return value
		}
	}
	return ""
}

// whole reads a number from 0 up; -1 for anything else.
func whole(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return max(-1, n)
}

// seconds reads a duration in whole seconds; -1 for anything else, or when it is
// too long to be true.
func seconds(text string) time.Duration {
	const century = 100 * 365 * 24 * 3600
	n := whole(text)
	if n < 0 || n > century {
		return -1
	}
	return time.Duration(n) * time.Second
}

func ratio(text string) float64 {
	f, ok := parseFloat(text)
	if !ok || f < 0 {
		return -1
	}
	return f
}

// AtLeast reports whether the server is of a flavor, and of that version or newer.
func (s *Stats) AtLeast(flavor string, major, minor int) bool {
	first, rest, _ := strings.Cut(s.Version, ".")
	second, _, _ := strings.Cut(rest, ".")
	a, err := strconv.Atoi(first)
	b, _ := strconv.Atoi(second)
	return err == nil && s.Flavor == flavor && (a > major || a == major && b >= minor)
}
