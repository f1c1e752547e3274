package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/keyslot"
)

// Job is a plan that is being carried out. Its methods may be called from any
// goroutine, and none but Wait blocks.
type Job struct {
	id       string
	title    string
	cluster  Cluster
	crew     *crew
	started  time.Time
	updates  chan Progress
	finished chan struct{}
	report   Report // written once, before finished is closed

	// Found out before the first slot, and not changed after that.
	plan        plan.Plan
	opts        Options
	databases   int
	nodes       int // in the cluster
	nodeTimeout time.Duration
	speaks      map[cluster.NodeID]plan.Inside // of those that tell
	login       []any                          // what MIGRATE tells the target
	inherited   keyslot.Set                    // slots that were open already and are this job's to settle
	strayless   map[way]time.Time              // when the targets were seen without stray keys
	stateDir    string
	stateFile   string // its checkpoint, though nodes may join or leave meanwhile
	lease       *lease
	want        map[keyslot.Slot]cluster.NodeID // who shall own recovered slots
	recovered   keyslot.Set                     // the slots that a recovery settles
	resumed     *Checkpoint                     // of the job whose slots are recovered
	given       bool                            // that one had moved slots
	driver      plan.Driver
	why         string

	weighing   atomic.Bool   // MEMORY USAGE works
	thorough   atomic.Bool   // every key is weighed: one was large, or a call failed
	leave      chan struct{} // closed when the job has to be gone soon
	background spawn.Group   // everything this job started

	mu         sync.Mutex
	primaries  []cluster.NodeID
	relieved   map[cluster.NodeID]cluster.NodeID
	done       keyslot.Set // slots that changed hands
	back       keyslot.Set // slots that are with their owner again, and closed
	open       keyslot.Set // slots that stay open
	skipped    keyslot.Set
	ways       map[keyslot.Slot]way
	left       []string // for Report.Remains
	savedFiles []string
	raised     map[cluster.NodeID]int // node timeouts as they were, in ms
	raisedTo   int                    // what they are meanwhile, in ms
	leaseSeen  time.Time
	wishes     wishes
	changed    chan struct{} // closed and replaced when a wish changes
	board      board
	asked      *asked
	asks       int
}

// wishes are what the operator wants of a job.
type wishes struct {
	paused   bool
	stop     bool
	rollBack bool
	throttle int
	maxBlock time.Duration
}

// asked is a question that waits for its answer.
type asked struct {
	question Question
	answer   chan string // of capacity 1
}

// ID is the job's name, as its connections and its checkpoint carry it.
func (j *Job) ID() string { return j.id }

// Updates brings the progress, several times a second. One that was not taken
// is replaced by the next. It is closed when the job has ended.
func (j *Job) Updates() <-chan Progress { return j.updates }

// Wait waits until the job has ended.
func (j *Job) Wait() Report {
	<-j.finished
	return j.report
}

// Done is closed when the job has ended.
func (j *Job) Done() <-chan struct{} { return j.finished }

// Pause stops between two slots, or within one that holds very many keys.
func (j *Job) Pause() { j.wish(func(w *wishes) { w.paused = true }) }

// Resume ends a pause.
func (j *Job) Resume() { j.wish(func(w *wishes) { w.paused = false }) }

// Throttle bounds the keys a second; 0 takes the bound away. The servers' own
// migrations cannot be slowed.
func (j *Job) Throttle(keysPerSecond int) {
	j.wish(func(w *wishes) { w.throttle = max(0, keysPerSecond) })
}

// SetMaxBlock changes Options.MaxBlock from now on.
func (j *Job) SetMaxBlock(d time.Duration) {
	j.wish(func(w *wishes) { w.maxBlock = min(max(d, MinMaxBlock), MaxMaxBlock) })
}

// StopAtBoundary ends the job once the slots in hand are moved; a running atomic
// migration is cancelled.
func (j *Job) StopAtBoundary() { j.wish(func(w *wishes) { w.stop = true }) }

// RollBack finishes the slots in hand, then moves everything back to where it
// was.
func (j *Job) RollBack() { j.wish(func(w *wishes) { w.rollBack = true }) }

func (j *Job) wish(change func(*wishes)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.wishes)
	close(j.changed)
	j.changed = make(chan struct{})
}

// wanted is what the operator wants now, and a channel that is closed when that
// changes.
func (j *Job) wanted() (wishes, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.wishes, j.changed
}

// ending reports whether the job shall not begin anything new.
func (w wishes) ending() bool { return w.stop || w.rollBack }

// Answer answers the question that is asked now. The error says that it is not
// asked any more, or that there is no such choice.
func (j *Job) Answer(question int, choice string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.asked == nil || j.asked.question.ID != question {
		return errors.New("this question is not asked any more")
	}
	for _, c := range j.asked.question.Choices {
		if c.Name == choice {
			j.asked.answer <- choice
			j.asked = nil
			return nil
		}
	}
	return fmt.Errorf("%q is none of the choices", choice)
}

// ask puts a question and waits for the answer. A job that shall end takes the
// safe one.
func (j *Job) ask(ctx context.Context, q Question, unattended bool) string {
	w, _ := j.wanted()
	if unattended || w.stop || ctx.Err() != nil {
		return q.Default
	}
	a := &asked{question: q, answer: make(chan string, 1)}
	j.mu.Lock()
	for j.asked != nil { // one at a time: pairs may ask side by side
		changed := j.changed
		j.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return q.Default
		case <-time.After(20 * time.Millisecond):
		}
		j.mu.Lock()
	}
	j.asks++
	a.question.ID = j.asks
	j.asked = a
	j.mu.Unlock()
	j.publish()
	defer j.publish()
	for {
		w, changed := j.wanted()
		if w.stop || ctx.Err() != nil {
			j.mu.Lock()
			if j.asked == a {
				j.asked = nil
			}
			j.mu.Unlock()
			return q.Default
		}
		select {
		case choice := <-a.answer:
			return choice
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// publish replaces the progress that waits in the channel.
func (j *Job) publish() {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := j.board.progress(time.Now())
	p.Job, p.Title, p.Started, p.Elapsed = j.id, j.title, j.started, time.Since(j.started)
	p.Throttle, p.MaxBlock = j.wishes.throttle, j.wishes.maxBlock
	if j.asked != nil {
		q := j.asked.question
		p.Question, p.State = &q, Asking
	}
	select {
	case <-j.updates:
	default:
	}
	select {
	case j.updates <- p:
	default: // closed over by another publisher; the next one comes soon
	}
}

// note changes what is shown.
func (j *Job) note(change func(*board)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.board)
}

func (j *Job) say(state State, message string) {
	j.note(func(b *board) { b.state, b.message = state, message })
}

// announce publishes until the job ends.
func (j *Job) announce(stop <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			j.publish()
		}
	}
}

// boundary is the place between slots: it waits while paused, and tells whether
// to go on. The error is errStopping.
func (j *Job) boundary(ctx context.Context) error {
	for {
		w, changed := j.wanted()
		switch {
		case w.ending() || ctx.Err() != nil:
			return errStopping
		case !w.paused:
			return nil
		}
		j.note(func(b *board) { b.paused = true })
		select {
		case <-changed:
		case <-ctx.Done():
		}
		j.note(func(b *board) { b.paused = false })
	}
}

// errStopping means that nothing new is begun, as was asked for.
var errStopping = errors.New("stopped as asked for")

// leaving reports whether the job has to be gone soon.
func (j *Job) leaving() bool {
	select {
	case <-j.leave:
		return true
	default:
		return false
	}
}
