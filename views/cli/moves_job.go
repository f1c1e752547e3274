package cli

import (
	"strings"

	engine "slotdeck/cluster/run"
	"slotdeck/views"
)

// moveJob is a job of the engine as the screens see it.
type moveJob struct {
	*engine.Job
	updates chan views.MoveProgress
}

// pass hands progress on, the newest replacing one not yet taken.
func (j *moveJob) pass(m *mover) {
	defer close(j.updates)
	for p := range j.Job.Updates() {
		select {
		case <-j.updates:
		default:
		}
		j.updates <- progressOf(p)
	}
	m.learn(j.Wait())
}

// Updates brings progress until the job has ended.
func (j *moveJob) Updates() <-chan views.MoveProgress { return j.updates }

// Report is how it ended.
func (j *moveJob) Report() views.MoveReport { return reportOf(j.Wait()) }

var moveStates = map[engine.State]views.MoveState{
	engine.Preparing: views.JobPreparing, engine.Moving: views.JobMoving, engine.Paused: views.JobPaused, engine.Asking: views.JobAsking,
	engine.Settling: views.JobSettling, engine.Stopping: views.JobStopping, engine.RollingBack: views.JobRollingBack,
	engine.Verifying: views.JobVerifying, engine.Ended: views.JobEnded,
}

func progressOf(p engine.Progress) views.MoveProgress {
	out := views.MoveProgress{
		Job: p.Job, Title: p.Title, State: moveStates[p.State], Driver: p.Driver, DriverWhy: p.DriverWhy,
		Slots: views.Tally(p.Slots), Keys: views.Tally(p.Keys), Bytes: views.Tally(p.Bytes),
		KeysPerSecond: p.KeysPerSecond, BytesPerSecond: p.BytesPerSecond, ETA: p.ETA,
		BatchKeys: p.BatchKeys, MaxBlock: p.MaxBlock, Throttle: p.Throttle, Message: p.Message, Elapsed: p.Elapsed,
	}
	for _, pair := range p.Pairs {
		out.Pairs = append(out.Pairs, views.MovePair{From: pair.From, To: pair.To, Slots: views.Tally(pair.Slots), Keys: views.Tally(pair.Keys), State: pair.State.String()})
	}
	for _, s := range p.InFlight {
		out.InFlight = append(out.InFlight, views.SlotInFlight{Slot: s.Slot, From: s.From, To: s.To, KeysLeft: s.KeysLeft, Step: s.Step.String()})
	}
	for _, l := range p.Latency {
		out.Latency = append(out.Latency, views.NodeLatency{Node: l.Node, Last: l.Last, Worst: l.Worst})
	}
	if q := p.Question; q != nil {
		out.Question = &views.MoveQuestion{ID: q.ID, Kind: q.Kind.String(), Text: q.Text, Details: q.Details, Default: q.Default}
		for _, c := range q.Choices {
			out.Question.Choices = append(out.Question.Choices, views.MoveChoice{Name: c.Name, Text: c.Text})
		}
	}
	return out
}

func reportOf(r engine.Report) views.MoveReport {
	out := views.MoveReport{
		Job: r.Job, Title: r.Title, Outcome: r.Outcome.String(), OK: r.OK(), Err: r.Err, Driver: r.Driver,
		Moved: r.Moved, Back: r.Back, Left: r.Left, Open: r.Open, Skipped: r.Skipped, Keys: r.Keys, Bytes: r.Bytes, Took: r.Took,
		Saved: r.Saved, Remains: r.Remains, Sentences: r.Sentences,
	}
	for _, l := range r.Worst {
		out.Worst = append(out.Worst, views.NodeLatency{Node: l.Node, Last: l.Last, Worst: l.Worst})
	}
	for _, n := range r.Nodes {
		out.Nodes = append(out.Nodes, views.NodeVerdict{Node: n.Node, Addr: addressAlone(n.Addr), Agrees: n.Agrees, Err: n.Err, Text: n.Text})
	}
	return out
}

// addressAlone takes the shard's letter off a node's name.
func addressAlone(name string) string {
	return name[strings.LastIndexByte(name, ' ')+1:]
}
