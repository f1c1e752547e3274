package keys

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/fake"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

func nodesOf(t *testing.T, c *lab.Cluster) []*wire.Node {
	t.Helper()
	doors := NewDoors(wire.Options{CallTimeout: 10 * time.Second})
	t.Cleanup(doors.Close)
	var out []*wire.Node
	for _, n := range c.Nodes() {
		out = append(out, doors.At(n.Addr))
	}
	return out
}

// counted is every key of a node, asked one by one with the plainest commands.
func counted(t *testing.T, nodes []*wire.Node) map[string]keyspace.Entry {
	t.Helper()
	out := map[string]keyspace.Entry{}
	for _, n := range nodes {
		list, err := n.Do(t.Context(), "KEYS", "*")
		must(t, err)
		for _, key := range texts(list.([]any)) {
			e := keyspace.Entry{Key: key, Slot: keyslot.Of(key)}
			kind, err := n.Do(t.Context(), "TYPE", key)
			must(t, err)
			e.Type = kind.(string)
			size, err := n.Do(t.Context(), keyspace.SizeCommand(e.Type), key)
			must(t, err)
			e.Elements = size.(int64)
			bytes, err := n.Do(t.Context(), "MEMORY", "USAGE", key)
			must(t, err)
			e.Bytes = bytes.(int64)
			out[key] = e
		}
	}
	return out
}

func TestSurveyEqualsAFullCount(t *testing.T) {
	some(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		must(t, c.Fill(t.Context(), 1200))
		must(t, ownerOf(t, c, "bin\x00\xff\n").Do(t.Context(), "HSET", "bin\x00\xff\n", "f", strings.Repeat("v", 5000)).Err())
		nodes := nodesOf(t, c)
		all := counted(t, nodes)
		walk := Walk{Ask: keyspace.OfType | keyspace.OfElements | keyspace.OfBytes | keyspace.OfTTL, Batch: 17}
		p := Survey{Walk: walk, Most: 7}.Start(t.Context(), nodes).Wait()
		var bytes int64
		elements, heavy := map[string]int64{}, []int64{}
		for _, e := range all {
			bytes += e.Bytes
			elements[e.Type] += e.Elements
			heavy = append(heavy, e.Bytes)
		}
		slices.SortFunc(heavy, func(a, b int64) int { return int(b - a) })
		for _, part := range p.Parts {
			must(t, part.Err)
		}
		got := p.Tally
		if met, total := p.Met(); met != int64(len(all)) || total != met || got.Asked != met || got.Bytes != bytes || got.Gone != 0 {
			t.Errorf("met %d of %d, asked %d, %d bytes, %d gone; there are %d keys of %d bytes", met, total, got.Asked, got.Bytes, got.Gone, len(all), bytes)
		}
		for name, n := range elements {
			if got.Types[name] == nil || got.Types[name].Elements != n {
				t.Errorf("%s: %+v, want %d elements", name, got.Types[name], n)
			}
		}
		for i, w := range got.Heavy.List() {
			if w.Weight != heavy[i] || all[w.Entry.Key].Bytes != w.Weight {
				t.Errorf("the %d. heaviest is %q of %d bytes, want one of %d", i+1, w.Entry.Key, w.Weight, heavy[i])
			}
		}
		for s := range got.Slots.Keys {
			var want int64
			if got.Slots.Keys[s] > 0 {
				for _, e := range all {
					if int(e.Slot) == s {
						want++
					}
				}
				if got.Slots.Keys[s] != want {
					t.Errorf("slot %d: %d keys, want %d", s, got.Slots.Keys[s], want)
				}
				break // the others are counted the same way
			}
		}
	})
}

func TestWalkKeepsWhatIsAskedForAndNothingElse(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	must(t, c.Fill(t.Context(), 1500))
	nodes := nodesOf(t, c)
	all := counted(t, nodes)
	set := keyslot.SetOf(keyslot.Range{First: 3000, Last: 9000})
	for name, w := range map[string]struct {
		walk Walk
		want func(e keyspace.Entry) bool
	}{
		"all":             {Walk{}, func(keyspace.Entry) bool { return true }},
		"pattern":         {Walk{Match: "cart:*"}, func(e keyspace.Entry) bool { return strings.HasPrefix(e.Key, "cart:") }},
		"slots":           {Walk{Only: &set, Batch: 5}, func(e keyspace.Entry) bool { return set.Has(e.Slot) }},
		"type":            {Walk{Type: "zset"}, func(e keyspace.Entry) bool { return e.Type == "zset" }},
		"types":           {Walk{Keep: keyspace.Keep{Types: []string{"zset", "list"}}}, func(e keyspace.Entry) bool { return e.Type == "zset" || e.Type == "list" }},
		"memory":          {Walk{Keep: keyspace.Keep{MinBytes: 500}}, func(e keyspace.Entry) bool { return e.Bytes >= 500 }},
		"elements":        {Walk{Keep: keyspace.Keep{MinElements: 20}}, func(e keyspace.Entry) bool { return e.Elements >= 20 }},
		"type and number": {Walk{Keep: keyspace.Keep{Types: []string{"set"}, MinElements: 9}}, func(e keyspace.Entry) bool { return e.Type == "set" && e.Elements >= 9 }},
	} {
		got := map[string]bool{}
		for _, n := range nodes {
			must(t, w.walk.Run(t.Context(), n, func(b Batch) bool {
				for _, e := range b.Entries {
					got[e.Key] = true
				}
				return true
			}))
		}
		want := 0
		for key, e := range all {
			if w.want(e) {
				want++
				if !got[key] {
					t.Errorf("%s: %q is missing", name, key)
				}
			}
		}
		if want == 0 || len(got) != want {
			t.Errorf("%s: %d keys, want %d", name, len(got), want)
		}
	}
}

