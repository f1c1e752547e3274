package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/views"
)

// moving is one run of a command that moves slots.
type moving struct {
	*moveFlags
	w       *World
	watch   *watching
	mover   *mover
	options views.MoveOptions
	seed    string
	plan    plan.Plan
	in      *bufio.Reader // of standard input, once it is read
	line    chan string   // the line that is waited for; nil: none is
	collect int           // how often garbage was collected before
}

// begin connects, and looks until the nodes agree or should have.
func (f *moveFlags) begin(ctx context.Context, w *World, words []string) (*moving, *cluster.Snapshot, error) {
	o, err := f.options()
	if err != nil {
		return nil, nil, err
	}
	t, err := f.conn.resolve(ctx, w, words)
	if err != nil {
		return nil, nil, err
	}
	m := &moving{moveFlags: f, w: w, options: o, seed: t.Seeds[0]}
	m.collect = debug.SetGCPercent(400) // commands and their answers are garbage at once
	m.watch = watchTarget(context.WithoutCancel(ctx), t, 500*time.Millisecond)
	m.mover = newMover(m.watch.Watch, w.Env)
	snap, err := m.settled(ctx)
	if err != nil {
		m.close()
		return nil, nil, err
	}
	return m, snap, nil
}

func (m *moving) close() {
	m.mover.leave()
	m.watch.stop()
	debug.SetGCPercent(m.collect)
}

// settled waits for a picture that a plan can be made from. When none comes in
// time the last one is returned: the planner says what is wrong with it.
func (m *moving) settled(ctx context.Context) (*cluster.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	var last *cluster.Snapshot
	for {
		select {
		case s, ok := <-m.watch.Updates():
			if !ok {
				return nil, failure(Internal, "the watch ended before it began")
			}
			last = s
			if !seen(s) {
				if err := allFailed(s.Seeds); err != nil {
					return nil, err
				}
				continue
			}
			if allTried(s) && s.Agreement().Full() {
				m.watch.propose(s)
				return s, nil
			}
		case <-ctx.Done():
			m.watch.propose(last)
			return last, unseen(ctx, last)
		}
	}
}

// planned is a plan with what was read for it.
type planned struct {
	plan   plan.Plan
	choice plan.Choice
	heavy  keyslot.Set // slots with a key that would hold its node too long
}

// work makes the plan of a request, with keys counted and receivers looked at.
func (m *moving) work(ctx context.Context, r plan.Request, s *cluster.Snapshot) (planned, error) {
	var out planned
	facts, err := m.mover.Facts(ctx, s)
	if err != nil && ctx.Err() != nil {
		return out, failure(Interrupted, "interrupted before anything was moved")
	}
	if out.plan, err = plan.Make(r, s, facts.Facts); err != nil {
		return out, refusal(err)
	}
	if out.choice, err = plan.Choose(out.plan, facts.Abilities, m.wanted(facts)); err != nil {
		return out, refusal(err)
	}
	facts.Rate = facts.Rates[out.choice.Driver]
	if n := float64(m.throttle); n > 0 && !out.choice.Driver.Atomic() {
		facts.Rate.Low.Keys, facts.Rate.High.Keys = min(facts.Rate.Low.Keys, n), min(facts.Rate.High.Keys, n)
	}
	survey, err := m.mover.Survey(ctx, out.plan, out.choice.Driver, m.options.MaxBlock)
	if err != nil {
		m.w.Warn(clean(err.Error()))
	}
	facts.Facts.Stray, facts.Facts.Weights = survey.Stray, survey.Weights
	if w := survey.Weights; w != nil {
		w.Move = m.options.BigKeys == views.MoveBigKeys || m.options.BigKeys == views.RaiseTimeout
		out.heavy = w.Slots()
	}
	out.plan, err = plan.Make(r, s, facts.Facts)
	m.options.Driver = m.wanted(facts)
	if out.choice.Driver.Atomic() && (m.throttle > 0 || m.pipeline > 0) {
		m.w.Warn("--throttle and --pipeline mean nothing to the servers' own migration; --driver migrate heeds them")
	}
	return out, refusal(err)
}

// refusal gives a planner's refusal its exit code.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	reason, ok := plan.ReasonOf(err)
	if !ok {
		return err
	}
	switch reason {
	case plan.UnknownNode, plan.AmbiguousNode, plan.NotPrimary, plan.BadRequest, plan.SelfMove, plan.NotEnoughSlots, plan.NoDriver:
		return &Failure{Usage, err}
	case plan.NodeDown:
		return &Failure{Unreachable, err}
	case plan.NoRights:
		return &Failure{Denied, err}
	}
	return &Failure{No, err}
}

