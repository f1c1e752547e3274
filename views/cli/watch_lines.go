package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/recorder"
	"slotdeck/ui"
)

// watchLine is one change as programs get it. What does not belong to its type
// is left out.
type watchLine struct {
	At      time.Time      `json:"at"`
	Type    string         `json:"type"` // event, verdict, failover
	Gravity string         `json:"gravity"`
	Kind    string         `json:"kind,omitempty"` // of an event
	Seq     uint64         `json:"seq,omitempty"`  // of an event
	Node    cluster.NodeID `json:"node,omitempty"`
	Addr    string         `json:"addr,omitempty"`
	Shard   string         `json:"shard,omitempty"`
	Text    string         `json:"text"`

	Status *string `json:"status,omitempty"` // of a verdict, as the next four
	Served *int    `json:"slots_served,omitempty"`
	Voters *int    `json:"voters_answering,omitempty"`
	Need   *int    `json:"voters_needed,omitempty"`
	Heals  *bool   `json:"heals,omitempty"` // there is trouble: will it heal by itself?

	Number  int    `json:"failover,omitempty"` // of a failover, as the rest
	Stage   string `json:"stage,omitempty"`    // empty: the record came to its end
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
	Cause   string `json:"cause,omitempty"`
	Outcome string `json:"outcome,omitempty"`
}

// teller prints what has changed since it last looked.
type teller struct {
	w       *World
	out     format
	seq     uint64 // the newest event told
	verdict string // the verdict told, without what merely counts on
	stages  map[stageKey]bool
	ends    map[int]recorder.Outcome // by number of the failover
}

type stageKey struct {
	failover int
	stage    recorder.StageKind
}

func newTeller(w *World, out format) *teller {
	return &teller{w: w, out: out, stages: map[stageKey]bool{}, ends: map[int]recorder.Outcome{}}
}

// tell prints the lines of one picture by their times, the verdict last.
func (t *teller) tell(s *cluster.Snapshot, records []recorder.Failover) error {
	lines := append(t.events(s), t.failovers(s, records)...)
	slices.SortStableFunc(lines, func(a, b watchLine) int { return a.At.Compare(b.At) })
	for _, l := range append(lines, t.verdicts(s)...) {
		if err := t.print(l); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) events(s *cluster.Snapshot) []watchLine {
	var lines []watchLine
	for _, e := range s.Events {
		if e.Seq > t.seq {
			t.seq = e.Seq
			lines = append(lines, watchLine{
				At: e.At, Type: "event", Gravity: gravityWords[e.Gravity], Kind: kindWord(e.Kind), Seq: e.Seq,
				Node: e.Node, Addr: ui.Clean(e.Addr), Shard: e.Shard, Text: ui.Clean(e.Text),
			})
		}
	}
	return lines
}

// failovers are the stages not told yet, and the ends.
func (t *teller) failovers(s *cluster.Snapshot, records []recorder.Failover) []watchLine {
	var lines []watchLine
	for i := range records {
		f := &records[i]
		for _, stage := range f.Stages {
			key := stageKey{f.Number, stage.Kind}
			if !t.stages[key] {
				t.stages[key] = true
				lines = append(lines, failoverLine(f, stage.At, stage.Kind.String(), stageGravity(stage.Kind), stage.Note))
			}
		}
		if f.Outcome != recorder.Running && t.ends[f.Number] != f.Outcome {
			t.ends[f.Number] = f.Outcome
			lines = append(lines, failoverLine(f, s.At, "", cluster.Notable, endOf(f)))
		}
	}
	return lines
}

func failoverLine(f *recorder.Failover, at time.Time, stage string, gravity cluster.Gravity, text string) watchLine {
	return watchLine{
		At: at, Type: "failover", Gravity: gravityWords[gravity], Shard: f.Shard, Node: cmp.Or(f.To.ID, f.From.ID),
		Addr: cmp.Or(f.To.Addr, f.From.Addr), Text: text,
		Number: f.Number, Stage: stage, From: f.From.Addr, To: f.To.Addr, Cause: f.Cause.String(), Outcome: f.Outcome.String(),
	}
}

func stageGravity(k recorder.StageKind) cluster.Gravity {
	switch k {
	case recorder.LastAnswer, recorder.FailAgreed:
		return cluster.Bad
	case recorder.Served, recorder.Agreed, recorder.OldBack:
		return cluster.Good
	}
	return cluster.Notable
}

// endOf says how a failover ended, and what it cost.
func endOf(f *recorder.Failover) string {
	text := f.Outcome.String()
	if gap, ok := f.Unavailable(); ok && f.To.ID != "" {
		if gap == 0 {
			return fmt.Sprintf("%s, not served for less than %.1f s", text, f.Precision.Seconds())
		}
		return fmt.Sprintf("%s, not served for %.1f s", text, gap.Seconds())
	}
	return text
}

// counting is what changes in a sentence while the verdict stays the same: how
// long ago, and how far behind.
var counting = regexp.MustCompile(`(\d+(\.\d+)? (s|min|h|d|B|KiB|MiB|GiB|TiB)|an unknown (time|way))\b`)

// verdicts is the verdict, if it is another one.
func (t *teller) verdicts(s *cluster.Snapshot) []watchLine {
	v := doctor.Judge(s)
	word := v.Status.String()
	digest := word + counting.ReplaceAllString(v.Sentence, "#")
	if digest == t.verdict {
		return nil
	}
	t.verdict = digest
	gravity := cluster.Bad
	if v.Status == doctor.OK {
		gravity = cluster.Good
	}
	voting := len(v.Voters.Answering)
	l := watchLine{
		At: s.At, Type: "verdict", Gravity: gravityWords[gravity], Text: ui.Clean(v.Sentence),
		Status: &word, Served: &v.Served, Voters: &voting, Need: &v.Voters.Need,
	}
	if len(v.Affected) > 0 {
		heals := v.Heals != nil
		l.Heals, l.Shard, l.Node = &heals, v.Affected[0].Shard, v.Affected[0].Node
	}
	return []watchLine{l}
}

func (t *teller) print(l watchLine) error {
	if t.out == asJSON {
		line, err := compactJSON(l)
		if err != nil {
			return err
		}
		_, err = t.w.Out.Write(append(line, '\n'))
		return err
	}
	head := l.Type
	switch {
	case l.Type == "verdict":
		head = *l.Status
	case l.Type == "failover":
		head = fmt.Sprintf("failover %d", l.Number)
	}
	who := strings.TrimSpace(l.Shard + " " + l.Addr)
	text := l.Text
	if l.Stage != "" {
		text = l.Stage + ": " + l.Text
	}
	words := []string{l.At.Format("2006-01-02 15:04:05.000"), fmt.Sprintf("%-10s", head)}
	if who != "" && l.Type != "verdict" {
		words = append(words, who)
	}
	_, err := fmt.Fprintln(t.w.Out, strings.Join(append(words, text), "  "))
	return err
}
