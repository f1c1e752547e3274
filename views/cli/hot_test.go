package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestHotSaysHowItKnows(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "redis-7.0").Path, Extra: []string{"maxmemory-policy allkeys-lfu"}})
	if err := c.Fill(t.Context(), 300); err != nil {
		t.Fatal(err)
	}
	got := decode[hotAnswer](t, expect(t, Fine, "hot", c.Seed(), "--window", "200ms", "--top", "3", "-o", "json").out)
	if len(got.Nodes) != 3 || len(got.Keys) != 3 || len(got.Slots) != 0 || !strings.Contains(got.Nodes[0].Keys, "LFU") || !strings.Contains(got.Nodes[0].Slots, "counts nothing by slot") {
		t.Errorf("%+v", got)
	}
	if text := expect(t, Fine, "hot", c.Seed(), "--window", "200ms").out; !strings.Contains(text, "hottest keys, by LFU counters") {
		t.Errorf("as text: %s", text)
	}
	if got := expect(t, Usage, "hot", c.Seed(), "--hotkeys"); !strings.Contains(got.err, "nothing was changed") {
		t.Errorf("HOTKEYS without being asked: %s", got.err)
	}
	expect(t, Usage, "hot", c.Seed(), "--top", "0")
}
