package recorder

import (
	"encoding/json"
	"strings"
	"testing"
)

const automaticMarkdown = `## Failover 1: shard C, 10.0.0.13:7001 to 10.0.0.16:7001

- cause: automatic
- outcome: taken over
- slots: 5461
- not served, as seen from the console: 4.2 s
- data at risk: 1120 bytes behind the last known offset, and what the old primary wrote in its last 0.7 s at about 5120 bytes a second

| stage | time (UTC) | after the stage before | note |
|---|---|---:|---|
| last answer | 2025-03-04 12:00:01.100 |  | of 10.0.0.13:7001 |
| suspected | 2025-03-04 12:00:03.200 | 2.1 s | by 10.0.0.11:7001, 10.0.0.15:7001 |
| fail agreed | 2025-03-04 12:00:04.100 | 0.9 s | 2 of 2 other voting primaries say so |
| election | 2025-03-04 12:00:04.900 | 0.8 s | epoch 14, 10.0.0.16:7001 |
| new primary | 2025-03-04 12:00:05.000 | 0.1 s | 10.0.0.16:7001, epoch 14 |
| slots served | 2025-03-04 12:00:05.300 | 0.3 s | 5461 slots by 10.0.0.16:7001 |
| everyone agrees | 2025-03-04 12:00:05.500 | 0.2 s | 5 nodes that answer |

Times are as seen by the console, late by up to 1.8 s.
`

func TestMarkdownTellsTheWholeStory(t *testing.T) {
	if got := automatic(t).only().Markdown(); got != automaticMarkdown {
		t.Errorf("got\n%s", got)
	}
}

func TestMarkdownSaysWhatIsNotKnown(t *testing.T) {
	f := newFilm(t)
	f.shot(0, func() { f.silence("C0", -100); f.of("C0").suspect = []string{"A0"} })
	got := f.only().Markdown()
	for _, want := range []string{"10.0.0.13:7001 in trouble", "cause: unclear", "outcome: running", "console: not known", "at risk: none, nobody took over"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	f.shot(500, func() { f.promote("C1", 14); f.of("C0").offset = -1 })
	if got := f.only(); got.AtRisk != 0 {
		t.Errorf("at risk %d", got.AtRisk)
	}
}

func TestRecordWithoutOffsetsSaysSo(t *testing.T) {
	f := newFilm(t)
	f.shot(0, func() { f.of("C0").offset = -1 })
	f.shot(500, func() { f.promote("C1", 14) })
	got := f.only()
	if got.AtRisk != -1 || !strings.Contains(got.Markdown(), "data at risk: not known, no offsets were read") {
		t.Errorf("%d\n%s", got.AtRisk, got.Markdown())
	}
}

func TestJSONCarriesStagesAndTheGap(t *testing.T) {
	text, err := automatic(t).only().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Cause, Outcome string
		Unavailable    *int64
		Stages         []struct{ Stage, At, Note string }
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Cause != "automatic" || got.Outcome != "taken over" || got.Unavailable == nil || *got.Unavailable != 4_200_000_000 ||
		len(got.Stages) != 7 || got.Stages[2].Stage != "fail agreed" || got.Stages[2].At != "2025-03-04T12:00:04.1Z" {
		t.Errorf("got %s", text)
	}
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.silence("C0", 100) })
	if text, _ := f.only().JSON(); !strings.Contains(string(text), `"unavailable": null`) {
		t.Errorf("an unknown gap is not null: %s", text)
	}
}

func TestServersCannotWriteIntoTheReport(t *testing.T) {
	g := newFilm(t)
	g.of("C0").addr = "10.0\x1b[2J|\n# owned" + strings.Repeat("y", 200)
	g.shot(0, nil)
	g.shot(500, func() { g.silence("C0", 100) })
	got := g.only().Markdown()
	if strings.ContainsAny(got, "\x1b\r") || strings.Contains(got, "\n# owned") || strings.Contains(got, "2J|") || len(got) > 1000 {
		t.Errorf("got %q", got)
	}
}
