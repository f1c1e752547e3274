package run

import (
	"context"
	"strconv"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// ReadImportSource reads the server that an import is to empty or copy.
func ReadImportSource(ctx context.Context, addr string, o wire.Options) (plan.ImportSource, error) {
	s := plan.ImportSource{Addr: addr, Libraries: -1}
	node := wire.Open(addr, o)
	defer node.Close()
	answers := node.Pipeline(ctx, []any{"INFO"}, []any{"FUNCTION", "LIST"})
	if err := answers[0].Err; err != nil {
		return s, err
	}
	info, err := cluster.ParseInfo(textOf(answers[0]))
	if err != nil {
		return s, &wire.Error{Kind: wire.Rubbish, Addr: addr, Tried: "INFO", Err: err}
	}
	stats := cluster.StatsOf(info)
	enabled, _ := info.Int("cluster_enabled")
	s.Version, s.Flavor, s.Memory = stats.Version, stats.Flavor, stats.UsedMemory
	s.Replica, s.Cluster = stats.Role == cluster.Replica, enabled == 1
	if list, ok := answers[1].Value.([]any); ok {
		s.Libraries = len(list)
	}
	section, _ := info.Section("Keyspace")
	for _, f := range section.Fields {
		number, isDB := strings.CutPrefix(f.Name, "db")
		db, err := strconv.Atoi(number)
		if !isDB || err != nil || db < 0 {
			continue
		}
		for part := range strings.SplitSeq(f.Value, ",") {
			if text, ok := strings.CutPrefix(part, "keys="); ok {
				if keys, err := strconv.ParseInt(text, 10, 64); err == nil && keys > 0 {
					s.Databases = append(s.Databases, plan.ImportCount{DB: db, Keys: keys})
				}
			}
		}
	}
	return s, nil
}

// Databases is how many databases the nodes of a cluster have.
func (c *MemberCrew) Databases(ctx context.Context, addr string) int {
	a := c.ask(ctx, addr, memberPatience, []any{"CONFIG", "GET", "cluster-databases"})[0]
	n, err := strconv.Atoi(pairsOf(a.Value)["cluster-databases"])
	if err != nil {
		return 1
	}
	return n
}