// read takes a plan from the file that --plan names.
func (m *moving) read() (planned, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return planned{}, usage("--plan %s cannot be read: %w", m.file, err)
	}
	p, err := plan.Decode(text)
	if err != nil {
		return planned{}, usage("--plan %s: %w", m.file, err)
	}
	return planned{plan: p}, nil
}

// carryOut shows a plan, asks, moves, and tells how it went.
func (m *moving) carryOut(ctx context.Context, p planned) error {
	m.plan = p.plan
	if err := m.show(p); err != nil || m.dryRun {
		return err
	}
	if err := m.confirm(ctx, fmt.Sprintf("Do you want to proceed with this plan (%s), yes or no? ", p.plan.Risk)); err != nil {
		return err
	}
	return m.follow(ctx, func() (views.MoveJob, error) { return m.mover.Start(ctx, p.plan, m.options) })
}

// show prints a plan; with --dry-run also its commands, and into its file.
func (m *moving) show(p planned) error {
	if m.dryRun && m.file != "" {
		if err := writePlan(m.file, p.plan); err != nil {
			return usage("--plan %s cannot be written: %w", m.file, err)
		}
	}
	if m.out == asJSON {
		if m.dryRun {
			return writeJSON(m.w.Out, p.plan)
		}
		return nil
	}
	lines := p.plan.Lines()
	if p.choice.Reason != "" {
		lines = append(lines, "driver", "  "+p.choice.Reason)
	}
	if !p.heavy.Empty() {
		lines = append(lines, "big keys", "  "+m.bigKeyText(p.heavy))
	}
	if m.dryRun {
		lines = append(append(lines, "commands"), p.plan.CommandLines(p.choice.Driver)...)
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(m.w.Out, clean(l)); err != nil {
			return err
		}
	}
	return nil
}

// confirm asks on the terminal; without one, --yes is needed.
func (m *moving) confirm(ctx context.Context, question string) error {
	if m.w.guarding.watches() {
		return agree(ctx, m.w, m.yes, question, "")
	}
	if m.yes {
		return nil
	}
	answer, err := m.ask(ctx, question)
	if err != nil {
		return err
	}
	if answer != "yes" && answer != "y" {
		return failure(No, "nothing was changed: the answer was not yes")
	}
	return nil
}

// ask reads a line from the terminal.
func (m *moving) ask(ctx context.Context, question string) (string, error) {
	_, in := terminal(m.w.In)
	_, out := terminal(m.w.Err)
	if !in || !out {
		return "", usage("there is no terminal to ask on, so nothing was changed; say --yes to go on without being asked, or --dry-run to see the plan alone")
	}
	fmt.Fprint(m.w.Err, question)
	select {
	case line := <-m.typed():
		m.line = nil
		return line, nil
	case <-ctx.Done():
		fmt.Fprintln(m.w.Err)
		return "", failure(Interrupted, "interrupted before anything was moved")
	}
}

// follow begins a job and shows it until it has ended. A signal ends it at the
// next slot boundary.
func (m *moving) follow(ctx context.Context, start func() (views.MoveJob, error)) error {
	job, err := start()
	if err != nil {
		return m.notBegun(err)
	}
	show := m.progress()
	asking := asker{m: m, job: job, show: show}
	stop := ctx.Done()
	var typed <-chan string
	for updates := job.Updates(); updates != nil; {
		select {
		case p, ok := <-updates:
			if !ok {
				updates = nil
				continue
			}
			if typed = nil; asking.take(p) {
				typed = m.typed()
			} else {
				show.draw(p)
			}
		case line := <-typed:
			m.line, typed = nil, nil
			if asking.line(line) {
				typed = m.typed()
			}
		case <-stop:
			stop = nil
			show.say("stopping: the slots in hand are finished, nothing stays open")
			m.mover.end()
		}
	}
	show.end()
	return m.tell(ctx, job.Report())
}

// notBegun is why nothing was moved.
func (m *moving) notBegun(err error) error {
	var changed *plan.Changed
	if errors.As(err, &changed) {
		return failure(No, "nothing was moved: %w", err)
	}
	if r := refusal(err); r != err {
		return r
	}
	if ExitOf(err) == Internal {
		return failure(No, "nothing was moved: %w", err)
	}
	return err
}
