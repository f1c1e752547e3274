package plan

import (
	"errors"
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// sound reports what is wrong with a plan in itself.
func (p Plan) sound() error {
	if len(p.Moves) == 0 {
		return errors.New("it moves nothing")
	}
	gain, err := p.gains()
	if err != nil {
		return err
	}
	known := map[cluster.NodeID]bool{}
	for _, n := range p.Nodes {
		if err := n.sound(); err != nil {
			return err
		}
		if known[n.ID] {
			return fmt.Errorf("%s is there twice", n.Name())
		}
		known[n.ID] = true
		if n.After.Slots-n.Before.Slots != gain[n.ID] {
			return fmt.Errorf("%s goes from %d to %d slots, but the moves change that by %d", n.Name(), n.Before.Slots, n.After.Slots, gain[n.ID])
		}
	}
	for id := range gain {
		if !known[id] {
			return fmt.Errorf("%s moves slots but is not described", quote(string(id)))
		}
	}
	texts := []string{p.ID, p.Title, p.Why}
	for _, t := range p.Turning {
		texts = append(texts, t.Text, string(t.Node), string(t.Under))
	}
	for _, c := range p.Checks {
		texts = append(texts, c.Text)
		if c.State == Refused {
			return fmt.Errorf("one of its checks refuses: %s", clean(c.Text))
		}
	}
	for _, t := range texts {
		if !printable(t) {
			return errors.New("a text in it holds bytes that cannot be printed")
		}
	}
	if p.Keys.unsound() || p.Bytes.unsound() || p.Risk > Lossy {
		return errors.New("its keys, bytes or risk are impossible")
	}
	if p.Estimate.Low < 0 || p.Estimate.High < p.Estimate.Low {
		return errors.New("its estimate of time runs backwards")
	}
	return nil
}

// gains is by how many slots each node grows.
func (p Plan) gains() (map[cluster.NodeID]int, error) {
	gain := map[cluster.NodeID]int{}
	pairs := map[[2]cluster.NodeID]bool{}
	var moved keyslot.Set
	for _, m := range p.Moves {
		set := m.Set()
		n := set.Len()
		switch pair := [2]cluster.NodeID{m.From, m.To}; {
		case m.From == m.To:
			return nil, fmt.Errorf("%s is both source and target of a move", quote(string(m.From)))
		case n == 0:
			return nil, fmt.Errorf("a move from %s is empty", quote(string(m.From)))
		case pairs[pair]:
			return nil, fmt.Errorf("there are two moves from %s to %s", quote(string(m.From)), quote(string(m.To)))
		case !moved.Intersect(set).Empty():
			return nil, fmt.Errorf("slots %s move twice", someSlots(moved.Intersect(set)))
		default:
			pairs[pair] = true
		}
		if m.Keys.unsound() || m.Bytes.unsound() {
			return nil, fmt.Errorf("a move from %s has an impossible number of keys or bytes", quote(string(m.From)))
		}
		moved = moved.Union(set)
		gain[m.From] -= n
		gain[m.To] += n
	}
	if moved.Len() != p.Slots {
		return nil, fmt.Errorf("it claims to move %d slots, but moves %d", p.Slots, moved.Len())
	}
	return gain, nil
}

func (a Amount) unsound() bool { return a.N < 0 || a.How > Reported || a.How == NotKnown && a.N != 0 }

func (n Node) sound() error {
	switch {
	case !plainID(n.ID):
		return fmt.Errorf("%s is no node id", quote(string(n.ID)))
	case n.Letter != clean(n.Letter) || n.Addr != clean(n.Addr) || n.Host != clean(n.Host):
		return fmt.Errorf("the name or address of %s holds bytes that no address has", quote(string(n.ID)))
	case len(plainIDs(n.Replicas)) != len(n.Replicas):
		return fmt.Errorf("a replica of %s has no node's id", n.Name())
	case n.KeysPort < 0 || n.KeysPort > 65535:
		return fmt.Errorf("%s has the port %d for keys", n.Name(), n.KeysPort)
	case n.Port < 0 || n.Port > 65535:
		return fmt.Errorf("%s has the port %d", n.Name(), n.Port)
	case n.Before.Slots < 0 || n.Before.Slots > keyslot.Count || n.After.Slots < 0 || n.After.Slots > keyslot.Count:
		return fmt.Errorf("%s has an impossible number of slots", n.Name())
	case n.Before.Keys.unsound() || n.Before.Bytes.unsound() || n.After.Keys.unsound() || n.After.Bytes.unsound():
		return fmt.Errorf("%s has an impossible number of keys or bytes", n.Name())
	}
	return nil
}
