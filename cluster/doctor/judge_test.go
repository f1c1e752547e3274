package doctor

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

const sec = time.Second

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

type verdictCase struct {
	name     string
	made     *bench
	status   Status
	served   int
	sentence string
}

func verdicts() []verdictCase {
	const all, two = 16384, 10923
	dead := func(ago time.Duration) *bench { // C, failed by agreement
		return build(3, 1).silent(ago, "C").say(cluster.Fail, "C", "A", "B", "A1", "B1", "C1")
	}
	return []verdictCase{
		{"all is well", build(3, 1), OK, all,
			"All 16384 slots are served by 3 primaries; all 6 nodes answer."},
		{"nobody has replicas", build(3, 0), OK, all,
			"All 16384 slots are served by 3 primaries; all 3 nodes answer."},
		{"primary dead, failure agreed, no coverage needed", dead(5*sec).set("cluster-require-full-coverage", "no"), Degraded, two - 1,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 2 s."},
		{"primary dead, failure agreed, full coverage", dead(5 * sec).allFail(), Down, 0,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed, so no key is served (full coverage). Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 2 s."},
		{"primary dead, no replica", build(3, 0).silent(5*sec, "C").say(cluster.Fail, "C", "A", "B").allFail(), Down, 0,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed, so no key is served (full coverage). It will not heal by itself: it has no replica."},
		{"primary dead just now, nobody noticed", build(3, 1).silent(1200*time.Millisecond, "C"), Degraded, two - 1,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 1.2 s; none of 2 others suspects it yet. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 6 s."},
	}
}
