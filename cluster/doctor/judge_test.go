package doctor

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"slotdeck/keyslot"
)

func TestVerdictOfEverySituation(t *testing.T) {
	for _, c := range verdicts() {
		t.Run(c.name, func(t *testing.T) {
			v := Judge(c.made.done(t))
			if v.Status != c.status || v.Sentence != c.sentence {
				t.Errorf("got\n%s: %s\nwant\n%s: %s", v.Status, v.Sentence, c.status, c.sentence)
			}
			if n := utf8.RuneCountInString(v.Sentence); n > 250 {
				t.Errorf("%d characters are too many for two lines", n)
			}
			if strings.ContainsFunc(v.Sentence, unicode.IsControl) || strings.Contains(v.Sentence, "  ") || !strings.HasSuffix(v.Sentence, ".") {
				t.Errorf("not clean: %q", v.Sentence)
			}
			if sum := v.Served + v.Failing + v.Unassigned; v.Status != NoContact && sum != keyslot.Count {
				t.Errorf("served %d, failing %d and unassigned %d make %d slots", v.Served, v.Failing, v.Unassigned, sum)
			}
			if v.Served != c.served {
				t.Errorf("served %d, want %d", v.Served, c.served)
			}
			if len(v.Affected) > 0 && v.Heals != v.Affected[0].Heals {
				t.Error("Heals is not that of the worst shard")
			}
		})
	}
}
