package doctor_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/doctor"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/recorder"
)

// counting is what changes in a verdict while it stays the same.
var counting = regexp.MustCompile(`(\d+(\.\d+)? (s|min|B|KiB|MiB)|an unknown way)\b`)

// onThree runs a test on the oldest and the newest servers, side by side.
func onThree(t *testing.T, f func(t *testing.T, server lab.Server)) {
	for _, name := range []string{"redis-7.0", "redis-8.6", "valkey-9.1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, labtest.Only(t, name))
		})
	}
}

// entry is one line of a server's log.
var entry = regexp.MustCompile(`^\d+:\w (\d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}) . (.*)$`)

// logged is when the first of the nodes logged something, from a moment on.
// Whatever zone the servers live in, it is within minutes of that moment.
func logged(from time.Time, what string, nodes ...*lab.Node) (first time.Time) {
	fits := regexp.MustCompile(what)
	for _, n := range nodes {
		for line := range strings.Lines(n.LogTail(1 << 20)) {
			m := entry.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil || !fits.MatchString(m[2]) {
				continue
			}
			at, err := time.Parse("02 Jan 2006 15:04:05.000", m[1])
			if err != nil {
				continue
			}
			at = at.Add(from.Sub(at).Round(15 * time.Minute))
			if at.After(from.Add(-time.Millisecond)) && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first
}

// stageCheck holds a record against the servers' logs.
type stageCheck struct {
	t     *testing.T
	e     *eye
	f     recorder.Failover
	from  time.Time // when the test began to disturb
	label string
}

// at compares a stage with the moment that the servers logged: the console may
// be late by the time between two answers, and 100 ms more.
func (c stageCheck) at(k recorder.StageKind, truth time.Time) {
	c.t.Helper()
	s, seen := c.f.Stage(k)
	if !seen || truth.IsZero() {
		c.t.Errorf("%s: %s: seen %v, logged %v", c.label, k, seen, !truth.IsZero())
		return
	}
	late, most := s.At.Sub(truth), c.e.gap(s.At)+100*time.Millisecond
	c.t.Logf("%s: %-13s late by %4d ms, at most %d", c.label, k, late.Milliseconds(), most.Milliseconds())
	// Not every server that suspects another logs it (Valkey's primaries do not),
	// and so the first who did may not have been the first.
	early := late < -100*time.Millisecond && k != recorder.Suspected
	if early || late > most {
		c.t.Errorf("%s: %s was told %v after the servers logged it, want at most %v\n%s", c.label, k, late, most, c.f.Markdown())
	}
}

// gap is for how long before a picture something may have happened that only
// this picture shows: until the last but one answer of the node that was looked
// at least often.
func (e *eye) gap(at time.Time) (most time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i, found := slices.BinarySearchFunc(e.drawn, at, func(p picture, at time.Time) int { return p.at.Compare(at) })
	if !found || i == 0 {
		return 0
	}
	for id, read := range e.drawn[i].read {
		if _, answered := e.drawn[i-1].read[id]; !answered {
			continue // it has just come back
		}
		for j := i - 1; j >= 0; j-- {
			if before, ok := e.drawn[j].read[id]; ok && before.Before(read) {
				most = max(most, at.Sub(before))
				break
			}
		}
	}
	return most
}

// forget begins a new list of verdicts.
func (e *eye) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.said = nil
}

// hears fails unless the verdicts said, in this order, fit the patterns; what
// was said in between has to fit one of them as well. A pattern with a ? before
// it may be missing: what is over before a look is not told.
func (e *eye) hears(t *testing.T, label string, patterns ...string) {
	t.Helper()
	e.mu.Lock()
	said := slices.Clone(e.said)
	e.mu.Unlock()
	at := 0
	for _, p := range patterns {
		fits := regexp.MustCompile(`^` + strings.TrimPrefix(p, "?") + `$`)
		began := at
		for at < len(said) && fits.MatchString(said[at]) {
			at++
		}
		if at == began && !strings.HasPrefix(p, "?") {
			t.Errorf("%s: nothing fits %q at place %d of what was said:\n%s", label, p, at, strings.Join(said, "\n"))
			return
		}
	}
	if at < len(said) {
		t.Errorf("%s: an expert would not say %q; all that was said:\n%s", label, said[at], strings.Join(said, "\n"))
	}
}

func TestStagesAgreeWithTheServersLogsAndVerdictsWithExpertsInTime(t *testing.T) {
	onThree(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, NodeTimeout: 1500 * time.Millisecond, Extra: []string{"loglevel debug"}})
		e := openEvery(t, c.Seed(), 500*time.Millisecond, time.Second)
		labtest.Until(t, 20*time.Second, "a verdict of OK from all six nodes", e.well)
		n := c.Nodes()
		s := &scene{t: t, c: c, e: e}
		s.lose("SIGKILL", n[0], n[3], (*lab.Node).Kill, func(n *lab.Node) error { return n.Restart(t.Context()) }, "has refused connections")
		s.lose("SIGSTOP", n[1], n[4], (*lab.Node).Freeze, (*lab.Node).Thaw, "has not answered")
		s.handOver(n[2], n[5])
		s.lose("SHUTDOWN", n[5], n[2], func(n *lab.Node) error {
			n.Do(t.Context(), "SHUTDOWN", "NOSAVE") // its answer is that it hangs up
			return n.Stop()
		}, func(n *lab.Node) error { return n.Restart(t.Context()) }, "has refused connections")
	})
}

