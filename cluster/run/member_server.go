package run

import (
	"context"
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
	inTurns(len(addrs), func(i int) { out[i] = c.lookAt(ctx, addrs[i]) })
	return out
}

func (c *MemberCrew) lookAt(ctx context.Context, addr string) plan.MemberServer {
	n, more := c.read(ctx, addr, "", []any{"FUNCTION", "LIST"}, loginSettings[:], []any{"ACL", "LIST"})
	s := plan.MemberServer{Addr: addr, Err: n.Err, View: n.View.Value, State: n.ClusterInfo.Value.State, Epoch: n.ClusterInfo.Value.CurrentEpoch, Stats: n.Stats, NodeTimeout: n.Config.Value["cluster-node-timeout"]}
	if s.Err != nil {
		return s
	}
	if !n.Info.Known() {
		s.Stats = cluster.StatsOf(cluster.Info{})
	}
	self, _ := s.View.Member(n.ID)
	s.Port, s.BusPort, s.Host = self.Endpoint.Port, self.Endpoint.BusPort, self.Endpoint.IP
	var err error
	if s.Reached, err = ipOf(ctx, addr); s.Host == "" {
		s.Host, s.Err = s.Reached, err
	}
	s.Libraries, err = librariesIn(more[0])
	s.LibsUnknown = err != nil
	c.login(ctx, addr, &s, more[1], more[2])
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

// Libraries are the names of the function libraries of a node.
func (c *MemberCrew) Libraries(ctx context.Context, addr string) ([]string, error) {
	return librariesIn(c.ask(ctx, addr, memberPatience, []any{"FUNCTION", "LIST"})[0])
}

func librariesIn(a wire.Answer) ([]string, error) {
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
