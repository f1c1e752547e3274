package plan

import (
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// MemberKind is a way of changing who belongs to a cluster, and as what.
type MemberKind uint8

// The ways.
const (
	MemberCreate    MemberKind = iota // a cluster out of empty servers
	MemberAdd                         // a new node
	MemberRemove                      // a node leaves
	MemberForgotten                   // a node is forgotten and not reset
	MemberReplace                     // a new replica for a node that is gone
	MemberReplicate                   // a node follows another primary
	MemberReset                       // a node forgets all others
	MemberSet                         // a setting on all nodes
	MemberAddresses                   // nodes that came back elsewhere meet again
	MemberRepair                      // slots that are not served, disputed, or open
)

var memberKinds = [...]string{"create", "add-node", "del-node", "forget", "replace", "replicate", "reset", "set", "repair-addresses", "fix"}

// String is the command's name.
func (k MemberKind) String() string { return word(memberKinds[:], int(k)) }

// MarshalText writes the word.
func (k MemberKind) MarshalText() ([]byte, error) { return marshalWord(memberKinds[:], int(k)) }

// UnmarshalText reads the word.
func (k *MemberKind) UnmarshalText(text []byte) error {
	n, err := unmarshalWord(memberKinds[:], text)
	*k = MemberKind(n)
	return err
}

// MemberAct is what a step does besides sending its commands.
type MemberAct uint8

// The acts. All of them send the commands of the step: to different nodes at
// once, to one node in order.
const (
	ActSend      MemberAct = iota // nothing else; every command has to succeed
	ActSet                        // tells for each node what came of it, and goes on
	ActMeet                       // waits until the nodes know each other, meeting again where needed
	ActFunctions                  // takes FUNCTION DUMP from the first node to the second
	ActFollow                     // sends again while the primary is not known there yet; waits until all nodes say so
	ActSync                       // waits until the nodes' links to their primaries are up
	ActForget                     // a node that does not know it any more counts as done
	ActReset                      // waits until the nodes know nobody
	ActAbsent                     // looks for a while whether a node that left is listed again
	ActSettle                     // waits until every node shows what is wanted
	ActCover                      // looks whether nobody else claims the slots by now
	ActHome                       // brings keys to the owner of their slots
	ActOpenSlots                  // finishes or rolls back open slots
	ActRemove                     // removes keys from a node that does not own their slots, once what the owner lacks is saved
)

var memberActs = [...]string{"send", "set", "meet", "functions", "follow", "sync", "forget", "reset", "absent", "settle", "cover", "home", "open slots", "remove"}

// String is the act in a word.
func (a MemberAct) String() string { return word(memberActs[:], int(a)) }

// MarshalText writes the word.
func (a MemberAct) MarshalText() ([]byte, error) { return marshalWord(memberActs[:], int(a)) }

// UnmarshalText reads the word.
func (a *MemberAct) UnmarshalText(text []byte) error {
	n, err := unmarshalWord(memberActs[:], text)
	*a = MemberAct(n)
	return err
}

// MemberNode is a node that takes part.
type MemberNode struct {
	ID      cluster.NodeID `json:"id"`
	Addr    string         `json:"addr"`     // where it is dialled
	Host    string         `json:"host"`     // the IP at which other nodes reach it
	Port    int            `json:"port"`     // for clients
	BusPort int            `json:"bus_port"` // for other nodes
}

// MemberWant is what all nodes shall show of one node.
type MemberWant struct {
	ID    cluster.NodeID  `json:"id"`
	Under cluster.NodeID  `json:"under,omitempty"` // whom it follows; empty: it is a primary
	Slots []keyslot.Range `json:"-"`               // nil: not looked at
}

// MemberStep is one step of a plan.
type MemberStep struct {
	Act      MemberAct      `json:"act"`
	Title    string         `json:"title"` // what is done, and until what
	Commands []Command      `json:"commands,omitempty"`
	Among    []MemberNode   `json:"among,omitempty"` // the nodes that are asked whether it is done
	About    cluster.NodeID `json:"about,omitempty"` // the node that follows, or leaves
	Wants    []MemberWant   `json:"wants,omitempty"`
	StateOK  bool           `json:"state_ok,omitempty"` // settled only when every node calls the cluster ok
	Hold     time.Duration  `json:"hold_ns,omitempty"`  // settled only when it stays so for as long

	Bar      int          `json:"bar_seconds,omitempty"` // for how long those who forgot a node do not let it in again
	Suspects []MemberNode `json:"suspects,omitempty"`    // who could bring a node back that left
	Loose    bool         `json:"-"`                     // some slots stay disputed, so that agreement is not waited for
	Gives    []Move       `json:"gives,omitempty"`       // slots that are given or given up, or whose keys go home
	Open     []SlotWay    `json:"open,omitempty"`        // open slots, and how they are settled
	Replace  bool         `json:"replace,omitempty"`     // the owner's value stays where an open slot has a key twice
}

// MemberPlan is a change of membership, worked out: what would be sent, in which
// order, and what is waited for. It is never changed once made.
type MemberPlan struct {
	Kind    MemberKind   `json:"kind"`
	Title   string       `json:"title"`
	Picture []string     `json:"picture,omitempty"` // what there will be, one line each
	Steps   []MemberStep `json:"steps"`
	Checks  []Check      `json:"checks"`
	Risk    Risk         `json:"risk"`
	Why     string       `json:"risk_why"`
	Type    string       `json:"type,omitempty"` // to be typed before a lossy plan
	Notes   []string     `json:"notes,omitempty"`
	Left    []string     `json:"left,omitempty"` // what is wrong and stays so, and what has to be said for it
}

// Lines is the plan as plain text, with every command.
func (p MemberPlan) Lines() []string {
	out := []string{p.Title, fmt.Sprintf("  risk: %s: %s", p.Risk, p.Why)}
	if len(p.Picture) > 0 {
		out = append(out, "layout")
		for _, line := range p.Picture {
			out = append(out, "  "+line)
		}
	}
	out = append(out, CheckLines(p.Checks)...)
	out = append(out, "steps")
	for i, s := range p.Steps {
		out = append(out, fmt.Sprintf("  %d. %s", i+1, s.Title))
		for _, line := range commandLines(s.Commands) {
			out = append(out, "   "+line)
		}
	}
	for _, n := range p.Notes {
		out = append(out, "note: "+n)
	}
	for _, l := range p.Left {
		out = append(out, "left as it is: "+l)
	}
	return out
}

// send is a command for a node.
func (n MemberNode) send(args ...string) Command {
	return Command{Node: n.ID, Addr: n.Addr, Args: args}
}

// meet is what a node is told to meet another: always with the bus port, because
// without it 10000 above the port is tried.
func (n MemberNode) meet(other MemberNode) Command {
	return n.send("CLUSTER", "MEET", other.Host, fmt.Sprint(other.Port), fmt.Sprint(other.BusPort))
}

// hostOf is the host that a node lives on, as far as its address tells.
func hostOf(n *cluster.Node) string {
	if ip := n.Member.Endpoint.IP; ip != "" {
		return plainHost(ip)
	}
	host, _, err := cluster.ParseAddr(n.Dialled)
	if err != nil {
		return plainHost(n.Member.Endpoint.Hostname)
	}
	return plainHost(host)
}

func slotWords(ranges []keyslot.Range) []string {
	var out []string
	for _, r := range ranges {
		out = append(out, fmt.Sprint(int(r.First)), fmt.Sprint(int(r.Last)))
	}
	return out
}

// deny refuses for a reason that no slots have to do with.
func (f *findings) deny(reason Reason, text string, nodes ...cluster.NodeID) {
	f.refuse(reason, text, nodes, keyslot.Set{})
}
