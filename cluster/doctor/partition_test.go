package doctor_test

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// switchboard stands between the nodes of a cluster, on their buses: every
// node announces one of its ports as its own. It can keep nodes from hearing of
// each other as a network does that drops packets: links stay open and silent.
// That needs no rights on the machine, where packet filters and network
// namespaces would.
type switchboard struct {
	t  *testing.T
	mu sync.Mutex
	// links counts the open links, from whom to whom.
	links map[[2]cluster.NodeID]int
	apart func(a, b cluster.NodeID) bool // who does not hear whom; nil: all do
	conns map[net.Conn]bool              // nil: it has ended
}

// newSwitchboard puts itself between the nodes and waits until all their links
// go through it.
func newSwitchboard(t *testing.T, c *lab.Cluster) *switchboard {
	t.Helper()
	b := &switchboard{t: t, links: map[[2]cluster.NodeID]int{}, conns: map[net.Conn]bool{}}
	var open sync.WaitGroup
	t.Cleanup(func() { b.hangUp(); open.Wait() })
	for _, n := range c.Nodes() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		open.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				open.Go(func() { b.pass(conn, n) })
			}
		})
		if err := n.Do(t.Context(), "CONFIG", "SET", "cluster-announce-bus-port", strconv.Itoa(l.Addr().(*net.TCPAddr).Port)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	all := len(c.Nodes()) * (len(c.Nodes()) - 1)
	labtest.Until(t, 20*time.Second, "all links go through the switchboard", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.links) == all
	})
	return b
}

// cut keeps nodes apart, or lets all hear each other again.
func (b *switchboard) cut(apart func(a, b cluster.NodeID) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.apart = apart
}

func (b *switchboard) silent(from, to cluster.NodeID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.apart != nil && b.apart(from, to)
}

// The sender's id stands in the header of every bus message (cluster_legacy.h,
// all versions): behind signature, length, version, port, type, count and three
// epochs and offsets of 8 bytes.
const (
	senderAt = 40
	headSize = senderAt + 40
)

// pass carries what is said between two nodes, and loses it while they are apart.
func (b *switchboard) pass(conn net.Conn, to *lab.Node) {
	defer conn.Close()
	if !b.keep(conn) {
		return
	}
	defer b.drop(conn)
	head := make([]byte, headSize)
	if _, err := io.ReadFull(conn, head); err != nil {
		return
	}
	link := [2]cluster.NodeID{cluster.NodeID(head[senderAt:]), to.ID}
	far, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to.BusPort))
	if err != nil {
		return
	}
	defer far.Close()
	b.count(link, 1)
	defer b.count(link, -1)
	if _, err := far.Write(head); err != nil {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{conn, far}, {far, conn}} {
		both.Go(func() {
			defer conn.Close()
			defer far.Close()
			buf, lost := make([]byte, 64<<10), false
			for {
				n, err := way[0].Read(buf)
				if err != nil {
					return
				}
				if b.silent(link[0], link[1]) {
					lost = true
					continue
				}
				if lost {
					return // a message may have been torn; the nodes link anew
				}
				if _, err := way[1].Write(buf[:n]); err != nil {
					return
				}
			}
		})
	}
	both.Wait()
}

// keep notes a connection, so that it ends with the switchboard.
func (b *switchboard) keep(conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conns != nil {
		b.conns[conn] = true
	}
	return b.conns != nil
}

func (b *switchboard) drop(conn net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, conn)
}

func (b *switchboard) hangUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for conn := range b.conns {
		conn.Close()
	}
	b.conns = nil
}

func (b *switchboard) count(link [2]cluster.NodeID, by int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.links[link] += by; b.links[link] == 0 {
		delete(b.links, link)
	}
}
