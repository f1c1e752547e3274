package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// CreateRequest asks for a cluster out of servers that are in none.
type CreateRequest struct {
	Servers  []MemberServer // in the operator's order
	Replicas int            // for each primary
	Zones    cluster.Zones  // where they stand; without a map hosts are told apart
}

// fewestPrimaries is what an election needs: of two, the one that is left is no
// majority.
const fewestPrimaries = 3

// creation is a request being worked out.
type creation struct {
	CreateRequest
	findings
	places []place
	layout memberLayout
	slots  map[int][]keyslot.Range // of the primaries to be
	index  map[cluster.NodeID]int
}

// PlanCreate plans a cluster: slots in equal parts in the order of the
// primaries, replicas as layOut places them. Servers that an earlier, unfinished
// run made part of the very same cluster are taken as they are, so that the same
// request finishes it. The error is a *Refusal.
func PlanCreate(r CreateRequest) (MemberPlan, error) {
	c := &creation{CreateRequest: r, index: map[cluster.NodeID]int{}, slots: map[int][]keyslot.Range{}}
	if !c.sensible() {
		return MemberPlan{}, c.err()
	}
	for i := range r.Servers {
		c.places = append(c.places, placeOf(r.Zones, r.Servers[i].asNode()))
	}
	c.layout = layOut(c.places, r.Replicas)
	for i, p := range c.layout.primaries {
		c.slots[p] = []keyslot.Range{memberShare(i, len(c.layout.primaries))}
	}
	c.sameKind()
	c.reachEachOther()
	c.alike()
	half := c.standing()
	c.placement()
	if err := c.err(); err != nil {
		return MemberPlan{}, err
	}
	p := MemberPlan{Kind: MemberCreate, Picture: c.picture(), Checks: c.checks, Risk: Safe, Why: "the servers are empty: nothing can be lost"}
	p.Title = fmt.Sprintf("create a cluster of %s: %s, %s", count(len(r.Servers), "node"), primariesText(len(c.layout.primaries)), count(len(c.layout.under), "replica"))
	if half {
		p.Title, p.Why = "finish: "+p.Title, "only what an earlier run left undone is done"
	}
	p.Steps = c.steps()
	if len(p.Steps) == 0 && c.complete() {
		return MemberPlan{}, &Refusal{Reason: NothingToMove, Checks: c.checks, Text: "these servers are the cluster that was asked for already"}
	}
	all := c.nodes()
	p.Steps = append(p.Steps, MemberStep{Act: ActSettle, Among: all, Wants: c.wants(), StateOK: true,
		Title: fmt.Sprintf("wait until all %d nodes show the same owners, epochs and roles, and call the cluster ok", len(all))})
	return p, nil
}

func primariesText(n int) string {
	if n == 1 {
		return "1 primary"
	}
	return fmt.Sprintf("%d primaries", n)
}

// sensible checks the request and that every server can be used at all.
func (c *creation) sensible() bool {
	n, need := len(c.Servers), fewestPrimaries*(c.Replicas+1)
	switch {
	case c.Replicas < 0 || c.Replicas > 100:
		c.deny(BadRequest, fmt.Sprintf("%d replicas for each primary cannot be had; say 0 to 100", c.Replicas))
	case n < need:
		c.deny(BadRequest, fmt.Sprintf("%s %s too few: a cluster needs at least %d primaries, which with %s each are %d nodes", count(n, "server"), isAre(n), fewestPrimaries, count(c.Replicas, "replica"), need))
	case n > 1000:
		c.deny(BadRequest, fmt.Sprintf("%d servers are too many; clusters are not run beyond about 1000 nodes", n))
	}
	if c.refusal != nil {
		return false
	}
	for i := range c.Servers {
		s := &c.Servers[i]
		if !s.usable(&c.findings) {
			continue
		}
		if other, twice := c.index[s.ID()]; twice {
			c.deny(BadRequest, fmt.Sprintf("%s and %s are the same node; name every server once", clean(c.Servers[other].Addr), clean(s.Addr)), s.ID())
		}
		c.index[s.ID()] = i
	}
	if c.refusal == nil {
		c.ok(fmt.Sprintf("all %d servers answer, in cluster mode", n))
	}
	return c.refusal == nil
}

