package cluster

import (
	"fmt"

	"slotdeck/keyslot"
)

// ShardEntry is one shard of CLUSTER SHARDS. A primary without slots is a shard
// without slots; Redis 7.0 lists a primary that failed and was replaced so, too.
type ShardEntry struct {
	ID    string // Valkey 9.1 and newer; empty otherwise
	Slots []keyslot.Range
	Nodes []ShardNode
}

// ShardNode is one node of CLUSTER SHARDS, as the asked node knows it by gossip.
type ShardNode struct {
	ID       NodeID
	IP       string
	Endpoint string // what clients are told to dial; empty when unknown
	Hostname string
	Port     int    // 0 when only TLS is served
	TLSPort  int    // 0 when not told
	Role     string // "master" or "replica"; after a failover a shard can show two masters
	Health   string // "online", "fail" or "loading"; "fail?" is still online here
	Offset   int64  // replication offset as of the last gossip; -1 when not told
	Zone     string // availability zone; empty when not told
}

const shardsReply = "CLUSTER SHARDS"

// ParseShards reads an answer to CLUSTER SHARDS as a client decoded it, RESP2
// or RESP3. An error is a *MalformedError that names the shard and node, counted from 1.
func ParseShards(reply any) ([]ShardEntry, error) {
	list, err := decoded{reply}.list()
	if err != nil {
		return nil, malformed(shardsReply, "", "%s", err)
	}
	shards := make([]ShardEntry, 0, len(list))
	for i, element := range list {
		shard, place, err := parseShard(element)
		if err != nil {
			return nil, malformed(shardsReply, fmt.Sprintf("shard %d%s", i+1, place), "%s", err)
		}
		shards = append(shards, shard)
	}
	return shards, nil
}

// parseShard also tells where in the shard an error is.
func parseShard(element any) (s ShardEntry, place string, err error) {
	fields, err := decoded{element}.fields()
	if err != nil {
		return s, "", err
	}
	if s.ID, err = (decoded{fields["id"]}).text(); err != nil {
		return s, ", id", err
	}
	if s.Slots, err = parseFlatRanges(fields["slots"]); err != nil {
		return s, ", slots", err
	}
	nodes, err := decoded{fields["nodes"]}.list()
	if err != nil {
		return s, ", nodes", err
	}
	for i, node := range nodes {
		n, err := parseShardNode(node)
		if err != nil {
			return s, fmt.Sprintf(", node %d", i+1), err
		}
		s.Nodes = append(s.Nodes, n)
	}
	return s, "", nil
}

// parseFlatRanges reads start, end, start, end …
func parseFlatRanges(value any) ([]keyslot.Range, error) {
	flat, err := decoded{value}.list()
	if err != nil {
		return nil, err
	}
	if len(flat)%2 != 0 {
		return nil, fmt.Errorf("a list of starts and ends has the odd length %d", len(flat))
	}
	var out []keyslot.Range
	for i := 0; i < len(flat); i += 2 {
		r, err := slotRange(flat[i], flat[i+1])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func parseShardNode(value any) (ShardNode, error) {
	fields, err := decoded{value}.fields()
	if err != nil {
		return ShardNode{}, err
	}
	var n ShardNode
	var id string
	for name, to := range map[string]*string{
		"id": &id, "ip": &n.IP, "endpoint": &n.Endpoint, "hostname": &n.Hostname,
		"role": &n.Role, "health": &n.Health, "availability-zone": &n.Zone,
	} {
		if *to, err = (decoded{fields[name]}).text(); err != nil {
			return ShardNode{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, to := range map[string]*int{"port": &n.Port, "tls-port": &n.TLSPort} {
		if *to, err = (decoded{fields[name]}).port(); err != nil {
			return ShardNode{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if n.Offset, err = (decoded{fields["replication-offset"]}).number(); err != nil {
		return ShardNode{}, fmt.Errorf("replication-offset: %w", err)
	}
	if id == "" {
		return ShardNode{}, fmt.Errorf("it has no id")
	}
	n.ID = NodeID(id)
	return n, nil
}
