package run

import (
	"context"
	"hash/maphash"
	"net"
	"net/netip"
	"strconv"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// LookAt reads servers by themselves, as they are before they join a cluster.
// What went wrong is in the answers.
func (c *MemberCrew) LookAt(ctx context.Context, addrs ...string) []plan.MemberServer {
	out := make([]plan.MemberServer, len(addrs))
	seed := maphash.MakeSeed()
	inTurns(len(addrs), func(i int) { out[i] = c.lookAt(ctx, addrs[i], seed) })
	return out
}

func (c *MemberCrew) lookAt(ctx context.Context, addr string, seed maphash.Seed) plan.MemberServer {
	n := c.read(ctx, addr, "")
	s := plan.MemberServer{Addr: addr, Err: n.Err, View: n.View.Value, State: n.ClusterInfo.Value.State, Stats: n.Stats, NodeTimeout: n.Config.Value["cluster-node-timeout"]}
	if s.Err != nil {
		return s
	}
	if !n.Info.Known() {
		s.Stats = cluster.StatsOf(cluster.Info{})
	}
	self, _ := s.View.Member(n.ID)
	s.Port, s.BusPort, s.Host = self.Endpoint.Port, self.Endpoint.BusPort, self.Endpoint.IP
	if s.Host == "" {
		s.Host, s.Err = ipOf(ctx, addr)
	}
	libraries, err := c.Libraries(ctx, addr)
	s.Libraries, s.LibsUnknown = libraries, err != nil
	c.passwords(ctx, addr, seed, &s)
	return s
}

// ipOf is the IP that an address is dialled at: CLUSTER MEET takes no names.
func ipOf(ctx context.Context, addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, memberPatience)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(ips) == 0 {
		return "", &wire.Error{Kind: wire.NameNotFound, Addr: addr, Tried: "connecting to", Err: err}
	}
	for _, ip := range ips {
		if ip.Unmap().Is4() { // the servers' default is to listen there
			return ip.Unmap().String(), nil
		}
	}
	return ips[0].String(), nil
}

// passwords notes what the server asks for and what it gives, as digests.
func (c *MemberCrew) passwords(ctx context.Context, addr string, seed maphash.Seed, s *plan.MemberServer) {
	a := c.ask(ctx, addr, memberPatience, []any{"CONFIG", "GET", "requirepass", "masterauth", "masteruser"})[0]
	if a.Err != nil {
		return
	}
	settings := pairsOf(a.Value)
	digest := func(text string) uint64 {
		if text == "" {
			return 0
		}
		return max(1, maphash.String(seed, text))
	}
	s.AuthKnown, s.MasterUser = true, settings["masteruser"] != ""
	s.Password, s.MasterPassword = digest(settings["requirepass"]), digest(settings["masterauth"])
}

// Libraries are the names of the function libraries of a node.
func (c *MemberCrew) Libraries(ctx context.Context, addr string) ([]string, error) {
	a := c.ask(ctx, addr, memberPatience, []any{"FUNCTION", "LIST"})[0]
	if a.Err != nil {
		return nil, a.Err
	}
	list, _ := a.Value.([]any)
	var out []string
	for i, entry := range list {
		name := pairsOf(entry)["library_name"]
		if name == "" {
			name = "library " + strconv.Itoa(i+1)
		}
		out = append(out, name)
	}
	return out, nil
}
