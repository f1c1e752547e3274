package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// stream is what a program has written so far.
type stream struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *stream) lines(t *testing.T) (out []watchLine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(s.buf.String()) {
		var l watchLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		out = append(out, l)
	}
	return out
}

func TestStatusAndWatchTellAPrimarysDeath(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "redis-8.6").Path, Replicas: 1, NodeTimeout: 2 * time.Second})
	primary, replica := c.Nodes()[2], c.Nodes()[5]
	well := func() bool { return run(t, "", nil, "status", c.Seed()).code == Fine }
	labtest.Until(t, 20*time.Second, "a cluster that is well", well)

	ctx, stop := context.WithCancel(t.Context())
	var out stream
	var errs bytes.Buffer
	code := make(chan Exit, 1)
	go func() {
		code <- Run(ctx, &World{Args: []string{"watch", c.Seed(), "-o", "json"}, Env: func(string) string { return "" },
			In: strings.NewReader(""), Out: &out, Err: &errs})
	}()
	defer stop()
	told := func(fits func(l watchLine) bool) func() bool {
		return func() bool { return slices.ContainsFunc(out.lines(t), fits) }
	}
	labtest.Until(t, 10*time.Second, "the first verdict", told(func(l watchLine) bool {
		return l.Type == "verdict" && *l.Status == "OK" && *l.Served == allSlots
	}))
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	checkStatusInTrouble(t, c.Seed(), primary, replica)

	labtest.Until(t, 15*time.Second, "the failover with its end", told(func(l watchLine) bool {
		return l.Type == "failover" && l.Stage == "" && l.Outcome == "taken over" && l.To == replica.Addr
	}))
	labtest.Until(t, 5*time.Second, "the verdict on what is left", told(func(l watchLine) bool {
		return l.Type == "verdict" && *l.Status == "DEGRADED" && *l.Served == allSlots
	}))
	// Who looks only now still learns whose place the dead one held.
	var late infoAnswer
	got := run(t, "", nil, "info", c.Seed(), "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &late); err != nil || len(late.Unattached) > 0 {
		t.Errorf("%v: unattached: %+v", err, late.Unattached)
	}
	stop()
	if got := <-code; got != Fine || errs.Len() > 0 {
		t.Errorf("stopped: code %d, says %q", got, errs.String())
	}
	checkWatched(t, out.lines(t), primary)
}

// checkStatusInTrouble asks while the primary is dead and nobody took over.
func checkStatusInTrouble(t *testing.T, seed string, primary, replica *lab.Node) {
	t.Helper()
	got := run(t, "", nil, "status", seed, "-o", "json")
	if got.code != No || got.err != "" {
		t.Errorf("code %d, says %q", got.code, got.err)
	}
	a := decode[statusAnswer](t, got.out)
	if a.Status == "OK" || !strings.Contains(a.Verdict, primary.Addr) || a.SlotsServed == allSlots || a.Voters.Answering != 2 || a.Voters.Needed != 2 {
		t.Errorf("got %s", got.out)
	}
	if a.Shards[0].Primary == nil || a.Shards[0].Primary.ID != primary.ID {
		t.Errorf("the worst shard is not the first: %s", got.out)
	}
	if len(a.Trouble) != 1 || a.Trouble[0].Node != primary.ID || !a.Trouble[0].Heals || a.Trouble[0].HealsBy != replica.Addr ||
		len(a.Trouble[0].Candidates) != 1 || !a.Trouble[0].Candidates[0].Eligible {
		t.Errorf("trouble: %+v", a.Trouble)
	}
	if len(a.Findings) == 0 || a.Findings[0].Severity != "urgent" {
		t.Errorf("findings: %+v", a.Findings)
	}
}

func checkWatched(t *testing.T, lines []watchLine, primary *lab.Node) {
	t.Helper()
	var verdicts, stages []string
	var seq uint64
	for _, l := range lines {
		switch l.Type {
		case "verdict":
			verdicts = append(verdicts, *l.Status+" "+l.Text)
		case "failover":
			stages = append(stages, l.Stage)
			if l.From != primary.Addr {
				t.Errorf("a failover of %s: %+v", l.From, l)
			}
		case "event":
			if l.Seq <= seq || l.Kind == "" || l.Text == "" {
				t.Errorf("after event %d: %+v", seq, l)
			}
			seq = l.Seq
		default:
			t.Errorf("a line of type %q", l.Type)
		}
	}
	for _, want := range []string{"last answer", "suspected", "new primary", "slots served", "everyone agrees"} {
		if !slices.Contains(stages, want) {
			t.Errorf("the stage %q is not among %q", want, stages)
		}
	}
	if len(verdicts) > 14 {
		t.Errorf("the verdict was told %d times; it repeats what only counts on:\n%s", len(verdicts), strings.Join(verdicts, "\n"))
	}
}

func TestStatusForPeopleNamesTheWorstFirst(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1, NodeTimeout: 20 * time.Second})
	if err := c.Nodes()[1].Freeze(); err != nil {
		t.Fatal(err)
	}
	got := run(t, "", nil, "status", c.Seed())
	addr := c.Nodes()[1].Addr
	first, rest, _ := strings.Cut(got.out, "\n")
	if got.code != No || !strings.HasPrefix(first, "DEGRADED  "+addr+", primary of shard B") {
		t.Errorf("code %d:\n%s", got.code, got.out)
	}
	if b, a := strings.Index(rest, "\nB "), strings.Index(rest, "\nA "); b < 0 || a < b {
		t.Errorf("shard B is not above A:\n%s", rest)
	}
	for _, want := range []string{"2 of 3 voting primaries answer", "shard B: silent", "  replica " + c.Nodes()[4].Addr, "urgent  shard B"} {
		if !strings.Contains(rest, want) {
			t.Errorf("it does not say %q:\n%s", want, rest)
		}
	}
}
