package cluster

import "time"

// health tells how the node answers the console, once it was asked before.
func (d *differ) health(old, n *Node) {
	if old.Health == n.Health || n.Health == Unknown || old.Health == Unknown && n.Health == Answering {
		return
	}
	gravity, text := Bad, ""
	switch n.Health {
	case Answering:
		gravity, text = Good, "answers again"
		if gone := n.Since.Sub(old.Since); !old.Since.IsZero() && gone > 0 {
			text += " after " + duration(gone)
		}
	case NoAnswer:
		text = "no answer"
	case Refused:
		text = "refuses connections"
	case Loading:
		gravity, text = Notable, "is loading its dataset"
	case Denied:
		text = "denies the console access"
	case Rubbish:
		text = "answers, but not as a server does"
	case NoAddress:
		gravity, text = Notable, "nobody knows its address"
	}
	d.tell(HealthChanged, gravity, d.next, n, "%s", text)
}

// restart tells when the uptime went back.
func (d *differ) restart(old, n *Node) {
	if old.Info.Known() && n.Info.Known() && old.Stats.Uptime >= 0 && n.Stats.Uptime >= 0 && n.Stats.Uptime < old.Stats.Uptime {
		d.tell(RestartSeen, Notable, d.next, n, "restarted %s ago", duration(n.Stats.Uptime))
	}
}

func (d *differ) address(old, n *Node) {
	was, is := old.Member.Endpoint, n.Member.Endpoint
	if was.Addr() != "" && is.Addr() != "" && was.Addr() != is.Addr() {
		d.tell(AddressChanged, Notable, d.next, n, "announces %s instead of %s", clean(is.Addr()), clean(was.Addr()))
	}
	if was.Hostname != is.Hostname {
		if is.Hostname == "" {
			d.tell(AddressChanged, Quiet, d.next, n, "announces no hostname any more")
		} else {
			d.tell(AddressChanged, Quiet, d.next, n, "announces the hostname %s", clean(is.Hostname))
		}
	}
}

// role tells of primaries that became replicas and the other way round, of
// replicas that changed sides, and else of the epoch.
func (d *differ) role(old, n *Node) {
	const roles = Primary | Replica
	was, is := old.Member.Flags&roles, n.Member.Flags&roles
	switch {
	case is == Primary && was == Replica:
		d.promoted(old, n)
	case is == Replica && was == Primary:
		d.tell(RoleChanged, Notable, d.next, n, "became a replica of %s", d.name(n.Member.Primary))
	case was != is:
		if is != 0 {
			d.tell(RoleChanged, Notable, d.next, n, "is now known as a %s", roleWord(is))
		}
	case is == Replica && old.Member.Primary != n.Member.Primary:
		gravity := Notable
		if d.next.sameShard(old.Member.Primary, n.Member.Primary) {
			gravity = Quiet // its primary was replaced, and it follows the successor
		}
		d.tell(PrimaryChanged, gravity, d.next, n, "follows %s instead of %s", d.name(n.Member.Primary), d.name(old.Member.Primary))
	case is == Primary && old.Member.Epoch != n.Member.Epoch:
		d.tell(EpochChanged, Quiet, d.next, n, "epoch %d, was %d", n.Member.Epoch, old.Member.Epoch)
	}
}

func (d *differ) promoted(old, n *Node) {
	if d.slotsOf(n) == 0 {
		d.tell(RoleChanged, Notable, d.next, n, "became a primary without slots (epoch %d)", n.Member.Epoch)
		return
	}
	from := "its primary"
	if p := d.was[old.Member.Primary]; p != nil {
		from = d.names.full(p)
	}
	d.tell(RoleChanged, Good, d.next, n, "takes over from %s (epoch %d)", from, n.Member.Epoch)
}

func (s *Snapshot) sameShard(a, b NodeID) bool {
	na, okA := s.Node(a)
	nb, okB := s.Node(b)
	return okA && okB && na.Shard >= 0 && na.Shard == nb.Shard
}

// flags tells what the other nodes say of this one.
func (d *differ) flags(old, n *Node) {
	suspected, failed := len(old.PFailBy) > 0, len(old.FailBy) > 0
	switch {
	case len(n.FailBy) > 0 && !failed:
		agree, voters := d.votes(n, n.FailBy)
		if voters == 0 {
			d.tell(FlagChanged, Bad, d.next, n, "fail, says %s", d.list(n.FailBy))
		} else {
			d.tell(FlagChanged, Bad, d.next, n, "fail, agreed by %d of %d", agree, voters)
		}
	case len(n.FailBy) > 0:
	case failed:
		d.tell(FlagChanged, Good, d.next, n, "fail was lifted")
	case len(n.PFailBy) > 0 && !suspected:
		// Replicas suspect, too, and have no vote: the voters are counted, as the
		// verdict does.
		agree, voters := d.votes(n, n.PFailBy)
		if voters == 0 {
			d.tell(FlagChanged, Notable, d.next, n, "fail? says %s", d.list(n.PFailBy))
		} else {
			d.tell(FlagChanged, Notable, d.next, n, "fail? says %s; %d of %d voters", d.list(n.PFailBy), agree, voters)
		}
	case suspected && len(n.PFailBy) == 0:
		d.tell(FlagChanged, Good, d.next, n, "is no longer suspected")
	}
	switch gone, came := old.Member.Flags&^n.Member.Flags, n.Member.Flags&^old.Member.Flags; {
	case came.Has(NoFailover):
		d.tell(FlagChanged, Notable, d.next, n, "will not take over by itself any more (nofailover)")
	case gone.Has(NoFailover):
		d.tell(FlagChanged, Good, d.next, n, "may take over again (nofailover was lifted)")
	case came.Has(NoAddr):
		d.tell(FlagChanged, Notable, d.next, n, "its address was forgotten (noaddr)")
	}
}

// votes counts, of the other primaries with slots that we can read, those that
// are among the given ones.
func (d *differ) votes(n *Node, by []NodeID) (agree, voters int) {
	says := make(map[NodeID]bool, len(by))
	for _, id := range by {
		says[id] = true
	}
	for _, s := range d.next.Shards {
		p := d.is[s.Primary]
		if p == nil || p == n || s.SlotLen == 0 || !p.View.Known() || p.View.Err != nil {
			continue
		}
		voters++
		if says[p.ID] {
			agree++
		}
	}
	return agree, voters
}

// link tells of a replica's replication link, not of bus links.
func (d *differ) link(old, n *Node) {
	if old.Stats.Role != Replica || n.Stats.Role != Replica || n.Info.At.Equal(old.Info.At) {
		return
	}
	switch {
	case n.Stats.LinkUp && !old.Stats.LinkUp:
		d.tell(LinkChanged, Good, d.next, n, "replication link is up")
	case old.Stats.LinkUp && !n.Stats.LinkUp:
		d.tell(LinkChanged, Bad, d.next, n, "replication link is down")
	case n.Stats.Syncing && !old.Stats.Syncing:
		d.tell(LinkChanged, Notable, d.next, n, "full resynchronisation began")
	}
}

// duration writes a time the way a person says it: "0.4 s", "4.2 s", "3 min 5 s".
func duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return formatTenths(d) + " s"
	case d < time.Hour:
		return formatPair(d, time.Minute, "min", time.Second, "s")
	case d < 24*time.Hour:
		return formatPair(d, time.Hour, "h", time.Minute, "min")
	}
	return formatPair(d, 24*time.Hour, "d", time.Hour, "h")
}
