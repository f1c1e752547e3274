package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/fake"
)

// talker answers each connection with one text after the first bytes came, and
// then closes it or stays silent.
func talker(t *testing.T, text string, hangUp bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the line, at the latest
				in := bufio.NewReader(conn)
				_, _ = in.ReadByte()
				_, _ = conn.Write([]byte(text))
				if !hangUp {
					_, _ = in.WriteTo(net.Conn(nopConn{conn}))
				}
				conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

type nopConn struct{ net.Conn }

func (nopConn) Write(p []byte) (int, error) { return len(p), nil }

func lineTo(t *testing.T, addr string, patience time.Duration) *Line {
	t.Helper()
	l, err := Dial(t.Context(), addr, Options{}, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func TestLineReadsWhatServersAnswer(t *testing.T) {
	l := lineTo(t, talker(t, "+OK\r\n$3\r\na\r\n\r\n:-7\r\n$-1\r\n-ERR no\x1b[m\r\n*2\r\n:1\r\n-ERR in\r\n*-1\r\n", false), time.Second)
	cmds := [][]any{{"A"}, {"B"}, {"C"}, {"D"}, {"E"}, {"F"}, {"G"}}
	got := l.Pipeline(cmds...)
	for i, want := range []any{"OK", "a\r\n", int64(-7), nil} {
		if got[i].Value != want || got[i].Err != nil {
			t.Errorf("answer %d is %q (%v), want %q", i, got[i].Value, got[i].Err, want)
		}
	}
	if err := got[4].Err; KindOf(err) != Reply || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an error reply came as %v", err)
	}
	if list, _ := got[5].Value.([]any); len(list) != 2 || list[0] != any(int64(1)) || got[6].Value != nil {
		t.Errorf("lists came as %v and %v", got[5], got[6])
	}
}

func TestLineBreaksOnceAndForAll(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		hangUp bool
		kind   Kind
	}{
		"hangs up":        {"+OK\r\n$10\r\nabc", true, Hangup},
		"is silent":       {"+OK\r\n$10\r\nabc", false, Timeout},
		"announces much":  {"+OK\r\n$99999999999\r\n", false, Rubbish},
		"is no server":    {"+OK\r\nHTTP/1.1 400\r\n", false, Rubbish},
		"is deeply mad":   {"+OK\r\n" + strings.Repeat("*1\r\n", 100), false, Rubbish},
		"says one letter": {"+OK\r\n\r\n", false, Rubbish},
	} {
		l := lineTo(t, talker(t, c.text, c.hangUp), 200*time.Millisecond)
		got := l.Pipeline([]any{"A"}, []any{"B"}, []any{"C"})
		if got[0].Value != any("OK") || KindOf(got[1].Err) != c.kind || KindOf(got[2].Err) != c.kind {
			t.Errorf("a node that %s: %v, want %v", name, got, c.kind)
		}
		if _, err := l.Do("D"); KindOf(err) != c.kind {
			t.Errorf("a node that %s: later %v, want %v", name, err, c.kind)
		}
	}
}

func TestLineEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, err := Dial(ctx, talker(t, "", false), Options{}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := l.Do("A"); KindOf(err) != Canceled {
		t.Errorf("after the context ended: %v", err)
	}
}

// noted is an audit that remembers.
type noted struct{ sent, outcomes []string }

func (n *noted) Sending(a Announcement) func([]string) {
	n.sent = append(n.sent, a.Plan+": "+strings.Join(a.Commands, ", "))
	return func(o []string) { n.outcomes = append(n.outcomes, o...) }
}

func TestWhatChangesSomethingOnALineIsInTheJournal(t *testing.T) {
	s, err := fake.Listen("", func(c fake.Command) []byte {
		if c.Name() == "UNLINK" {
			return fake.Fault("NOPERM no")
		}
		return fake.Status("OK")
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var journal noted
	l, err := Dial(Under(t.Context(), "import 7"), s.Addr(), Options{Audit: &journal, Password: NewSecret("never told")}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Pipeline([]any{"GET", "k"})
	l.Pipeline([]any{"RESTORE", "k", 0, "value"}, []any{"TTL", "k"}, []any{"UNLINK", "k"})
	if want := []string{"import 7: RESTORE k 0 value, UNLINK k"}; !slices.Equal(journal.sent, want) {
		t.Errorf("the journal has %q, want %q", journal.sent, want)
	}
	if len(journal.outcomes) != 2 || journal.outcomes[0] != "ok" || !strings.Contains(journal.outcomes[1], "NOPERM") {
		t.Errorf("the outcomes are %q", journal.outcomes)
	}
}

// FuzzLine: whatever a server sends, a Line reads values or breaks.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "$3\r\nabc\r\n", "*2\r\n:1\r\n$-1\r\n", "-ERR x\r\n", "*-1\r\n", "$99999999999\r\n", "*1\r\n*1\r\n*1\r\n", "%1\r\n", "\x15\x03", ":x\r\n", "\r\n", "*4000000\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l := &Line{in: bufio.NewReader(bytes.NewReader(text)), ended: func() error { return nil }}
		for range 100 {
			v, err := l.read(0)
			var reply replyError
			if err != nil && !errors.As(err, &reply) {
				return
			}
			if s, is := v.(string); is && len(s) > len(text) {
				t.Fatalf("%d bytes were made of %d", len(s), len(text))
			}
		}
	})
}

func TestAReadOnlyLineSendsNothingThatMayChange(t *testing.T) {
	server, err := fake.Start(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	l, err := Dial(t.Context(), server.Addr(fake.ID(0)), Options{ReadOnly: true}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if _, err := l.Do("PING"); err != nil {
		t.Error(err)
	}
	for _, a := range l.Pipeline([]any{"INFO"}, []any{"DEL", "k"}) {
		if KindOf(a.Err) != ReadOnly {
			t.Errorf("%v", a.Err)
		}
	}
	if _, err := l.Do("PING"); KindOf(err) != ReadOnly {
		t.Errorf("the line was used on: %v", err)
	}
	if s := server.Server(fake.ID(0)); s.Count("PING") != 1 || s.Count("INFO") != 0 || s.Count("DEL") != 0 {
		t.Errorf("sent: %d PING, %d INFO, %d DEL", s.Count("PING"), s.Count("INFO"), s.Count("DEL"))
	}
}
