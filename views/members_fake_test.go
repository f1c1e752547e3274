package views

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// fakeMembers reads made-up servers, and begins jobs that a test drives by hand.
type fakeMembers struct {
	snap    *cluster.Snapshot // of the cluster; nil: as the form has it
	servers map[string]plan.MemberServer
	seen    plan.Evidence // of a damage
	refuse  string
	read    []plan.MemberWish
	begun   []plan.MemberWish
	plans   []plan.MemberPlan
	job     *fakeMemberJob
}

func newFakeMembers() *fakeMembers { return &fakeMembers{servers: map[string]plan.MemberServer{}} }

func (m *fakeMembers) Ground(_ context.Context, w plan.MemberWish, s *cluster.Snapshot) (plan.MemberGround, error) {
	m.read = append(m.read, w)
	g := plan.MemberGround{Snap: s, Evidence: m.seen}
	if m.snap != nil {
		g.Snap = m.snap
	}
	for i, addr := range w.Servers {
		server, told := m.servers[addr]
		if !told {
			server = emptyServer(addr, 0xabc0+i)
		}
		g.Servers = append(g.Servers, server)
	}
	if w.Kind == plan.MemberSet && s != nil {
		g.Values = map[cluster.NodeID]string{}
		for i := range s.Nodes {
			g.Values[s.Nodes[i].ID] = "15000"
		}
	}
	return g, nil
}

func (m *fakeMembers) Start(_ context.Context, w plan.MemberWish, p plan.MemberPlan, _ *cluster.Snapshot) (MemberJob, error) {
	if m.refuse != "" {
		return nil, errors.New(m.refuse)
	}
	m.begun, m.plans = append(m.begun, w), append(m.plans, p)
	m.job = &fakeMemberJob{updates: make(chan MemberProgress, 8)}
	return m.job, nil
}

// fakeMemberJob tells what a test lets it tell.
type fakeMemberJob struct {
	updates chan MemberProgress
	stopped bool
}

func (j *fakeMemberJob) Updates() <-chan MemberProgress { return j.updates }
func (j *fakeMemberJob) Report() MemberReport           { return MemberReport{} }
func (j *fakeMemberJob) Stop()                          { j.stopped = true }

// emptyServer is one that nobody has met.
func emptyServer(addr string, nr int) plan.MemberServer {
	host, port, _ := cluster.ParseAddr(addr)
	id := cluster.NodeID(fmt.Sprintf("%040x", nr))
	e := cluster.Endpoint{IP: host, Port: port, BusPort: port + 10000}
	return plan.MemberServer{Addr: addr, Host: host, Port: port, BusPort: port + 10000, NodeTimeout: "15000", Login: plan.MemberLogin{Known: true},
		Stats: cluster.Stats{Version: "8.0.3", Flavor: "redis"},
		View:  &cluster.View{Myself: id, Members: []cluster.Member{{ID: id, Flags: cluster.Myself | cluster.Primary, Endpoint: e}}}}
}

// memberStage is an App in which nodes can come and go.
func memberStage(t *testing.T, snap *cluster.Snapshot, look ui.Look, w, h int) (*stage, *fakeMembers) {
	t.Helper()
	m, mover := newFakeMembers(), &fakeMover{}
	if snap != nil {
		mover.facts = sampleFacts(snap)
	}
	return newStageOf(t, Config{Context: "prod-eu", Version: "test", Look: look, First: snap, Seeds: []string{"10.0.0.21:7000"}, Members: m, Mover: mover}, w, h), m
}

// run is the newest change of a stage.
func (s *stage) run() *memberRun {
	s.t.Helper()
	r := s.app.members.last()
	if r == nil {
		s.t.Fatalf("nothing was begun:\n%s", s.text())
	}
	return r
}

// goes lets the newest change be at a step, with those before it done.
func (s *stage) goes(step int, text string) {
	s.send(memberProgressed{s.run(), MemberProgress{Step: step, Text: text, Steps: stepsUpTo(s.run().plan, step, StepRuns)}})
}

func (s *stage) ends(r MemberReport) {
	s.send(memberEnded{s.run(), r})
}

func stepsUpTo(p plan.MemberPlan, step int, state MemberState) []MemberStep {
	out := make([]MemberStep, len(p.Steps))
	for i := range out {
		out[i] = MemberStep{Title: p.Steps[i].Title, Took: time.Duration(120*(i+1)) * time.Millisecond}
		switch {
		case i < step:
			out[i].State = StepDone
		case i == step:
			out[i].State = state
		}
	}
	return out
}

func allDone(p plan.MemberPlan, notes ...string) MemberReport {
	return MemberReport{OK: true, Text: "done: " + p.Title, Steps: stepsUpTo(p, len(p.Steps), StepDone), Took: 1230 * time.Millisecond, Notes: notes}
}

// loneServer is a picture of one empty server.
func loneServer() *cluster.Snapshot {
	return sampleShards(1, func(s *cluster.Snapshot) {
		s.Nodes, s.Shards[0].Replicas = s.Nodes[:1], nil
		s.Nodes[0].Dialled = "10.0.0.21:7000"
		s.Nodes[0].Member.Endpoint = cluster.Endpoint{IP: "10.0.0.21", Port: 7000, BusPort: 17000}
		for i := range s.Owner {
			s.Owner[i] = cluster.NoShard
		}
	})
}

// sixServers is what is typed to make a cluster.
func sixServers() string {
	var out []string
	for i := range 6 {
		out = append(out, fmt.Sprintf("10.0.0.%d:7000", 21+i))
	}
	return strings.Join(out, " ")
}