// scanServer answers a walk over three keys, one of which vanishes between SCAN
// and TYPE, and one of which becomes another type after TYPE.
func scanServer(t *testing.T) *wire.Node {
	t.Helper()
	s, err := fake.Listen("", func(cmd fake.Command) []byte {
		switch strings.ToUpper(cmd[0]) {
		case "SCAN":
			return []byte("*2\r\n$1\r\n0\r\n*3\r\n$5\r\nstays\r\n$6\r\nleaves\r\n$7\r\nchanges\r\n")
		case "TYPE":
			return []byte(map[string]string{"stays": "+hash\r\n", "leaves": "+none\r\n", "changes": "+hash\r\n"}[cmd[1]])
		case "HLEN":
			if cmd[1] == "changes" {
				return []byte("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n")
			}
			return []byte(":3\r\n")
		case "DBSIZE":
			return []byte(":3\r\n")
		}
		return []byte("-ERR unknown command\r\n")
	})
	must(t, err)
	t.Cleanup(s.Close)
	n := wire.Open(s.Addr(), wire.Options{})
	t.Cleanup(n.Close)
	return n
}

func TestKeysThatVanishOrChangeMeanwhileAreCountedAsSuch(t *testing.T) {
	n := scanServer(t)
	p := Survey{Walk: Walk{Ask: keyspace.OfType | keyspace.OfElements}, Most: 3}.Start(t.Context(), []*wire.Node{n}).Wait()
	if p.Parts[0].Err != nil || p.Tally.Keys != 3 || p.Tally.Gone != 2 || p.Tally.Asked != 1 || p.Tally.Types["hash"].Elements != 3 {
		t.Errorf("%+v, %+v", p.Parts, p.Tally.Types["hash"])
	}
	var kept []keyspace.Entry
	w := Walk{Keep: keyspace.Keep{MinElements: 1}}
	must(t, w.Run(t.Context(), n, func(b Batch) bool { kept = append(kept, b.Entries...); return true }))
	if len(kept) != 1 || kept[0].Key != "stays" {
		t.Errorf("kept %+v", kept)
	}
}

func TestSurveyIsPartialWhereANodeRefusesAndEndsWhenStopped(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	must(t, c.Fill(t.Context(), 600))
	barred := c.Nodes()[1]
	must(t, barred.Do(t.Context(), "ACL", "SETUSER", "default", "-type").Err())
	nodes := nodesOf(t, c)
	p := Survey{Walk: Walk{Ask: keyspace.OfType}, Most: 3}.Start(t.Context(), nodes).Wait()
	if wire.KindOf(p.Parts[1].Err) != wire.NoPermission || p.Parts[0].Err != nil || p.Tally.Asked == 0 {
		t.Errorf("without the right to TYPE: %+v", p.Parts)
	}
	running := Survey{Walk: Walk{Rate: 10, Batch: 1}, Most: 3}.Start(t.Context(), nodes)
	labtest.Until(t, 5*time.Second, "the survey has begun", func() bool { met, _ := running.Now().Met(); return met > 0 })
	running.Stop()
	if p := running.Now(); p.Parts[0].Done || p.Parts[0].Met > 100 {
		t.Errorf("stopped at ten keys a second: %+v", p.Parts)
	}
}

func TestSampledSurveyAsksAPart(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1})
	must(t, c.Fill(context.Background(), 1000))
	p := Survey{Walk: Walk{Ask: keyspace.OfType | keyspace.OfElements, Sample: 10}, Most: 3}.Start(t.Context(), nodesOf(t, c)).Wait()
	if p.Tally.Keys != 1000 || p.Tally.Asked != 100 {
		t.Errorf("met %d, asked %d: %s", p.Tally.Keys, p.Tally.Asked, fmt.Sprint(p.Parts))
	}
}
