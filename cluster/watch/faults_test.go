package watch_test

import (
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/fake"
	"slotdeck/cluster/wire"
)

func TestFaultyNodesCostTheOthersNothing(t *testing.T) {
	for name, c := range map[string]struct {
		hook   fake.Hook
		health cluster.Health
	}{
		"frozen":        {func(fake.Command) fake.Reply { return fake.Reply{Never: true} }, cluster.NoAnswer},
		"hangs up":      {func(fake.Command) fake.Reply { return fake.Reply{Close: true} }, cluster.NoAnswer},
		"loading":       {except("INFO", "LOADING Redis is loading the dataset in memory"), cluster.Loading},
		"wants a word":  {except("", "NOAUTH Authentication required."), cluster.Denied},
		"a web server":  {func(fake.Command) fake.Reply { return fake.Reply{Raw: []byte("HTTP/1.1 400\r\n\r\n")} }, cluster.Rubbish},
		"giant reply":   {func(fake.Command) fake.Reply { return fake.Reply{Raw: []byte("*2000000000\r\n")} }, cluster.Rubbish},
		"endless reply": {func(fake.Command) fake.Reply { return fake.Reply{Raw: []byte("*1\r\n"), Repeat: true} }, cluster.Rubbish},
		"not a cluster": {except("PING", "ERR This instance has cluster support disabled"), cluster.Rubbish},
		"garbled view":  {replying("CLUSTER NODES", "what is this\n"), cluster.Rubbish},
		"busy script":   {except("", "BUSY Redis is busy running a script."), cluster.NoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			f := fakeCluster(t, 3, 1)
			w := running(t, quick(f.Addr(fake.ID(0))))
			until(t, w, "all answer", full(6))
			f.Server(fake.ID(4)).SetHook(c.hook)
			s := until(t, w, "the fault is seen", health(fake.ID(4), c.health))
			sick := node(t, s, fake.ID(4))
			if sick.Err == nil || !strings.Contains(sick.Err.Error(), f.Addr(fake.ID(4))) || sick.View.Err == nil || !sick.View.Known() {
				t.Errorf("%+v", sick.Err)
			}
			// Five rounds on, the others' readings are as fresh as ever.
			seq := f.Server(fake.ID(1)).Count("PING")
			until(t, w, "five more rounds", func(*cluster.Snapshot) bool { return f.Server(fake.ID(1)).Count("PING") >= seq+5 })
			s = w.Latest()
			for i := range s.Nodes {
				n := &s.Nodes[i]
				if age := s.At.Sub(n.Latency.At); n.ID != sick.ID && (n.Health != cluster.Answering || age > 400*time.Millisecond) {
					t.Errorf("%s: health %d, reading %v old", n.ID.Short(), n.Health, age)
				}
			}
			f.Server(fake.ID(4)).SetHook(nil)
			until(t, w, "it is well again", full(6))
		})
	}
}

// except answers every command but one with an error.
func except(name, text string) fake.Hook {
	return func(c fake.Command) fake.Reply {
		if c.Name() == name || c.Name() == "HELLO" {
			return fake.Reply{}
		}
		return fake.Reply{Error: text}
	}
}

func replying(name, text string) fake.Hook {
	return func(c fake.Command) fake.Reply {
		if c.Name() == name {
			return fake.Reply{Text: text}
		}
		return fake.Reply{}
	}
}

func TestAUserWhoMayNotSeeInfoSeesTheTopology(t *testing.T) {
	f := fakeCluster(t, 3, 0)
	f.Each(func(_ string, s *fake.Server) {
		s.SetHook(func(c fake.Command) fake.Reply {
			if c.Name() == "INFO" {
				return fake.Reply{Error: "NOPERM this user has no permissions to run the 'info' command"}
			}
			return fake.Reply{}
		})
	})
	s := until(t, running(t, quick(f.Addr(fake.ID(0)))), "all answer", full(3))
	if n := &s.Nodes[0]; n.Info.Known() || wire.KindOf(n.Info.Err) != wire.NoPermission || n.Err != nil {
		t.Errorf("info %v, node %v", n.Info.Err, n.Err)
	}
}
