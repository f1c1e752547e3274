package doctor_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/fake"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
)

// says waits for a verdict that fits.
func (s *scene) says(label, pattern string) {
	s.t.Helper()
	fits := regexp.MustCompile(`^` + pattern + `$`)
	deadline := time.Now().Add(20 * time.Second)
	for {
		v := s.e.verdict()
		text := v.Status.String() + ": " + v.Sentence
		if fits.MatchString(text) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: no verdict fits %s; the last is\n%s", label, pattern, text)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestVerdictsOnWhatDoesNotHealByItself(t *testing.T) {
	onThree(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, NodeTimeout: time.Second})
		board := newSwitchboard(t, c)
		e := openEvery(t, c.Seed(), 250*time.Millisecond, time.Second)
		s := &scene{t: t, c: c, e: e}
		s.await("all is well at first", e.well)
		s.partition(board, c.Nodes()[1], c.Nodes()[4]) // first: who restarts announces the true port again
		s.wholeShard(c.Nodes()[0], c.Nodes()[3])
		s.majority(c.Nodes()[4], c.Nodes()[2]) // the replica that took over, and one that was left alone
	})
}

func (s *scene) each(nodes []*lab.Node, do func(*lab.Node) error) {
	s.t.Helper()
	for _, n := range nodes {
		if err := do(n); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *scene) restart(n *lab.Node) error { return n.Restart(s.t.Context()) }

// wholeShard kills a primary and its replica: nobody is left to take over.
func (s *scene) wholeShard(primary, replica *lab.Node) {
	s.each([]*lab.Node{replica, primary}, (*lab.Node).Kill)
	who := regexp.QuoteMeta(primary.Addr) + `, primary of shard A .*, has refused connections for [0-9.]+ s; `
	nobody := ` It will not heal by itself: replica ` + regexp.QuoteMeta(replica.Addr) + ` (does not answer|refuses connections|has failed).*`
	s.says("primary and replica killed", `(DEGRADED|DOWN): `+who+`.*`+nobody)
	s.says("primary and replica killed, agreed", `DOWN: `+who+`2 of 2 others agree that it failed, so no key is served \(full coverage\)\.`+nobody)
	s.each([]*lab.Node{replica, primary}, s.restart)
	s.await("primary and replica back", s.e.well)
}

// partition cuts a primary off from all others; the console reaches both sides.
func (s *scene) partition(board *switchboard, alone, replica *lab.Node) {
	board.cut(func(a, b cluster.NodeID) bool { return a == alone.ID || b == alone.ID })
	defer board.cut(nil)
	who, successor := regexp.QuoteMeta(alone.Addr), regexp.QuoteMeta(replica.Addr)
	lasting := `DEGRADED: ` + who + ` is cut off from the other nodes, which replaced it: ` + successor + ` has slots 5461-10922 \(epoch \d+\)\. The old primary has not heard of it, and refuses every key; .*`
	// The election may be over before a look: Valkey's best replica does not wait.
	s.says("partition", `(DEGRADED|DOWN): `+who+`, primary of shard B .*(has answered the console but not the other nodes|is cut off from the majority).*|`+lasting)
	s.says("partition, after the election", lasting)
	s.await("partition: the replica serves", func() bool {
		s.e.mu.Lock()
		defer s.e.mu.Unlock()
		owner, ok := s.e.latest.ShardOf(8000)
		return ok && owner.Primary == replica.ID
	})
	s.fromTheMinority(alone)
	board.cut(nil)
	s.says("partition: all is well", `OK: .*`)
}

// fromTheMinority looks with a console that is on the small side itself.
func (s *scene) fromTheMinority(alone *lab.Node) {
	s.t.Helper()
	hole, err := fake.Listen("", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer hole.Close()
	hole.SetHook(func(fake.Command) fake.Reply { return fake.Reply{Never: true} })
	w := watch.New(watch.Config{
		Seeds: []string{alone.Addr}, Interval: 200 * time.Millisecond, Settings: doctor.SettingNames(),
		Options: wire.Options{CallTimeout: 300 * time.Millisecond},
		AddressOf: func(m cluster.Member) string {
			if m.ID == alone.ID {
				return alone.Addr
			}
			return hole.Addr()
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	defer func() { stop(); <-ended }()
	var said string
	fits := regexp.MustCompile(`^DOWN: Only 1 of 3 voting primaries answers, 2 are needed: no replica can be elected\. .* are silent.* No key is served\. If the rest lives elsewhere, it may go on without this side\.$`)
	labtest.Until(s.t, 10*time.Second, "the verdict of a console on the minority's side", func() bool {
		v := doctor.Judge(w.Latest())
		if text := v.Status.String() + ": " + v.Sentence; text != said {
			said = text
		}
		return fits.MatchString(said)
	})
}

// majority kills two of three primaries: their replicas live, and cannot be elected.
func (s *scene) majority(a, b *lab.Node) {
	s.each([]*lab.Node{a, b}, (*lab.Node).Kill)
	s.says("majority lost", `(DEGRADED|DOWN): Only 1 of 3 voting primaries answers, 2 are needed: no replica can be elected\. B .* and C .* are silent \(up to [0-9.]+ s\)\. .*`)
	s.says("majority lost, told", `DOWN: Only 1 of 3 voting primaries answers, .* No key is served\. .*`)
	s.each([]*lab.Node{a, b}, s.restart)
	s.says("majority back", `OK: .*|DEGRADED: .* comes and goes: .* All slots are served now\.`) // it was cut off and killed within a minute
}