// scene is a cluster that is disturbed in one way after the other.
type scene struct {
	t *testing.T
	c *lab.Cluster
	e *eye
}

func (s *scene) record() recorder.Failover {
	all := s.e.records()
	return all[len(all)-1]
}

func (s *scene) await(what string, condition func() bool) {
	s.t.Helper()
	labtest.Until(s.t, 30*time.Second, what, condition)
}

// lose takes a primary away, and gives it back once its replica took over.
func (s *scene) lose(label string, primary, replica *lab.Node, away, back func(*lab.Node) error, complaint string) {
	t, e := s.t, s.e
	t.Helper()
	others := slices.DeleteFunc(s.c.Nodes(), func(n *lab.Node) bool { return n == primary })
	before := len(e.records())
	e.forget()
	from := time.Now()
	if err := away(primary); err != nil {
		t.Fatal(err)
	}
	gone := time.Now()
	s.await(label+": somebody took over", func() bool { return len(e.records()) > before && s.record().Outcome == recorder.Taken })
	f := s.record()
	who := regexp.QuoteMeta(primary.Addr) + `, primary of shard \w \([0-9-]+, 33 % of the key space\), `
	maybe, early := "", "?no word before"
	switch label {
	case "SIGSTOP":
		maybe = "?" // a frozen node's silence is known only after a while: others may be faster
	case "SHUTDOWN":
		early = `?DEGRADED: ` + who + `has not answered for 0\.\d s; none of 2 others suspects it yet.*` // it says goodbye to its replicas before it goes
	}
	expect := `\. Replica ` + regexp.QuoteMeta(replica.Addr) + ` is .* behind and eligible: expect it within \d+ s\.`
	e.hears(t, label,
		`?OK: All 16384 slots are served.*`,
		early,
		maybe+`DEGRADED: `+who+complaint+` for [0-9.]+ s; none of 2 others suspects it yet`+expect,
		`?(DEGRADED|DOWN): `+who+complaint+` for [0-9.]+ s; [12] of 2 others suspects? it(, so no key is served \(full coverage\))?`+expect,
		`?(DEGRADED|DOWN): `+who+complaint+` for [0-9.]+ s; [12] of 2 others agree that it failed(, so no key is served \(full coverage\))?`+expect,
		`?DEGRADED: [1-5] of [56] nodes says? that the cluster fails .* After a failover or a rejoin that lasts some seconds\.`,
		`DEGRADED: All slots are served, but shard \w has no replica that could take over: `+regexp.QuoteMeta(primary.Addr)+` .*`,
	)
	check := stageCheck{t, e, f, from, label}
	if last, ok := f.Stage(recorder.LastAnswer); !ok || last.At.After(gone.Add(20*time.Millisecond)) || last.At.Before(from.Add(-600*time.Millisecond-e.gap(last.At))) {
		t.Errorf("%s: the last answer is said to be of %v, and it went at %v", label, last.At, from)
	}
	failing := `(?i)(node|about) ` + string(primary.ID) + `\b.*`
	check.at(recorder.Suspected, logged(from, `(?i)NODE `+string(primary.ID)+`\b.* possibly failing|Marking node `+string(primary.ID), others...))
	check.at(recorder.FailAgreed, logged(from, `Marking `+failing+`as failing`, others...))
	won := logged(from, `Failover election won`, replica)
	check.at(recorder.Election, logged(from, `Starting a failover election`, replica))
	check.at(recorder.Promoted, won)
	if ok := logged(won, `Cluster state changed: ok`, replica); !ok.IsZero() {
		won = ok
	}
	check.at(recorder.Served, won)

	from = time.Now()
	if err := back(primary); err != nil {
		t.Fatal(err)
	}
	s.await(label+": the old one is back", func() bool { return s.record().Outcome == recorder.Complete })
	check.f, check.label = s.record(), label+", back"
	check.at(recorder.OldBack, logged(from, `(?i)sync: Finished with success|Successful partial resync|sync accepted a Partial Resync`, primary))
	s.await(label+": all is well", e.well)
}

// handOver fails over while all are well: nobody is ever without service.
func (s *scene) handOver(primary, replica *lab.Node) {
	t, e := s.t, s.e
	before := len(e.records())
	e.forget()
	from := time.Now()
	if err := replica.Do(context.WithoutCancel(t.Context()), "CLUSTER", "FAILOVER").Err(); err != nil {
		t.Fatal(err)
	}
	s.await("graceful: complete", func() bool { return len(e.records()) > before && s.record().Outcome == recorder.Complete })
	linking := `?DEGRADED: All slots are served, but shard \w has no replica that could take over: ` + regexp.QuoteMeta(primary.Addr) + ` has (not become a replica yet|never been linked|had no link).*`
	ok := `OK: All 16384 slots are served.*`
	e.hears(t, "graceful", "?"+ok, linking, "?"+ok)
	check := stageCheck{t, e, s.record(), from, "graceful"}
	won := logged(from, `Failover election won`, replica)
	check.at(recorder.Promoted, won)
	check.at(recorder.Served, won)
	check.at(recorder.OldBack, logged(from, `(?i)sync: Finished with success|Successful partial resync|sync accepted a Partial Resync`, primary))
	s.await("graceful: all is well", func() bool { return e.well() && e.verdict().Status == doctor.OK })
}
