package cluster

import (
	"time"

	"slotdeck/keyslot"
)

// Endpoint is an address as nodes announce it.
type Endpoint struct {
	IP       string // may be empty (a node that does not know its own yet), IPv6 without brackets
	Port     int    // 0 when the address was forgotten (":0@0")
	BusPort  int    // 0 when not told
	Hostname string // empty when not set
	Aux      string // further ",key=value" fields as sent, for servers yet to come
}

// Flags are the states a CLUSTER NODES line can carry.
type Flags uint16

// The flags of CLUSTER NODES, all versions.
const (
	Myself     Flags = 1 << iota // the line of the node that was asked
	Primary                      // "master"
	Replica                      // "slave"
	PFail                        // "fail?": the asked node's own suspicion
	Fail                         // "fail": agreed by a majority of the voting primaries
	Handshake                    // met, not yet known: role, id and epoch are not real
	NoAddr                       // its address was forgotten
	NoFailover                   // will not try to become primary
)

// Has reports whether all of want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// Member is one line of CLUSTER NODES: what the asked node says of one node.
type Member struct {
	ID         NodeID
	Endpoint   Endpoint
	Flags      Flags
	OtherFlags []string  // flags not known here, kept to be shown
	Primary    NodeID    // whom a replica follows; empty otherwise
	PingSent   time.Time // zero when no ping is pending
	PongAt     time.Time // zero on a node's own line (R8, Valkey)
	Epoch      uint64    // config epoch; a replica's line shows its primary's
	Linked     bool      // the asked node's outgoing bus link is up
	Slots      []keyslot.Range
	Open       []OpenSlot // only on a node's own line
}

// OpenSlot is one half of a slot move by SETSLOT, as the node's own line shows it.
type OpenSlot struct {
	Slot      keyslot.Slot
	Importing bool   // false: migrating away
	Peer      NodeID // whom it goes to, or comes from
}

// View is one node's whole answer to CLUSTER NODES, sorted by node id. It is
// never changed once made, so that snapshots can share it.
type View struct {
	Members []Member
	Myself  NodeID // the node that answered; empty when no line was marked so

	topology, config uint64 // digests; 0 when the view was not made by ParseNodes
}

// Member finds a node in the view.
func (v *View) Member(id NodeID) (Member, bool) {
	if v == nil {
		return Member{}, false
	}
	lo, hi := 0, len(v.Members)
	for lo < hi {
		mid := (lo + hi) / 2
		if v.Members[mid].ID < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(v.Members) && v.Members[lo].ID == id {
		return v.Members[lo], true
	}
	return Member{}, false
}
