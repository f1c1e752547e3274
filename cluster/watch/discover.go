package watch

import (
	"context"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// digest brings an answer into the peer's readings, and what it says of other
// nodes into the hub's knowledge of who there is.
func (h *hub) digest(ctx context.Context, p *peer, a *answer) {
	view := a.view.value
	if !a.question.view || a.view.err != nil {
		view = nil
	}
	if view != nil {
		if view.Myself == "" {
			a.reject(rubbish(p.line.wire, "CLUSTER NODES", fmt.Errorf("it marks no line as its own")))
			view = nil
		} else if err := h.stranger(p, view); err != nil {
			p.impostor = err
			p.node.Stranger, p.node.Foreign = view.Myself, h.foreign(view)
			view = nil
		} else {
			p.impostor, p.node.Stranger, p.node.Foreign = nil, "", false
		}
	}
	if p.impostor != nil {
		a.reject(p.impostor)
		view = nil
	}
	if p.node.ID == "" && view != nil {
		if p = h.introduce(ctx, p, view.Myself); p == nil {
			return
		}
	}
	changed := p.apply(a)
	h.applyKin(p, a)
	p.remember(h.config.Checkups)
	if p.node.ID == "" {
		h.seedFailed(p, a.err)
	}
	if changed {
		h.adopt(ctx, view)
	}
}

// reject makes an answer one that cannot be used, because of who gave it.
func (a *answer) reject(err error) {
	a.health, a.err = cluster.Rubbish, err
	a.latency.err, a.info.err, a.clusterInfo.err, a.view.err, a.settings.err = err, err, err, err, err
	a.checkup.value, a.strays.err = nil, err
}

// stranger says why an answer is not from the node it is expected from.
func (h *hub) stranger(p *peer, view *cluster.View) error {
	if p.node.ID != "" && view.Myself != p.node.ID {
		return h.strange(p, fmt.Errorf("node %s answers there, not %s", view.Myself.Short(), p.node.ID.Short()))
	}
	if !h.related(view) {
		return h.strange(p, fmt.Errorf("node %s there is of another cluster: it lists none of the nodes known here", view.Myself.Short()))
	}
	return nil
}

func (h *hub) strange(p *peer, err error) error {
	return &wire.Error{Kind: wire.Other, Addr: p.line.wire.Addr(), Tried: "CLUSTER NODES", Err: err}
}

// related reports whether a view is of this cluster: it lists a node that is
// known here, besides the one that answers, unless either side knows only that.
func (h *hub) related(view *cluster.View) bool {
	_, member := h.byID[view.Myself]
	if len(h.byID) == 0 || member && (len(h.byID) == 1 || len(view.Members) == 1) {
		return true
	}
	for i := range view.Members {
		id := view.Members[i].ID
		if _, known := h.byID[id]; known && id != view.Myself {
			return true
		}
	}
	return false
}

// foreign reports whether a view is of another cluster: of several nodes, none of
// them known here, or of one that owns slots.
func (h *hub) foreign(view *cluster.View) bool {
	for i := range view.Members {
		if _, known := h.byID[view.Members[i].ID]; known {
			return false
		}
	}
	self, _ := view.Member(view.Myself)
	return len(view.Members) > 1 || len(self.Slots) > 0
}

// introduce gives a seed its name. It returns the peer that the answer belongs
// to, or nil when the node is reached already and the second way is not needed.
func (h *hub) introduce(ctx context.Context, p *peer, id cluster.NodeID) *peer {
	for _, s := range h.seeds {
		if s.peer == p {
			s.id, s.err = id, nil
		}
	}
	delete(h.nameless, p)
	known := h.byID[id]
	if known == nil {
		p.node.ID = id
		h.byID[id] = p
		h.watch.setNode(id, p.line.wire)
		return p
	}
	if known.answering() {
		h.disconnect(p)
		return nil
	}
	// The announced address does not answer, or not yet, and the given one does.
	h.disconnect(known)
	known.line, known.node.Dialled = p.line, p.node.Dialled
	known.line.peer, p.line = known, nil
	h.watch.setNode(id, known.line.wire)
	return known
}

func (h *hub) seedFailed(p *peer, err error) {
	for _, s := range h.seeds {
		if s.peer == p {
			s.err = err
		}
	}
}

// reviveSeeds dials the given addresses: at the beginning, and again when no
// node answers any more.
func (h *hub) reviveSeeds(ctx context.Context) {
	for _, p := range h.byID {
		if p.answering() {
			return
		}
	}
	dialled := map[string]bool{}
	h.eachPeer(func(p *peer) { dialled[p.node.Dialled] = true })
	for _, s := range h.seeds {
		if dialled[s.addr] {
			continue
		}
		dialled[s.addr] = true
		p := &peer{wantView: true, node: cluster.Node{Shard: -1}}
		s.peer = p
		h.nameless[p] = struct{}{}
		h.allowance = max(h.allowance, 1)
		h.connect(ctx, p, s.addr)
	}
}

// adopt meets the nodes that a view lists.
func (h *hub) adopt(ctx context.Context, view *cluster.View) {
	if h.allowance == 0 || len(view.Members) > len(h.byID) {
		h.allowance = max(h.allowance, allowance(len(view.Members))-len(h.byID))
	}
	for i := range view.Members {
		m := &view.Members[i]
		if m.Flags.Has(cluster.Handshake) || h.byID[m.ID] != nil || len(h.byID) >= maxPeers {
			continue
		}
		h.meet(ctx, m.ID, h.addressOf(m))
	}
}

func (h *hub) addressOf(m *cluster.Member) string {
	if m.Flags.Has(cluster.NoAddr) {
		return ""
	}
	return h.config.AddressOf(*m)
}

// follow looks for nodes that do not answer at another address: the one that
// the newest view tells, or one that was given for it.
func (h *hub) follow(ctx context.Context) {
	var newest *peer
	for _, p := range h.byID {
		if p.current() && (newest == nil || p.node.View.At.After(newest.node.View.At)) {
			newest = p
		}
	}
	if newest == nil {
		return
	}
	for id, p := range h.byID {
		if p.line != nil && p.failures < failuresBeforeMove {
			continue
		}
		m, listed := newest.node.View.Value.Member(id)
		if !listed || id == newest.node.ID {
			continue
		}
		if addr := h.otherAddress(p, &m); addr != "" {
			h.disconnect(p)
			h.connect(ctx, p, addr)
		}
	}
}

// failuresBeforeMove is how often a node fails before it is looked for elsewhere.
const failuresBeforeMove = 2

// otherAddress is where else than now a node may be found, in turns.
func (h *hub) otherAddress(p *peer, m *cluster.Member) string {
	var others []string
	if addr := h.addressOf(m); addr != "" {
		others = append(others, addr)
	}
	for _, s := range h.seeds {
		if s.id == m.ID {
			others = append(others, s.addr)
		}
	}
	at := slices.Index(others, p.node.Dialled)
	for i := 1; i <= len(others); i++ {
		if next := others[(at+i)%len(others)]; next != p.node.Dialled {
			return next
		}
	}
	return ""
}

// meet makes a peer of a node that was not known.
func (h *hub) meet(ctx context.Context, id cluster.NodeID, addr string) {
	p := &peer{wantView: true, node: cluster.Node{ID: id, Shard: -1}}
	h.byID[id] = p
	if addr == "" {
		p.setHealth(cluster.NoAddress, fmt.Errorf("no node knows an address of %s", id.Short()), h.clock.Now())
		return
	}
	p.setHealth(cluster.Unknown, nil, h.clock.Now())
	h.connect(ctx, p, addr)
}

// dropForgotten lets go of nodes that no current view of another node lists,
// unless they still answer as members of this cluster themselves.
func (h *hub) dropForgotten() {
	listed, any := h.listed()
	if !any {
		return
	}
	for id, p := range h.byID {
		if listed[id] || h.claimsToBelong(p) {
			continue
		}
		h.disconnect(p)
		delete(h.byID, id)
	}
}

// listed are the nodes that a current view lists besides its own; any is false
// when there is no current view.
func (h *hub) listed() (listed map[cluster.NodeID]bool, any bool) {
	listed = make(map[cluster.NodeID]bool, len(h.byID))
	speakers := map[*cluster.Member]cluster.NodeID{} // of views read already, by their shared part
	for id, p := range h.byID {
		if !p.current() {
			continue
		}
		any = true
		members := p.node.View.Value.Members
		if other, read := speakers[&members[0]]; read {
			listed[other], listed[id] = true, true // each lists the other
			continue
		}
		speakers[&members[0]] = id
		for i := range members {
			if members[i].ID != id {
				listed[members[i].ID] = true
			}
		}
	}
	return listed, any
}

// current reports whether what the node last said of the others still holds.
func (p *peer) current() bool {
	v := &p.node.View
	return p.answering() && v.Err == nil && v.Value != nil && len(v.Value.Members) > 0
}

// claimsToBelong reports whether a node answers and lists others of this
// cluster, or is all there is.
func (h *hub) claimsToBelong(p *peer) bool {
	if !p.current() {
		return false
	}
	if len(h.byID) == 1 {
		return true
	}
	for i := range p.node.View.Value.Members {
		id := p.node.View.Value.Members[i].ID
		if _, known := h.byID[id]; known && id != p.node.ID {
			return true
		}
	}
	return false
}
