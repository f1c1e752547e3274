package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/backup"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
	"slotdeck/views"
)

// freight brings data in and out for the screens. Its runs are the conductor's.
type freight struct {
	*conductor
	nodes   *members
	options wire.Options
}

// Plan works a wish out.
func (f *freight) Plan(ctx context.Context, w views.FreightWish, s *cluster.Snapshot) (views.FreightPlan, error) {
	if w.Folder != "" {
		p, _, err := planBackup(ctx, f.look(s), w.Folder, "")
		if err != nil {
			return views.FreightPlan{}, err
		}
		out := views.FreightPlan{Title: p.Lines()[0], Risk: plan.Disruptive, Why: "nothing is changed; every primary forks, which costs memory and some of its time", Notes: p.Notes}
		for _, l := range p.Lines()[1 : 1+len(p.Shards)] {
			out.Lines = append(out.Lines, strings.TrimSpace(l))
		}
		for _, shard := range p.Shards {
			out.Same += fmt.Sprintln(shard.Node, shard.Addr, shard.Slots)
		}
		return out, nil
	}
	_, p, err := f.planImport(ctx, w, s)
	if err != nil {
		return views.FreightPlan{}, err
	}
	out := views.FreightPlan{Title: p.Lines()[0], Risk: p.Risk, Type: p.Type, Notes: p.Notes, Same: fmt.Sprintln(p.Source.Addr, p.Targets, p.Risk)}
	out.Why = [...]string{"the keys stay where they are, and no key of the cluster is changed", "the keys leave the source", "keys of the cluster are overwritten"}[p.Risk]
	for _, d := range p.Databases {
		out.Lines = append(out.Lines, fmt.Sprintf("database %d: %d keys", d.DB, d.Keys))
	}
	return out, nil
}

func (f *freight) look(s *cluster.Snapshot) func(context.Context) (*cluster.Snapshot, error) {
	return looking(f.nodes.crew, f.nodes.where(s))
}

// planImport plans an import from the source that a wish names.
func (f *freight) planImport(ctx context.Context, w views.FreightWish, s *cluster.Snapshot) (from target, p plan.ImportPlan, err error) {
	host, port, err := cluster.ParseAddr(w.From)
	if err != nil {
		return from, p, fmt.Errorf("%q is no address; say HOST:PORT", clean(w.From))
	}
	from.Seeds = []string{cluster.JoinAddr(host, port)}
	from.Options = wire.Options{Username: w.User, Password: wire.NewSecret(w.Password), Journal: f.options.Journal, Audit: f.options.Audit}
	if from.Options.TLS, err = secureFreight(w.TLS); err != nil {
		return from, p, err
	}
	p, err = planImport(ctx, f.nodes.crew, f.look(s), f.nodes.where(s)[0], from, plan.ImportRequest{Copy: w.Copy, Replace: w.Replace, DB: w.DB})
	return from, p, err
}

// secureFreight is how the source is spoken with; nil: without TLS.
func secureFreight(w views.FreightTLS) (*tls.Config, error) {
	flags := tlsFlags{prefix: "from-", on: w.On, insecure: w.Unchecked, caCert: w.Trusted, serverName: w.Name, cert: w.Cert, key: w.Key}
	if at, err := os.Stat(w.Trusted); err == nil && at.IsDir() {
		flags.caCert, flags.caCertDir = "", w.Trusted
	}
	return flags.config(false)
}

// errFreightChanged is why what was agreed to is not begun.
var errFreightChanged = errors.New("the cluster has changed since the plan was made, and nothing was sent; look at the plan again")

