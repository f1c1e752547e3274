package cluster

import (
	"slices"
	"strconv"
	"time"

	"slotdeck/keyslot"
)

// Topic is what a row of a Matrix is about.
type Topic uint8

// The topics, in the order of a matrix's rows.
const (
	AboutOwner   Topic = iota // who owns the slots
	AboutEpoch                // a primary's config epoch
	AboutFlags                // a node's flags
	AboutPrimary              // whom a replica follows
	AboutAddress              // where a node is
)

// String is the topic as a word.
func (t Topic) String() string {
	switch t {
	case AboutOwner:
		return "owner"
	case AboutEpoch:
		return "epoch"
	case AboutFlags:
		return "flags"
	case AboutPrimary:
		return "primary"
	case AboutAddress:
		return "address"
	}
	return "?"
}

// Matrix is who says what: a column for each node that told its view, and a row
// for everything that they do not all say alike. No rows: they agree.
type Matrix struct {
	Nodes []NodeID
	Rows  []MatrixRow
}

// MatrixRow is one thing that nodes differ in.
type MatrixRow struct {
	About   Topic
	Slots   keyslot.Range // of AboutOwner
	Node    NodeID        // of the others: of whom it is said
	Says    []string      // by column; empty: it does not know of it, or says that nobody owns it
	Most    string        // what most say; of equally many the first
	Dissent []bool        // by column: it says something else
}

// Matrix compares the newest views of the nodes that answer.
func (s *Snapshot) Matrix() Matrix {
	var m Matrix
	if s == nil {
		return m
	}
	var views []*View
	for i := range s.Nodes {
		if v := &s.Nodes[i].View; v.Known() && v.Err == nil && v.Value != nil {
			m.Nodes, views = append(m.Nodes, s.Nodes[i].ID), append(views, v.Value)
		}
	}
	if len(views) < 2 {
		return m
	}
	for _, d := range s.Disputes {
		row := MatrixRow{About: AboutOwner, Slots: d.Range, Says: make([]string, len(views))}
		for _, c := range d.Says {
			for _, by := range c.By {
				if at := slices.Index(m.Nodes, by); at >= 0 {
					row.Says[at] = string(c.Owner)
				}
			}
		}
		m.add(row)
	}
	for topic := AboutEpoch; topic <= AboutAddress; topic++ {
		for i := range s.Nodes {
			row := MatrixRow{About: topic, Node: s.Nodes[i].ID, Says: make([]string, len(views))}
			for at, v := range views {
				if member, listed := v.Member(row.Node); listed {
					row.Says[at] = topic.of(&member)
				}
			}
			m.add(row)
		}
	}
	return m
}

// of is what a line of CLUSTER NODES says about a topic.
func (t Topic) of(m *Member) string {
	switch t {
	case AboutEpoch:
		if m.Flags.Has(Primary) { // a replica's line shows its primary's
			return strconv.FormatUint(m.Epoch, 10)
		}
	case AboutFlags:
		return (m.Flags &^ Myself).String()
	case AboutPrimary:
		return string(m.Primary)
	case AboutAddress:
		return m.Endpoint.Addr()
	}
	return ""
}

// add keeps a row in which somebody dissents.
func (m *Matrix) add(row MatrixRow) {
	count := map[string]int{}
	best := 0
	for _, text := range row.Says {
		count[text]++
		best = max(best, count[text])
	}
	if len(count) < 2 {
		return
	}
	for _, text := range row.Says {
		if count[text] == best {
			row.Most = text
			break
		}
	}
	row.Dissent = make([]bool, len(row.Says))
	for i, text := range row.Says {
		row.Dissent[i] = text != row.Most
	}
	m.Rows = append(m.Rows, row)
}

// Dissenters are the nodes that say in some row what most do not, in the order
// of the columns.
func (m Matrix) Dissenters() []NodeID {
	var out []NodeID
	for at, id := range m.Nodes {
		if slices.ContainsFunc(m.Rows, func(r MatrixRow) bool { return r.Dissent[at] }) {
			out = append(out, id)
		}
	}
	return out
}

// Convergence is how long the nodes last needed until all that answer named the
// same owners at the same epochs; as exact as the time between two pictures.
type Convergence struct {
	Began time.Time // the first picture in which they differed
	Took  time.Duration
}

// converge follows from picture to picture whether the nodes agree.
func (s *Snapshot) converge(prev *Snapshot) {
	if prev != nil {
		s.Unsettled, s.Converged = prev.Unsettled, prev.Converged
	}
	switch a := s.Agreement(); {
	case a.Asked == 0:
	case !a.Full():
		if s.Unsettled.IsZero() {
			s.Unsettled = s.At
		}
	case !s.Unsettled.IsZero():
		s.Converged = Convergence{s.Unsettled, s.At.Sub(s.Unsettled)}
		s.Unsettled = time.Time{}
	}
}
