package cli

import (
	"net"
	"strconv"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

func answerShard(s *cluster.Snapshot, sh *cluster.Shard) shardAnswer {
	a := shardAnswer{
		Letter: sh.Letter, Slots: keyslot.SetOf(sh.Slots...).String(), SlotCount: sh.SlotLen,
		Replicas: []nodeAnswer{},
	}
	if p, ok := s.Node(sh.Primary); ok {
		n := answerNode(s, p)
		a.Primary = &n
	}
	for _, id := range sh.Replicas {
		if r, ok := s.Node(id); ok {
			a.Replicas = append(a.Replicas, answerNode(s, r))
		}
	}
	return a
}

func answerNode(s *cluster.Snapshot, n *cluster.Node) nodeAnswer {
	a := nodeAnswer{
		ID: n.ID, Addr: addressOf(n), State: stateOf(n), Epoch: n.Member.Epoch,
		SuspectsOf: len(n.PFailBy), FailedBy: len(n.FailBy),
	}
	if n.Err != nil && n.Health != cluster.Answering {
		a.Error = ui.Clean(n.Err.Error())
	}
	if n.Latency.Known() {
		us := n.Latency.Value.Microseconds()
		a.LatencyUS = &us
	}
	if n.Health != cluster.Answering || !n.Info.Known() {
		return a // an old number is not passed off as a new one
	}
	a.Version = ui.Clean(n.Stats.Version)
	a.Keys, a.Memory = known(n.Stats.Keys), known(n.Stats.UsedMemory)
	a.MaxMemory, a.OpsPerSec = known(n.Stats.MaxMemory), known(n.Stats.OpsPerSec)
	if p, ok := s.Node(n.Member.Primary); ok && p.Info.Known() && p.Stats.Offset >= 0 && n.Stats.Offset >= 0 {
		lag := max(0, p.Stats.Offset-n.Stats.Offset)
		a.LagBytes = &lag
	}
	return a
}

// known is nil for a number that the server did not report.
func known(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

// stateOf is a node's state in a word or two: first what the others agreed on.
func stateOf(n *cluster.Node) string {
	f := n.Member.Flags
	switch {
	case f.Has(cluster.Fail):
		return "fail"
	case f.Has(cluster.Handshake):
		return "handshake"
	case f.Has(cluster.NoAddr):
		return "no address"
	}
	switch n.Health {
	case cluster.Unknown:
		return "not asked"
	case cluster.NoAnswer:
		return "no answer"
	case cluster.Refused:
		return "refused"
	case cluster.Loading:
		return "loading"
	case cluster.Denied:
		return "denied"
	case cluster.Rubbish:
		return "rubbish"
	case cluster.NoAddress:
		return "no address"
	}
	switch {
	case len(n.PFailBy) > 0:
		return "fail?"
	case f.Has(cluster.Replica) && n.Info.Known() && n.Stats.Syncing:
		return "syncing"
	case f.Has(cluster.Replica) && n.Info.Known() && !n.Stats.LinkUp:
		return "link down"
	}
	return "ok"
}

// addressOf is where a node is reached: as dialled, or else as announced.
func addressOf(n *cluster.Node) string {
	if n.Dialled != "" {
		return ui.Clean(n.Dialled)
	}
	e := n.Member.Endpoint
	host := e.IP
	if host == "" {
		host = e.Hostname
	}
	if host == "" || e.Port == 0 {
		return ""
	}
	return ui.Clean(net.JoinHostPort(host, strconv.Itoa(e.Port)))
}
