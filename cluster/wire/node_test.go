package wire_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster/fake"
	"slotdeck/cluster/wire"
)

// fakeNode is a server that answers OK to everything, as the hook lets it.
func fakeNode(t *testing.T, hook fake.Hook) *fake.Server {
	t.Helper()
	s, err := fake.Listen("", func(c fake.Command) []byte {
		if c.Name() == "HELLO" {
			return fake.Fault("ERR unknown command 'HELLO'")
		}
		return fake.Status("OK")
	})
	if err != nil {
		t.Fatal(err)
	}
	s.SetHook(hook)
	t.Cleanup(s.Close)
	return s
}

func open(t *testing.T, addr string, o wire.Options) *wire.Node {
	t.Helper()
	n := wire.Open(addr, o)
	t.Cleanup(n.Close)
	return n
}

// on makes a hook for one command.
func on(name string, r fake.Reply) fake.Hook {
	return func(c fake.Command) fake.Reply {
		if c.Name() == name {
			return r
		}
		return fake.Reply{}
	}
}

func TestPipelineGivesEachCommandItsOwnAnswer(t *testing.T) {
	s := fakeNode(t, func(c fake.Command) fake.Reply {
		switch c.Name() {
		case "A":
			return fake.Reply{Raw: []byte("*3\r\n:1\r\n$-1\r\n*1\r\n$2\r\nhi\r\n")}
		case "B":
			return fake.Reply{Error: "NOPERM \x1b[31mno"}
		case "C":
			return fake.Reply{Raw: []byte("$-1\r\n")}
		}
		return fake.Reply{}
	})
	n := open(t, s.Addr(), wire.Options{})
	got, took := n.Exchange(context.Background(), []any{"A"}, []any{"B", "x"}, []any{"C"}, []any{"D"})
	list, ok := got[0].Value.([]any)
	if !ok || len(list) != 3 || list[0] != int64(1) || list[1] != nil || got[0].Err != nil {
		t.Errorf("A: %+v", got[0])
	}
	var e *wire.Error
	if !errors.As(got[1].Err, &e) || e.Kind != wire.NoPermission || e.Tried != "B x" || strings.Contains(e.Error(), "\x1b") {
		t.Errorf("B: %+v", got[1])
	}
	if got[2].Value != nil || got[2].Err != nil {
		t.Errorf("C: %+v", got[2])
	}
	if got[3].Value != "OK" || got[3].Err != nil || took <= 0 {
		t.Errorf("D: %+v after %v", got[3], took)
	}
}

func TestEveryBadAnswerHasItsKind(t *testing.T) {
	for name, c := range map[string]struct {
		reply fake.Reply
		kind  wire.Kind
	}{
		"wrong password":    {fake.Reply{Error: "WRONGPASS invalid username-password pair"}, wire.AuthWrong},
		"no password":       {fake.Reply{Error: "NOAUTH Authentication required."}, wire.AuthMissing},
		"loading":           {fake.Reply{Error: "LOADING Redis is loading the dataset in memory"}, wire.Loading},
		"moved":             {fake.Reply{Error: "MOVED 1 127.0.0.1:1"}, wire.Reply},
		"closed at once":    {fake.Reply{Close: true}, wire.Hangup},
		"closed mid-reply":  {fake.Reply{Raw: []byte("$100\r\nabc"), Close: true}, wire.Hangup},
		"protected mode":    {fake.Reply{Raw: []byte("-DENIED protected mode\r\n"), Close: true}, wire.Protected},
		"a web page":        {fake.Reply{Raw: []byte("HTTP/1.1 400 Bad Request\r\n\r\n")}, wire.Rubbish},
		"a TLS alert":       {fake.Reply{Raw: []byte{0x15, 3, 1, 0, 2, 2, 70}, Close: true}, wire.Rubbish},
		"giant bulk":        {fake.Reply{Raw: []byte("$9223372036854775807\r\n")}, wire.Rubbish},
		"giant list":        {fake.Reply{Raw: []byte("*2147483647\r\n")}, wire.Rubbish},
		"lists without end": {fake.Reply{Raw: bytes.Repeat([]byte("*1\r\n"), 1000), Repeat: true}, wire.Rubbish},
		"line without end":  {fake.Reply{Raw: bytes.Repeat([]byte("+x"), 1000), Repeat: true}, wire.Rubbish},
		"list without end":  {fake.Reply{Raw: append([]byte("*4000000\r\n"), bytes.Repeat([]byte("$9\r\n123456789\r\n"), 500)...), Repeat: true}, wire.Rubbish},
		"never":             {fake.Reply{Never: true}, wire.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakeNode(t, on("TRY", c.reply))
			n := open(t, s.Addr(), wire.Options{})
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			if c.kind == wire.Rubbish {
				cancel()
				ctx, cancel = context.WithTimeout(context.Background(), 20*time.Second)
			}
			defer cancel()
			if _, err := n.Do(context.Background(), "PING"); err != nil {
				t.Fatal(err)
			}
			_, err := n.Do(ctx, "TRY")
			if k := wire.KindOf(err); k != c.kind {
				t.Fatalf("%v: %v, want %v", k, err, c.kind)
			}
			s.SetHook(nil)
			if _, err := n.Do(context.Background(), "PING"); err != nil {
				t.Errorf("the next call meets the ruins of the last: %v", err)
			}
		})
	}
}

