package fake_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"slotdeck/cluster/fake"
)

// say sends lines of inline RESP and returns what came until the connection
// closed, or n bytes.
func say(t *testing.T, addr string, n int, commands ...string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, c := range commands {
		var b strings.Builder
		words := strings.Fields(c)
		b.WriteString("*" + string(rune('0'+len(words))) + "\r\n")
		for _, w := range words {
			b.Write(fake.Bulk(w))
		}
		if _, err := io.WriteString(conn, b.String()); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, n)
	read, _ := io.ReadFull(bufio.NewReader(conn), got)
	return string(got[:read])
}

func TestHookReplacesAnswersAndClosesMidReply(t *testing.T) {
	c, err := fake.Start(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	addr := c.Addr(fake.ID(0))
	c.Server(fake.ID(0)).SetHook(func(cmd fake.Command) fake.Reply {
		switch cmd.Name() {
		case "CUT":
			return fake.Reply{Raw: []byte("$10\r\nabc"), Close: true}
		case "INFO":
			return fake.Reply{Error: "LOADING wait"}
		}
		return fake.Reply{}
	})
	if got := say(t, addr, 1000, "PING", "INFO", "CUT"); got != "+PONG\r\n-LOADING wait\r\n$10\r\nabc" {
		t.Errorf("%q", got)
	}
	if n := c.Server(fake.ID(0)).Count("CUT"); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestNodesTellTheScriptedTopology(t *testing.T) {
	c, err := fake.Start(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	replica := fake.ID(1)
	line := func(id string) string {
		text := say(t, c.Addr(id), 120, "CLUSTER NODES")
		_, text, _ = strings.Cut(text, "\r\n")
		return text
	}
	if got := line(replica); !strings.HasPrefix(got, fake.ID(0)+" "+c.Addr(fake.ID(0))+"@") || !strings.Contains(got, " master ") {
		t.Errorf("%q", got)
	}
	if got := line(fake.ID(0)); !strings.Contains(got, " myself,master ") {
		t.Errorf("%q", got)
	}
	c.Change(func(topology *fake.Topology) { topology.Members[0].Flags = "fail" })
	if got := line(replica); !strings.Contains(got, " master,fail ") {
		t.Errorf("%q", got)
	}
	c.Tell(replica, func(topology *fake.Topology) { topology.Members[0].Flags = "" })
	if got := line(replica); strings.Contains(got, "fail") {
		t.Errorf("%q", got)
	}
	if got := line(fake.ID(0)); !strings.Contains(got, "fail") {
		t.Errorf("one node's own story is told by all: %q", got)
	}
}
