package fake

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Member is one node of a Topology.
type Member struct {
	ID      string
	Host    string
	Port    int
	Primary string // the id of its primary; empty: it is one
	Slots   string // "0-5460", as CLUSTER NODES writes it
	Epoch   uint64
	Flags   string // further flags: "fail", "fail?", "noaddr"; comma between several
	Open    string // "[100->-id]": only its own line shows it
	Role    string // replaces master or slave: "handshake"
}

// Topology is what the nodes say of each other: by default all say the same.
type Topology struct {
	Members []Member
	Epoch   uint64
	State   string // cluster_state; empty: ok
}

// nodesText is the answer to CLUSTER NODES of the node with that id.
func (t *Topology) nodesText(self string, now time.Time) string {
	var b strings.Builder
	b.Grow(len(t.Members) * 130)
	pong := now.UnixMilli()
	for i := range t.Members {
		t.Members[i].line(&b, self, pong)
	}
	return b.String()
}

func (m *Member) line(b *strings.Builder, self string, pong int64) {
	flags := m.Role
	if flags == "" {
		flags = "master"
		if m.Primary != "" {
			flags = "slave"
		}
	}
	if m.Flags != "" {
		flags += "," + m.Flags
	}
	if m.ID == self {
		flags = "myself," + flags
		pong = 0
	}
	primary := m.Primary
	if primary == "" {
		primary = "-"
	}
	fmt.Fprintf(b, "%s %s:%d@%d %s %s 0 %d %d connected", m.ID, m.Host, m.Port, busPort(m.Port), flags, primary, pong, m.Epoch)
	if m.Slots != "" {
		b.WriteString(" " + m.Slots)
	}
	if m.ID == self && m.Open != "" {
		b.WriteString(" " + m.Open)
	}
	b.WriteByte('\n')
}

// infoText is the answer to CLUSTER INFO.
func (t *Topology) infoText(self string) string {
	state := t.State
	if state == "" {
		state = "ok"
	}
	size, assigned := 0, 0
	var epoch uint64
	for i := range t.Members {
		m := &t.Members[i]
		if m.Slots != "" && m.Primary == "" {
			size++
			assigned += countSlots(m.Slots)
		}
		if m.ID == self {
			epoch = m.Epoch
		}
	}
	return fmt.Sprintf("cluster_enabled:1\r\ncluster_state:%s\r\ncluster_slots_assigned:%d\r\ncluster_slots_ok:%d\r\n"+
		"cluster_slots_pfail:0\r\ncluster_slots_fail:0\r\ncluster_known_nodes:%d\r\ncluster_size:%d\r\n"+
		"cluster_current_epoch:%d\r\ncluster_my_epoch:%d\r\n",
		state, assigned, assigned, len(t.Members), size, t.Epoch, epoch)
}

func countSlots(text string) int {
	n := 0
	for _, r := range strings.Fields(text) {
		first, last, ranged := strings.Cut(r, "-")
		a, _ := strconv.Atoi(first)
		b := a
		if ranged {
			b, _ = strconv.Atoi(last)
		}
		n += b - a + 1
	}
	return n
}

// busPort is where the bus of a node would be: there is none.
func busPort(port int) int {
	if port > 55535 {
		return port - 10000
	}
	return port + 10000
}
