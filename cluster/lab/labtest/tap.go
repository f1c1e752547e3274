package labtest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
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

// Commands are what was sent so far: first words, with the second ones of those
// commands that need them, and the third of CLUSTER MIGRATION and ACL LOG. What a
// connection sent when it was closed in the middle of a command is left out.
func (p *Tap) Commands() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := map[string]bool{}
	for _, c := range p.sent {
		words, rest := request(c.sent.Bytes())
		for ; len(words) > 0; words, rest = request(rest) {
			n := 1
			if families[words[0]] {
				n = 2
			}
			name := strings.Join(words[:min(n, len(words))], " ")
			if name == "CLUSTER MIGRATION" || name == "ACL LOG" {
				name = strings.Join(words[:min(3, len(words))], " ")
			}
			found[name] = true
		}
		if len(rest) > 0 && rest[0] != '*' {
			found[fmt.Sprintf("%.40q, which is no command", rest)] = true
		}
	}
	return found
}

// request takes the first whole command, an array of bulk strings, and gives its
// first three words in capitals; none, and all of it, when there is no whole one.
func request(sent []byte) (words []string, rest []byte) {
	count, rest, ok := header(sent, '*')
	if !ok {
		return nil, sent
	}
	for i := range count {
		var size int
		if size, rest, ok = header(rest, '$'); !ok || len(rest) < size+2 {
			return nil, sent
		}
		if i < 3 {
			words = append(words, strings.ToUpper(string(rest[:size])))
		}
		rest = rest[size+2:]
	}
	return words, rest
}

// header reads a line like "*3".
func header(b []byte, kind byte) (n int, rest []byte, ok bool) {
	line, rest, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok || len(line) < 2 || line[0] != kind {
		return 0, nil, false
	}
	n, err := strconv.Atoi(string(line[1:]))
	return n, rest, err == nil
}
