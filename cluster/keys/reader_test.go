package keys

import (
	"slices"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

func TestCountsAndSamplesAreWhatTheNodeHolds(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Primaries: 3})
		n := wire.Open(c.Nodes()[2].Addr, wire.Options{}) // it owns the upper third, with a and d
		defer n.Close()
		for _, key := range []string{"a", "{a}1", "{a}\xff", "d"} {
			if _, err := n.Do(t.Context(), "SET", key, "x"); err != nil {
				t.Fatal(err)
			}
		}
		a, d := keyslot.Of("a"), keyslot.Of("d")
		var r Reader
		for _, many := range []bool{false, true} {
			slots := []keyslot.Slot{d, 0, a}
			if many { // enough for the quicker command, where there is one
				for s := range keyslot.Slot(5000) {
					slots = append(slots, s+11000)
				}
			}
			counts, err := r.Count(t.Context(), n, slots)
			if err != nil {
				t.Fatal(err)
			}
			if want := []int64{1, 0, 3}; !slices.Equal(counts[:3], want) || slices.Contains(counts, Unknown) {
				t.Errorf("counts of d, nothing and a are %v; want %v, and every slot told", counts[:3], want)
			}
		}
		names, err := r.Sample(t.Context(), n, a, 10)
		slices.Sort(names)
		if want := []string{"a", "{a}1", "{a}\xff"}; err != nil || !slices.Equal(names, want) {
			t.Errorf("the sample is %q, %v; want %q", names, err, want)
		}
		if names, err := r.Sample(t.Context(), n, a, 2); err != nil || len(names) != 2 {
			t.Errorf("a sample of two is %q, %v", names, err)
		}
	})
}

func TestCountOfANodeThatIsGoneIsAnErrorAndUnknown(t *testing.T) {
	n := wire.Open("127.0.0.1:1", wire.Options{})
	defer n.Close()
	var r Reader
	counts, err := r.Count(t.Context(), n, []keyslot.Slot{1, 2})
	if wire.KindOf(err) != wire.Refused || !slices.Equal(counts, []int64{Unknown, Unknown}) {
		t.Errorf("got %v, %v", counts, err)
	}
}
