package cluster

import (
	"fmt"

	"slotdeck/keyslot"
)

// SlotsEntry is one run of slots of CLUSTER SLOTS: what clients without a map of
// their own are told. It hides failed replicas and those of fresh clusters, so
// the topology is not built from it.
type SlotsEntry struct {
	Range keyslot.Range
	Nodes []SlotsNode // the primary first
}

// SlotsNode is one node of CLUSTER SLOTS.
type SlotsNode struct {
	ID       NodeID
	Endpoint string // what clients are told to dial; empty: the address they asked
	Port     int
	IP       string // only when the endpoint is not the IP
	Hostname string // only when set
}

const slotsReply = "CLUSTER SLOTS"

// ParseSlots reads an answer to CLUSTER SLOTS as a client decoded it. An error
// is a *MalformedError that names the entry and node, counted from 1.
func ParseSlots(reply any) ([]SlotsEntry, error) {
	list, err := decoded{reply}.list()
	if err != nil {
		return nil, malformed(slotsReply, "", "%s", err)
	}
	entries := make([]SlotsEntry, 0, len(list))
	for i, element := range list {
		entry, place, err := parseSlotsEntry(element)
		if err != nil {
			return nil, malformed(slotsReply, fmt.Sprintf("entry %d%s", i+1, place), "%s", err)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func parseSlotsEntry(element any) (e SlotsEntry, place string, err error) {
	list, err := decoded{element}.list()
	if err != nil {
		return e, "", err
	}
	if len(list) < 2 {
		return e, "", fmt.Errorf("a list of %d holds no range of slots", len(list))
	}
	if e.Range, err = slotRange(list[0], list[1]); err != nil {
		return e, "", err
	}
	for i, node := range list[2:] {
		n, err := parseSlotsNode(node)
		if err != nil {
			return e, fmt.Sprintf(", node %d", i+1), err
		}
		e.Nodes = append(e.Nodes, n)
	}
	return e, "", nil
}

// parseSlotsNode reads [endpoint, port, id, [key, value …]]; Redis before 7
// sends no fourth part.
func parseSlotsNode(value any) (SlotsNode, error) {
	list, err := decoded{value}.list()
	if err != nil {
		return SlotsNode{}, err
	}
	if len(list) < 3 {
		return SlotsNode{}, fmt.Errorf("a list of %d is not endpoint, port and id", len(list))
	}
	var n SlotsNode
	if n.Endpoint, err = (decoded{list[0]}).text(); err != nil {
		return SlotsNode{}, fmt.Errorf("endpoint: %w", err)
	}
	if n.Port, err = (decoded{list[1]}).port(); err != nil {
		return SlotsNode{}, fmt.Errorf("port: %w", err)
	}
	id, err := decoded{list[2]}.text()
	if err != nil || id == "" {
		return SlotsNode{}, fmt.Errorf("it has no id")
	}
	n.ID = NodeID(id)
	if len(list) == 3 {
		return n, nil
	}
	meta, err := decoded{list[3]}.fields()
	if err != nil {
		return SlotsNode{}, err
	}
	for name, to := range map[string]*string{"ip": &n.IP, "hostname": &n.Hostname} {
		if *to, err = (decoded{meta[name]}).text(); err != nil {
			return SlotsNode{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return n, nil
}
