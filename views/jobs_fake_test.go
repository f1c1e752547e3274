package views

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// fakeMover answers as servers would, at once, and keeps what was asked of it.
type fakeMover struct {
	facts     MoveFacts
	stray     map[cluster.NodeID]plan.Stray
	weights   *plan.Weights
	setBack   int
	started   []plan.Plan
	options   []MoveOptions
	recovered []string
	refuse    error
	left      Leftovers
	cancelled []string
	job       *fakeJob
	saved     int
}

func (m *fakeMover) Facts(context.Context, *cluster.Snapshot) (MoveFacts, error) {
	return m.facts, nil
}

func (m *fakeMover) Survey(_ context.Context, p plan.Plan, d plan.Driver, _ time.Duration) (MoveSurvey, error) {
	out := map[cluster.NodeID]plan.Stray{}
	for _, mv := range p.Moves {
		s := out[mv.To]
		s.Counted = s.Counted.Union(mv.Set())
		out[mv.To] = s
	}
	for id, s := range m.stray {
		out[id] = s
	}
	if d.Atomic() {
		return MoveSurvey{Stray: out}, nil
	}
	return MoveSurvey{out, m.weights}, nil
}

func (m *fakeMover) SetBack(context.Context) error {
	m.setBack++
	m.left.Raised = nil
	return nil
}

func (m *fakeMover) Start(_ context.Context, p plan.Plan, o MoveOptions) (MoveJob, error) {
	m.started, m.options = append(m.started, p), append(m.options, o)
	if m.refuse != nil {
		return nil, m.refuse
	}
	m.job = newFakeJob()
	return m.job, nil
}

func (m *fakeMover) Leftovers(context.Context, *cluster.Snapshot) (Leftovers, error) {
	return m.left, nil
}

func (m *fakeMover) Cancel(_ context.Context, name string) error {
	m.cancelled = append(m.cancelled, name)
	return nil
}

func (m *fakeMover) Recover(_ context.Context, slots keyslot.Set, way plan.Way, _ MoveOptions) (MoveJob, error) {
	m.recovered = append(m.recovered, way.String()+" "+slots.String())
	m.job = newFakeJob()
	return m.job, nil
}

func (m *fakeMover) SavePlan(plan.Plan) (string, error) {
	m.saved++
	return "slotdeck-plan-1.json", nil
}

// fakeJob does nothing but tell what it was told to tell.
type fakeJob struct {
	updates chan MoveProgress
	report  MoveReport
	calls   []string
}

func newFakeJob() *fakeJob { return &fakeJob{updates: make(chan MoveProgress, 8)} }

func (j *fakeJob) note(format string, args ...any) {
	j.calls = append(j.calls, fmt.Sprintf(format, args...))
}

func (j *fakeJob) Updates() <-chan MoveProgress { return j.updates }
func (j *fakeJob) Report() MoveReport           { return j.report }
func (j *fakeJob) Pause()                       { j.note("pause") }
func (j *fakeJob) Resume()                      { j.note("resume") }
func (j *fakeJob) Throttle(n int)               { j.note("throttle %d", n) }
func (j *fakeJob) SetMaxBlock(d time.Duration)  { j.note("block %v", d) }
func (j *fakeJob) StopAtBoundary()              { j.note("stop") }
func (j *fakeJob) RollBack()                    { j.note("roll back") }
func (j *fakeJob) Answer(question int, choice string) error {
	if question != 1 {
		return errors.New("this question is not asked any more")
	}
	j.note("answer %s", choice)
	return nil
}

// sampleFacts are what the sample's nodes would tell.
func sampleFacts(s *cluster.Snapshot) MoveFacts {
	var keys plan.Measure
	for slot := range keys {
		keys[slot] = plan.Amount{N: int64(60 + slot%37), How: plan.Reported}
	}
	f := MoveFacts{Facts: plan.Facts{JobsAsked: true, Load: plan.Load{Keys: &keys}}, Abilities: map[cluster.NodeID]plan.Ability{}}
	for i := range s.Nodes {
		f.Abilities[s.Nodes[i].ID] = plan.Ability{Legacy: true, Why: map[plan.Driver]string{
			plan.AtomicRedis: "Redis 8.0 has no such command", plan.AtomicValkey: "Redis 8.0 has no such command",
		}}
	}
	f.Rates = map[plan.Driver]plan.Rate{plan.Legacy: {Low: plan.Pace{Keys: 20_000, Slots: 1000}, High: plan.Pace{Keys: 60_000, Slots: 4000}}}
	return f
}

// newMoveStage is an App with the means to move slots, all of them made up.
func newMoveStage(t *testing.T, snap *cluster.Snapshot, look ui.Look, w, h int) (*stage, *fakeMover) {
	t.Helper()
	m := &fakeMover{}
	if snap != nil {
		m.facts = sampleFacts(snap)
	}
	s := newStageOf(t, Config{Context: "prod-eu", Version: "test", Look: look, First: snap, Mover: m}, w, h)
	return s, m
}