// sameKind refuses a mixture of versions.
func (c *creation) sameKind() {
	first := &c.Servers[0]
	for i := range c.Servers[1:] {
		s := &c.Servers[i+1]
		if s.major() != first.major() {
			c.deny(BadRequest, fmt.Sprintf("%s runs %s and %s runs %s; make a cluster of one major version, and upgrade node by node later",
				clean(first.Addr), first.major(), clean(s.Addr), s.major()))
			return
		}
		if s.NodeTimeout != first.NodeTimeout && s.NodeTimeout != "" && first.NodeTimeout != "" {
			c.warn(fmt.Sprintf("cluster-node-timeout is %s on %s and %s on %s; nodes that differ disagree about who is down (slotdeck set-timeout)",
				clean(first.NodeTimeout), clean(first.Addr), clean(s.NodeTimeout), clean(s.Addr)))
			return
		}
	}
	c.ok("all run " + clean(first.Stats.Flavor+" "+first.Stats.Version) + ", or another release of the same major version")
}

// reachEachOther refuses loopback addresses among others: nobody else could
// meet those.
func (c *creation) reachEachOther() {
	loopback := func(p place) bool { return p.host == "::1" || strings.HasPrefix(p.host, "127.") }
	for i, p := range c.places {
		if loopback(p) != loopback(c.places[0]) {
			one, other := c.Servers[0].Addr, c.Servers[i].Addr
			if loopback(p) {
				one, other = other, one
			}
			c.deny(BadRequest, fmt.Sprintf("%s is on a loopback address and %s is not, so that they could not meet; name every server by an address that all others reach", clean(one), clean(other)))
			return
		}
	}
}

// alike checks what replicas and clients would find different on one server and
// on another.
func (c *creation) alike() {
	all := make([]*MemberServer, len(c.Servers))
	for i := range c.Servers {
		all[i] = &c.Servers[i]
	}
	replicas := len(c.layout.under) > 0
	sameTLS(&c.findings, all, replicas)
	if replicas {
		letIn(&c.findings, all)
	}
	sameUsers(&c.findings, all)
	sameLibraries(&c.findings, all)
}

// standing checks what each server is already; half is true when some are part
// of the cluster asked for.
func (c *creation) standing() (half bool) {
	lone := 0
	for i := range c.Servers {
		s := &c.Servers[i]
		if s.emptiness() == "" && s.self().Epoch == 0 {
			lone++
			if s.Stats.Keys < 0 {
				c.warn(clean(s.Addr) + " knows no other node and owns no slot; whether it holds keys is not known")
			}
			continue
		}
		if what := c.foreign(i); what != "" {
			c.deny(NotEmpty, clean(s.Addr)+" "+what, s.ID())
			continue
		}
		half = true
	}
	switch {
	case lone == len(c.Servers):
		c.ok("all are empty: no keys, no slots, no other node known")
	case c.refusal == nil:
		c.ok(fmt.Sprintf("%d are empty, the others belong to the very cluster that is asked for: an earlier run is finished", lone))
	}
	return half
}

// foreign says why a server that is not empty is no part of the cluster asked
// for; nothing when it is.
func (c *creation) foreign(i int) string {
	s := &c.Servers[i]
	known := s.acquaintances()
	for _, m := range known {
		if _, asked := c.index[m.ID]; !asked {
			return fmt.Sprintf("is in another cluster already, with %s, which was not named; if that is an old one: slotdeck reset %s", memberName(m), clean(s.Addr))
		}
	}
	self := s.self()
	const other = "; give the same servers in the same order and with the same --replicas as then, or begin anew after: slotdeck reset"
	target, follows := c.layout.under[i]
	if len(self.Slots) > 0 && !keyslot.SetOf(self.Slots...).Minus(keyslot.SetOf(c.slots[i]...)).Empty() {
		return "owns slots " + rangesText(self.Slots) + ", and would get " + orNothing(rangesText(c.slots[i])) + other
	}
	if self.Flags.Has(cluster.Replica) && (!follows || c.Servers[target].ID() != self.Primary) {
		return "follows another primary than it would" + other
	}
	if s.Stats.Keys > 0 && len(self.Slots) == 0 && !self.Flags.Has(cluster.Replica) || s.Stats.Keys > 0 && len(known) == 0 {
		return s.emptiness()
	}
	return ""
}

