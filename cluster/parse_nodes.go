package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"slotdeck/keyslot"
)

const nodesReply = "CLUSTER NODES"

// maxMembers is several times what clusters are run with, about a thousand.
const maxMembers = 5000

// ParseNodes reads an answer to CLUSTER NODES. Flags and slot tokens that are
// not known here are kept or passed over, so that servers yet to come can be
// read; anything else that does not fit is a *MalformedError that names the line.
// The view keeps the text it was read from alive.
func ParseNodes(text string) (*View, error) {
	lines := strings.Count(text, "\n") + 1
	if lines > maxMembers {
		return nil, malformed(nodesReply, "", "it names more than %d nodes", maxMembers)
	}
	p := nodesParser{view: &View{Members: make([]Member, 0, lines)}}
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			continue
		}
		if err := p.line(line); err != nil {
			return nil, malformed(nodesReply, "line "+strconv.Itoa(number), "%s", err)
		}
	}
	return p.finish()
}

// nodesParser gathers the lines. All slot ranges go into one slice that is
// handed out in pieces at the end: a thousand nodes, one allocation.
type nodesParser struct {
	view   *View
	ranges []keyslot.Range
	ends   []int // ends[i]: where the ranges of member i end
}

// line reads one line, which is not empty.
func (p *nodesParser) line(line string) error {
	f := fields{rest: line}
	var m Member
	if m.ID = NodeID(f.next()); m.ID == "" {
		return fmt.Errorf("no node id")
	}
	var err error
	addr := f.next()
	if m.Endpoint, err = parseEndpoint(addr); err != nil {
		return fmt.Errorf("address %s: %w", quote(addr), err)
	}
	m.Flags, m.OtherFlags = parseFlags(f.next())
	if primary := f.next(); primary != "-" {
		m.Primary = NodeID(primary)
	}
	if m.PingSent, err = parseMillis(f.next()); err != nil {
		return fmt.Errorf("ping-sent: %w", err)
	}
	if m.PongAt, err = parseMillis(f.next()); err != nil {
		return fmt.Errorf("pong-received: %w", err)
	}
	epoch := f.next()
	if m.Epoch, err = strconv.ParseUint(epoch, 10, 64); err != nil {
		return fmt.Errorf("config epoch %s is not a number", quote(epoch))
	}
	switch link := f.next(); link {
	case "connected":
		m.Linked = true
	case "disconnected":
	default:
		return fmt.Errorf("link state %s is neither connected nor disconnected", quote(link))
	}
	if err := p.slots(&m, f); err != nil {
		return err
	}
	return p.add(m)
}

// slots reads what is left of a line.
func (p *nodesParser) slots(m *Member, f fields) error {
	for token := f.next(); token != ""; token = f.next() {
		switch {
		case token[0] == '[':
			open, err := parseOpenSlot(token)
			if err != nil {
				return err
			}
			m.Open = append(m.Open, open)
		case token[0] >= '0' && token[0] <= '9':
			r, err := keyslot.ParseRange(token)
			if err != nil {
				return err
			}
			p.ranges = append(p.ranges, r)
		}
	}
	return nil
}

func (p *nodesParser) add(m Member) error {
	if m.Flags.Has(Myself) {
		if p.view.Myself != "" {
			return fmt.Errorf("a second node is marked as the one that answers")
		}
		p.view.Myself = m.ID
	}
	p.view.Members = append(p.view.Members, m)
	p.ends = append(p.ends, len(p.ranges))
	return nil
}

// finish hands the ranges to the members, sorts them and takes the digests.
func (p *nodesParser) finish() (*View, error) {
	members := p.view.Members
	if len(members) == 0 {
		return nil, malformed(nodesReply, "", "it names no node")
	}
	start := 0
	for i, end := range p.ends {
		if end > start {
			members[i].Slots = p.ranges[start:end:end]
		}
		start = end
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(members); i++ {
		if members[i].ID == members[i-1].ID {
			return nil, malformed(nodesReply, "", "the node id %s stands on two lines", quote(string(members[i].ID)))
		}
	}
	p.view.topology, p.view.config = digests(members)
	return p.view, nil
}

// fields cuts a line at its spaces, one field at a time; "" when none is left.
type fields struct{ rest string }

func (f *fields) next() string {
	field := ""
	for field == "" && f.rest != "" {
		field, f.rest, _ = strings.Cut(f.rest, " ")
	}
	return field
}

// parseMillis reads milliseconds since 1970; 0 is the zero time.
func parseMillis(text string) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is not a number of milliseconds", quote(text))
	}
	if n == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(n), nil
}

// parseOpenSlot reads "[100->-id]" (migrating to) or "[100-<-id]" (importing from).
func parseOpenSlot(token string) (OpenSlot, error) {
	inner, closed := strings.CutSuffix(token[1:], "]")
	number, peer, migrating := strings.Cut(inner, "->-")
	importing := false
	if !migrating {
		number, peer, importing = strings.Cut(inner, "-<-")
	}
	if !closed || peer == "" || migrating == importing {
		return OpenSlot{}, fmt.Errorf("%s is not an open slot such as [100->-id]", quote(token))
	}
	r, err := keyslot.ParseRange(number)
	if err != nil || r.Len() != 1 {
		return OpenSlot{}, fmt.Errorf("%s does not name one slot", quote(token))
	}
	return OpenSlot{Slot: r.First, Importing: importing, Peer: NodeID(peer)}, nil
}