// begun is a stage with a job at work that has told of itself once.
func begun(t *testing.T, look ui.Look, w, h int, at MoveProgress) (*stage, *fakeMover) {
	t.Helper()
	s, m := newMoveStage(t, sampleSnapshot(addShard()), look, w, h)
	s.press("3", "m", "y")
	if m.job == nil {
		t.Fatalf("no job began:\n%s", s.text())
	}
	s.tell(m, at)
	return s, m
}

// tell brings one progress of the job to the App.
func (s *stage) tell(m *fakeMover, at MoveProgress) { s.send(jobProgressed{m.job, at}) }

// end lets the job end.
func (s *stage) end(m *fakeMover, r MoveReport) { s.send(jobsEnded{m.job, r}) }

// halfway is a move from A and B to D in the middle.
func halfway() MoveProgress {
	a, b, d := sampleID(1), sampleID(2), sampleID(7)
	p := MoveProgress{
		Job: "1a2b3c4d", Title: "move 400 slots from A 10.0.0.11:7001 to D 10.0.0.17:7007", State: JobMoving,
		Driver: plan.Legacy, DriverWhy: "SETSLOT and MIGRATE, because A 10.0.0.11:7001 cannot: Redis 8.0 has no such command",
		Slots: Tally{312, 400}, Keys: Tally{19_204, 24_380}, Bytes: Tally{24 << 20, 31 << 20},
		KeysPerSecond: 4100, BytesPerSecond: 5.2e6, ETA: 6400 * time.Millisecond, Elapsed: 12 * time.Second,
		Pairs:     []MovePair{{From: a, To: d, Slots: Tally{210, 250}, Keys: Tally{12_000, 15_000}, State: "moving"}, {From: b, To: d, Slots: Tally{102, 150}, Keys: Tally{7204, 9380}, State: "moving"}},
		Latency:   []NodeLatency{{a, 1100 * time.Microsecond, 4200 * time.Microsecond}, {b, 900 * time.Microsecond, 2100 * time.Microsecond}, {d, 800 * time.Microsecond, 12 * time.Millisecond}},
		BatchKeys: 340, MaxBlock: 10 * time.Millisecond, Message: "D answers slowly: batches were halved",
	}
	for i := range 6 {
		p.InFlight = append(p.InFlight, SlotInFlight{Slot: keyslot.Slot(210 + i), From: a, To: d, KeysLeft: int64(41 - 7*i), Step: "moving keys"})
	}
	p.InFlight = append(p.InFlight, SlotInFlight{Slot: 5563, From: b, To: d, KeysLeft: 0, Step: "giving away"})
	return p
}

// asking is a job that met one key twice.
func asking() MoveProgress {
	p := halfway()
	p.State = JobAsking
	p.Question = &MoveQuestion{
		ID: 1, Kind: "conflict", Text: "key user:8812 in slot 213 has one value on A 10.0.0.11:7001 and another on D 10.0.0.17:7007.",
		Details: []string{"A holds a string of 17 bytes, no expiry: \"2026-03-14 shipped\"", "D holds a string of 17 bytes, expires in 3 h: \"2026-03-13 packing\""},
		Choices: []MoveChoice{
			{"source", "A's value is taken; D's is saved in a file first, then overwritten"},
			{"target", "D's value stays; A's is saved in a file first, then removed"},
			{"skip", "slot 213 stays with A; the rest moves"},
			{"stop", "the job ends here, with nothing open"},
		},
		Default: "skip",
	}
	return p
}

// finished is the report of a move that went well.
func finished() MoveReport {
	r := MoveReport{
		Job: "1a2b3c4d", Title: "move 400 slots from A 10.0.0.11:7001 to D 10.0.0.17:7007", Outcome: "completed", OK: true, Driver: plan.Legacy,
		Moved: keyslot.SetOf(keyslot.Range{First: 0, Last: 249}, keyslot.Range{First: 5462, Last: 5611}), Keys: 24_380, Bytes: 31 << 20, Took: 19 * time.Second,
		Worst:     []NodeLatency{{Node: sampleID(1), Worst: 4200 * time.Microsecond}, {Node: sampleID(7), Worst: 12 * time.Millisecond}},
		Sentences: []string{"All 400 slots are with D 10.0.0.17:7007."},
	}
	for i := 1; i <= 7; i++ {
		r.Nodes = append(r.Nodes, NodeVerdict{Node: sampleID(i), Addr: sampleAddr(i), Agrees: true, Text: "names the new owner of all 400 slots, none is open"})
	}
	return r
}

// halted is the report of a move that could not be ended.
func halted() MoveReport {
	r := finished()
	r.Outcome, r.OK, r.Err = "failed", false, errors.New("D 10.0.0.17:7007 does not answer: refused the connection")
	r.Left, r.Moved = keyslot.SetOf(keyslot.Range{First: 211, Last: 249}), keyslot.SetOf(keyslot.Range{First: 0, Last: 209})
	r.Open = keyslot.SetOf(keyslot.Range{First: 210, Last: 210})
	r.Remains = []string{"slot 210 is open: 14 keys are on A, 59 on D. When D is back, open jobs (5) and finish it."}
	r.Nodes[6] = NodeVerdict{Node: sampleID(7), Addr: sampleAddr(7), Err: errors.New("refused the connection")}
	r.Nodes[0].Agrees, r.Nodes[0].Text = false, "has slot 210 open"
	r.Sentences = nil
	return r
}
