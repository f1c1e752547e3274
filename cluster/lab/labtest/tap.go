package labtest

import (
	"bytes"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// Tap passes everything on to a node, and keeps every byte that was sent to it.
type Tap struct {
	Addr string // where to dial in place of the node

	mu   sync.Mutex
	sent []*connection
}

// connection is apart, because what two of them send must not run together.
type connection struct {
	tap  *Tap
	sent bytes.Buffer
}

// NewTap listens on loopback in front of a node until the test ends.
func NewTap(t testing.TB, node string) *Tap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Tap{Addr: listener.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", node)
			if err != nil {
				_ = near.Close()
				continue
			}
			all.Go(func() { _, _ = io.Copy(io.MultiWriter(far, p.connection()), near); _ = far.Close() })
			all.Go(func() { _, _ = io.Copy(near, far); _ = near.Close() })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	return p
}

func (p *Tap) connection() *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &connection{tap: p}
	p.sent = append(p.sent, c)
	return c
}

func (c *connection) Write(b []byte) (int, error) {
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	return c.sent.Write(b)
}

// families are the commands whose second word tells what they do.
var families = map[string]bool{"CLUSTER": true, "CONFIG": true, "CLIENT": true, "ACL": true, "MEMORY": true, "LATENCY": true, "SLOWLOG": true,
	"OBJECT": true, "FUNCTION": true, "SCRIPT": true, "COMMAND": true, "HOTKEYS": true, "DEBUG": true, "MODULE": true, "PUBSUB": true, "XINFO": true}

var command = regexp.MustCompile(`(?s)\*\d+\r\n\$\d+\r\n([^\r]*)\r\n(?:\$\d+\r\n([^\r]*)\r\n(?:\$\d+\r\n([^\r]*)\r\n)?)?`)

// Commands are what was sent so far: first words, with the second ones of those
// commands that need them, and the third of CLUSTER MIGRATION and ACL LOG.
func (p *Tap) Commands() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := map[string]bool{}
	for _, c := range p.sent {
		for _, m := range command.FindAllStringSubmatch(c.sent.String(), -1) {
			words := strings.ToUpper(m[1])
			if families[words] {
				words += " " + strings.ToUpper(m[2])
			}
			if words == "CLUSTER MIGRATION" || words == "ACL LOG" {
				words += " " + strings.ToUpper(m[3])
			}
			found[words] = true
		}
	}
	return found
}