// Start begins once a fresh read comes to the same plan.
func (f *freight) Start(w views.FreightWish, p views.FreightPlan, s *cluster.Snapshot) views.ConductRun {
	ctx, stop := context.WithCancel(f.life)
	states := make(chan views.ConductState)
	f.jobs.Go(func() {
		defer close(states)
		defer stop()
		began := time.Now()
		tell := func(c views.ConductState) {
			c.Elapsed = time.Since(began)
			states <- c
		}
		tell(views.ConductState{Left: -1, Text: "reading every node concerned once more, before anything is sent"})
		now, err := f.Plan(ctx, w, s)
		if err == nil && (now.Same != p.Same || now.Risk > p.Risk) {
			err = errFreightChanged
		}
		var end views.ConductState
		switch {
		case err != nil:
		case w.Folder != "":
			end, err = f.backup(ctx, w, s, tell)
		default:
			end, err = f.bring(ctx, w, s, tell)
		}
		end.Done, end.OK = true, err == nil && end.OK
		if err != nil {
			end.End = err.Error()
		}
		tell(end)
	})
	return conduct(f.conductor, states, stop, func(c views.ConductState) views.ConductState { return c })
}

// backup takes one. Its steps are the primaries.
func (f *freight) backup(ctx context.Context, w views.FreightWish, s *cluster.Snapshot, tell func(views.ConductState)) (end views.ConductState, err error) {
	p, checker, err := planBackup(ctx, f.look(s), w.Folder, "")
	if err != nil {
		return end, err
	}
	steps := make([]views.ConductStep, len(p.Shards))
	for i, shard := range p.Shards {
		steps[i].Name = fmt.Sprintf("%s %s into %s", shard.Letter, shard.Addr, shard.File)
	}
	state := func() views.ConductState {
		c := views.ConductState{Steps: append([]views.ConductStep(nil), steps...), Text: "copying to " + p.Folder}
		for _, step := range steps {
			if step.State == views.StepWaits || step.State == views.StepRuns {
				c.Left++
			}
		}
		return c
	}
	tell(state())
	l, err := backup.Take(ctx, p, backup.Options{Wire: f.options, Checker: checker, Look: f.look(s), Tell: func(g backup.Progress) {
		steps[g.Shard].State, steps[g.Shard].Note = views.StepRuns, stageText(g)
		if g.Stage == backup.Ready {
			steps[g.Shard].State = views.StepDone
		}
		tell(state())
	}})
	if err != nil {
		for i := range steps {
			if steps[i].State == views.StepRuns {
				steps[i].State = views.StepFailed
			}
		}
		return state(), backupFailure(ctx, err)
	}
	for i, c := range l.Copies {
		steps[i].Note = copyText(c)
	}
	end = state()
	end.OK, end.End = true, backupText(p.Folder, l)
	return end, nil
}

// importBeat is how often an import tells of its progress.
const importBeat = 100 * time.Millisecond

// bring imports. What is left at the source is a failed step each.
func (f *freight) bring(ctx context.Context, w views.FreightWish, s *cluster.Snapshot, tell func(views.ConductState)) (end views.ConductState, err error) {
	from, p, err := f.planImport(ctx, w, s)
	if err != nil {
		return end, err
	}
	step := views.ConductStep{Name: p.Lines()[0], State: views.StepRuns}
	last := time.Now()
	r, err := engine.Import(ctx, p, engine.ImportOptions{From: from.Options, To: f.options, Look: f.look(s), Tell: func(r engine.ImportReport) {
		if time.Since(last) > importBeat {
			last = time.Now()
			step.Note = importProgress(r)
			tell(views.ConductState{Left: 1, Steps: []views.ConductStep{step}, Text: "every key is at the source, in the cluster, or in both, at any moment"})
		}
	}})
	step.State, step.Note = views.StepDone, importProgress(r)
	if err != nil {
		step.State = views.StepFailed
	}
	end.Steps = []views.ConductStep{step}
	for _, t := range r.Trouble {
		end.Steps = append(end.Steps, views.ConductStep{Name: fmt.Sprintf("left: database %d, %q", t.DB, t.Key), State: views.StepFailed, Note: t.Why})
	}
	end.OK, end.End = r.Left == 0, importText(r, "done")
	if err != nil {
		return end, importFailure(ctx, err)
	}
	return end, nil
}