func orNothing(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// placement tells which rules the layout could not keep.
func (c *creation) placement() {
	c.unnamed()
	distinct, zones := map[string]int{}, map[string]bool{}
	for _, p := range c.layout.primaries {
		distinct[c.places[p].zone]++
	}
	for _, p := range c.places {
		zones[p.zone] = true
	}
	word, one, its := c.Zones.Word(), "on one host", "on the host"
	if c.Zones.Given() {
		one, its = "in one zone", "in the zone"
	}
	switch n := len(c.layout.alike); {
	case len(zones) == 1:
		c.warn(fmt.Sprintf("all nodes are %s, %s: with it everything is gone", one, clean(c.places[0].zone)))
	case n > 0:
		c.warn(fmt.Sprintf("%s: %s the %s of %s; too many of the servers are %s for it to be otherwise", c.named(c.layout.alike),
			verb(n, "shares", "share"), word, verb(n, "its primary", "their primaries"), one))
	case len(c.layout.under) > 0:
		c.ok(fmt.Sprintf("no replica is %s of its primary", its))
	}
	if n := len(c.layout.beside); n > 0 && c.Zones.Given() {
		c.warn(fmt.Sprintf("%s: even on the host of %s", c.named(c.layout.beside), verb(n, "its primary", "their primaries")))
	}
	for _, z := range slices.Sorted(maps.Keys(distinct)) {
		if n := distinct[z]; len(zones) > 1 && 2*n >= len(c.layout.primaries) {
			c.warn(fmt.Sprintf("%d of %d primaries are %s: without that %s the rest is no majority and no replica can take over", n, len(c.layout.primaries), inOrOn(c.Zones, z), word))
		}
	}
}

// unnamed tells of servers that the map of zones leaves out.
func (c *creation) unnamed() {
	var names []string
	for i := range c.Servers {
		if c.Zones.Given() && !c.Zones.Names(c.Servers[i].asNode()) {
			names = append(names, clean(c.Servers[i].Addr))
		}
	}
	if len(names) > 0 {
		c.warn(fmt.Sprintf("the map of zones does not name %s; their hosts count as zones", some(names)))
	}
}

// named are servers by their addresses.
func (c *creation) named(servers []int) string {
	var names []string
	for _, r := range servers {
		names = append(names, c.Servers[r].node().Addr)
	}
	return some(names)
}

func (c *creation) nodes() []MemberNode {
	out := make([]MemberNode, len(c.Servers))
	for i := range c.Servers {
		out[i] = c.Servers[i].node()
	}
	return out
}

// complete reports whether all servers show already what is wanted, and agree.
func (c *creation) complete() bool {
	for i := range c.Servers {
		v := c.Servers[i].View
		if v.Config() != c.Servers[0].View.Config() || c.Servers[i].State != "ok" {
			return false
		}
		for _, w := range c.wants() {
			m, ok := v.Member(w.ID)
			if !ok || m.Flags.Has(cluster.Replica) != (w.Under != "") || m.Primary != w.Under {
				return false
			}
		}
	}
	return true
}

func (c *creation) wants() (out []MemberWant) {
	for i := range c.Servers {
		w := MemberWant{ID: c.Servers[i].ID(), Slots: c.slots[i]}
		if p, ok := c.layout.under[i]; ok {
			w.Under = c.Servers[p].ID()
		}
		out = append(out, w)
	}
	return out
}

// picture is the layout, primary by primary.
func (c *creation) picture() (out []string) {
	for _, p := range c.layout.primaries {
		line := fmt.Sprintf("%s  slots %s (%d)", c.Servers[p].node().Addr, rangesText(c.slots[p]), c.slots[p][0].Len())
		var replicas []string
		for i := range c.Servers {
			if under, ok := c.layout.under[i]; ok && under == p {
				replicas = append(replicas, c.Servers[i].node().Addr)
			}
		}
		if len(replicas) > 0 {
			line += ", replicated by " + strings.Join(replicas, ", ")
		}
		out = append(out, line)
	}
	return out
}