func TestWrongPasswordIsNeverTakenForAnAnswer(t *testing.T) {
	for _, c := range []struct {
		refusal string
		kind    wire.Kind
	}{
		{"WRONGPASS invalid username-password pair or user is disabled.", wire.AuthWrong},
		{"ERR invalid password", wire.AuthWrong},
	} {
		s := fakeNode(t, on("AUTH", fake.Reply{Error: c.refusal}))
		n := open(t, s.Addr(), wire.Options{Password: wire.NewSecret("x")})
		for range 2 {
			for i, a := range n.Pipeline(context.Background(), []any{"PING"}, []any{"INFO"}) {
				if wire.KindOf(a.Err) != c.kind {
					t.Errorf("%d: %+v", i, a)
				}
			}
		}
		if s.Count("PING") != 0 {
			t.Error("it went on without having been let in")
		}
	}
}

func TestEndlessReplyTakesBoundedMemory(t *testing.T) {
	s := fakeNode(t, on("TRY", fake.Reply{Raw: append([]byte("*2\r\n$40000000\r\n"), bytes.Repeat([]byte("$40000000\r\n"), 1<<16)...), Repeat: true}))
	n := open(t, s.Addr(), wire.Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		_, err := n.Do(ctx, "TRY")
		cancel()
		if err == nil {
			t.Fatal("an endless reply was taken for an answer")
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 3*(64<<20)+(16<<20) {
		t.Errorf("three calls allocated %d MiB", grown>>20)
	}
}

func TestNodeThatTurnsAConnectionAwaySaysWhy(t *testing.T) {
	for text, kind := range map[string]wire.Kind{
		"DENIED Redis is running in protected mode": wire.Protected,
		"ERR max number of clients reached":         wire.Reply,
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var served sync.WaitGroup
		served.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write([]byte("-" + text + "\r\n"))
				_ = c.Close()
			}
		})
		n := open(t, l.Addr().String(), wire.Options{Password: wire.NewSecret("x")})
		for range 20 {
			if _, err := n.Do(context.Background(), "PING"); wire.KindOf(err) != kind {
				t.Errorf("%v: %v", wire.KindOf(err), err)
			}
		}
		_ = l.Close()
		served.Wait()
	}
}

func TestBytesBeyondTheAnswerAreNotTakenForTheNext(t *testing.T) {
	for _, extra := range []string{"+SPY\r\n", "+SP", "*2\r\n+a\r\n"} {
		s := fakeNode(t, on("TRY", fake.Reply{Raw: []byte("+TRIED\r\n" + extra)}))
		for _, o := range []wire.Options{{}, {Password: wire.NewSecret("x")}} {
			n := open(t, s.Addr(), o)
			for range 5 {
				if v, err := n.Do(context.Background(), "TRY"); v != "TRIED" {
					t.Fatalf("after %q: %v %v", extra, v, err)
				}
				if v, err := n.Do(context.Background(), "PING"); v != "OK" {
					t.Fatalf("after %q: %v %v", extra, v, err)
				}
			}
		}
	}
}

func TestTLSPortSpokenToInPlainIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = c.Read(make([]byte, 10))
			_, _ = c.Write([]byte{0x15, 3, 1, 0, 2, 2, 70})
			_ = c.Close()
		}
	}()
	_, err = open(t, l.Addr().String(), wire.Options{}).Do(context.Background(), "PING")
	if wire.KindOf(err) != wire.TLSNeeded {
		t.Errorf("%v: %v", wire.KindOf(err), err)
	}
}

func TestCancelEndsACallAtOnceAndSparesTheOthers(t *testing.T) {
	s := fakeNode(t, func(c fake.Command) fake.Reply {
		switch c.Name() {
		case "NEVER":
			return fake.Reply{Never: true}
		case "SLOW":
			return fake.Reply{Delay: 200 * time.Millisecond}
		}
		return fake.Reply{}
	})
	n := open(t, s.Addr(), wire.Options{CallTimeout: 10 * time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	var slow, never error
	var ended time.Duration
	start := time.Now()
	var both sync.WaitGroup
	both.Go(func() { _, slow = n.Do(context.Background(), "SLOW") })
	both.Go(func() {
		_, never = n.Do(ctx, "NEVER")
		ended = time.Since(start)
	})
	for s.Count("NEVER") == 0 || s.Count("SLOW") == 0 {
		runtime.Gosched()
	}
	cancel()
	both.Wait()
	if wire.KindOf(never) != wire.Canceled || !errors.Is(never, context.Canceled) || ended > 2*time.Second {
		t.Errorf("canceled call: %v after %v", never, ended)
	}
	if slow != nil {
		t.Errorf("the call beside it: %v", slow)
	}
}

func TestCloseEndsCallsInProgress(t *testing.T) {
	s := fakeNode(t, on("NEVER", fake.Reply{Never: true}))
	n := wire.Open(s.Addr(), wire.Options{CallTimeout: 10 * time.Second})
	done := make(chan error, 1)
	go func() { _, err := n.Do(context.Background(), "NEVER"); done <- err }()
	for s.Count("NEVER") == 0 {
		runtime.Gosched()
	}
	n.Close()
	if err := <-done; wire.KindOf(err) != wire.Canceled {
		t.Errorf("%v: %v", wire.KindOf(err), err)
	}
	if _, err := n.Do(context.Background(), "PING"); wire.KindOf(err) != wire.Canceled {
		t.Errorf("after Close: %v", err)
	}
}

func TestRestartedNodeIsMetWithAFreshConnection(t *testing.T) {
	s := fakeNode(t, nil)
	n := open(t, s.Addr(), wire.Options{})
	for i := range 20 {
		if _, err := n.Do(context.Background(), "SET", "a", "b"); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		s.Drop()
		for s.Conns() > 0 {
			runtime.Gosched()
		}
	}
}

func TestNodeOpensNoMoreConnectionsThanCallsAtATime(t *testing.T) {
	s := fakeNode(t, on("SLOW", fake.Reply{Delay: 2 * time.Millisecond}))
	n := open(t, s.Addr(), wire.Options{})
	for range 50 {
		if _, err := n.Do(context.Background(), "PING"); err != nil {
			t.Fatal(err)
		}
	}
	if s.Conns() != 1 {
		t.Errorf("%d connections for calls one after the other", s.Conns())
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := n.Do(context.Background(), "SLOW"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s.Conns() > 3 {
		t.Errorf("%d connections", s.Conns())
	}
}

func TestSecretAmongTheWordsIsSentAndNotShown(t *testing.T) {
	var got fake.Command
	s := fakeNode(t, func(c fake.Command) fake.Reply {
		if c.Name() == "STORE" {
			got = c
			return fake.Reply{Error: "ERR no"}
		}
		return fake.Reply{}
	})
	j := wire.NewJournal()
	_, err := open(t, s.Addr(), wire.Options{Journal: j}).Do(context.Background(), "STORE", wire.NewSecret("s3cret"))
	if len(got) != 2 || got[1] != "s3cret" {
		t.Errorf("sent %q", got)
	}
	if err == nil || strings.Contains(err.Error(), "s3cret") || j.Entries()[0].Command != "STORE ***" {
		t.Errorf("%v, %+v", err, j.Entries())
	}
}
