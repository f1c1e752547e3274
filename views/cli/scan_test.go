package cli

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
)

func TestScanAndBigkeysTellWhatIsThere(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	if err := c.Fill(t.Context(), 600); err != nil {
		t.Fatal(err)
	}
	binary := "bin:\x1b\xff"
	expect(t, Fine, "exec", c.Seed(), "RPUSH", binary, "a", "b", "--yes")
	expect(t, Fine, "exec", c.Seed(), "EXPIRE", binary, "1000", "--yes")
	var got scanEntry
	out := expect(t, Fine, "scan", c.Seed(), "--match", "bin:*", "--ttl", "--elements", "--memory", "--encoding").out
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	key, err := base64.StdEncoding.DecodeString(got.KeyBase64)
	if err != nil || string(key) != binary || got.Type != "list" || *got.Elements != 2 || *got.TTLMS < 900e3 || *got.Memory < 8 || got.Encoding == "" || got.Slot != keyslot.Of(binary) {
		t.Errorf("%+v, key %q", got, key)
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("control bytes were printed: %q", out)
	}
	if got := expect(t, Fine, "scan", c.Seed(), "--count"); got.out != "601\n" {
		t.Errorf("the count is %q", got.out)
	}
	if got := expect(t, Fine, "scan", c.Seed(), "--limit", "7", "--text"); strings.Count(got.out, "\n") != 7 {
		t.Errorf("seven keys: %q", got.out)
	}
	if got := expect(t, Fine, "scan", c.Seed(), "--match", "nothing:*"); got.out != "" {
		t.Errorf("no key: %q", got.out)
	}
	big := decode[bigAnswer](t, expect(t, Fine, "bigkeys", c.Seed(), "--memory", "--ttl", "-o", "json").out)
	if big.Keys != 601 || big.Asked != 601 || len(big.Nodes) != 3 || len(big.Heaviest) != 5 || big.Types["stream"].Keys != 50 || big.TTL["for ever"] == 0 {
		t.Errorf("%+v", big)
	}
	if text := expect(t, Fine, "bigkeys", c.Seed(), "--top", "2").out; !strings.Contains(text, "601 keys on 3 primaries") || !strings.Contains(text, "fullest slots") {
		t.Errorf("as text: %s", text)
	}
	slot := keyslot.Of(binary)
	inSlot := expect(t, Fine, "scan", c.Seed(), "--slots", fmt.Sprint(slot), "--count").out
	if of := decode[bigAnswer](t, expect(t, Fine, "bigkeys", c.Seed(), "--slots", fmt.Sprint(slot), "-o", "json").out); fmt.Sprintln(of.Keys) != inSlot || of.Keys != of.Asked || len(of.Nodes) != 1 || len(of.Slots) != 1 || of.Slots[0].Slot != slot || of.Types["list"].Keys == 0 {
		t.Errorf("of slot %d, which has %s keys: %+v", slot, inSlot, of)
	}
	expect(t, Usage, "bigkeys", c.Seed(), "--top", "0")
	expect(t, Usage, "bigkeys", c.Seed(), "--slots", "99999")
	expect(t, Usage, "scan", c.Seed(), "--slots", "99999")
	expect(t, Usage, "scan", c.Seed(), "--node", "nobody")
	if err := c.Nodes()[1].Kill(); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "", nil, "scan", c.Seed(), "--count"); got.code != No || !strings.Contains(got.err, "left out") {
		t.Errorf("with a dead primary: %+v", got)
	}
}
