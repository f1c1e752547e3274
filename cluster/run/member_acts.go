package run

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// functions takes the functions of one node to another.
func (j *MemberJob) functions(ctx context.Context, s *plan.MemberStep) error {
	from, to := s.Among[0], s.Among[1]
	a := j.crew.ask(ctx, from.Addr, callTimeout, []any{"FUNCTION", "DUMP"})[0]
	if a.Err != nil {
		return a.Err
	}
	if err := j.crew.ask(ctx, to.Addr, callTimeout, []any{"FUNCTION", "RESTORE", textOf(a), "APPEND"})[0].Err; err != nil {
		return err
	}
	want, err := j.crew.Libraries(ctx, from.Addr)
	if err != nil {
		return err
	}
	got, err := j.crew.Libraries(ctx, to.Addr)
	if err == nil && len(got) < len(want) {
		err = fmt.Errorf("%s has %d libraries of functions after the copy, and %s has %d", plain(to.Addr), len(got), plain(from.Addr), len(want))
	}
	return err
}

// follow makes replicas: a node that does not know its primary yet, or not yet
// as a primary, is told again.
func (j *MemberJob) follow(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	waiting := s.Commands
	return j.until(ctx, j.options.Settle, say, func() (string, error) {
		errs := j.sendAll(ctx, waiting, nil)
		var again []plan.Command
		missing := ""
		for i, err := range errs {
			switch {
			case err == nil:
			case saying(err, "Unknown node", "only replicate a master", "only replicate a primary"):
				again = append(again, waiting[i])
				missing = plain(waiting[i].Addr) + " does not know its primary yet"
			default:
				return "", err
			}
		}
		if waiting = again; missing != "" {
			return missing, nil
		}
		sights := j.look(ctx, s.Among)
		for i := range sights {
			if what := unsettled(&sights[i], &plan.MemberStep{Among: s.Among, Wants: s.Wants[i : i+1]}); what != "" {
				return plain(sights[i].node.Addr) + " " + what, nil
			}
		}
		return "", nil
	})
}

// sync waits until replicas are linked. It has no limit while they read.
func (j *MemberJob) sync(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	moved, last := time.Now(), ""
	return j.until(ctx, 1<<62, say, func() (string, error) {
		states := make([]string, len(s.Among))
		marks := make([]string, len(s.Among))
		inTurns(len(s.Among), func(i int) { states[i], marks[i] = j.linked(ctx, s.Among[i]) })
		missing := ""
		for i, state := range states {
			if state != "" {
				missing = plain(s.Among[i].Addr) + " " + state
				break
			}
		}
		if mark := strings.Join(marks, " "); mark != last {
			last, moved = mark, time.Now()
		}
		if missing != "" && time.Since(moved) > j.options.Sync {
			return "", fmt.Errorf("%s, without any progress for %.0f s; look at its log: a wrong masterauth or a primary that cannot save are the usual reasons", missing, time.Since(moved).Seconds())
		}
		return missing, nil
	})
}

// linked says what keeps a replica from being linked, nothing when it is, and a
// mark that changes while it makes progress.
func (j *MemberJob) linked(ctx context.Context, n plan.MemberNode) (state, mark string) {
	a := j.crew.ask(ctx, n.Addr, memberPatience, []any{"INFO", "replication"})[0]
	if a.Err != nil {
		return "does not answer: " + a.Err.Error(), ""
	}
	info, err := cluster.ParseInfo(textOf(a))
	if err != nil {
		return err.Error(), ""
	}
	if status, _ := info.Text("master_link_status"); status == "up" {
		return "", "up"
	}
	read, _ := info.Int("master_sync_read_bytes")
	total, _ := info.Int("master_sync_total_bytes")
	busy, _ := info.Text("master_sync_in_progress")
	mark = fmt.Sprint(busy, read)
	switch {
	case busy == "1" && total > 0:
		return fmt.Sprintf("copies: %d of %d MiB", read>>20, total>>20), mark
	case busy == "1":
		return fmt.Sprintf("copies: %d MiB so far", read>>20), mark
	}
	return "is not linked to its primary yet", mark
}

// forgetWithin is how long nodes that fail to forget are asked again: well within
// the 60 s for which the others bar the node.
const forgetWithin = 10 * time.Second

// forget tells all nodes at once. One that does not know the node any more has
// forgotten it.
func (j *MemberJob) forget(ctx context.Context, s *plan.MemberStep) error {
	gone := func(err error) bool { return saying(err, "Unknown node") }
	waiting := s.Commands
	began := time.Now()
	for {
		var again []plan.Command
		hope := false // that it helps to repeat: a right that is lacking stays so
		errs := j.sendAll(ctx, waiting, gone)
		for i, err := range errs {
			if err != nil {
				again = append(again, waiting[i])
				hope = hope || wire.KindOf(err) != wire.NoPermission
			}
		}
		if len(again) == 0 {
			j.barred(s)
			return nil
		}
		if !hope || time.Since(began) > forgetWithin || ctx.Err() != nil {
			return fmt.Errorf("%d of %d nodes have forgotten it, and %s has not: %w; repeat the command within 60 s, or when that node is back", len(s.Commands)-len(again), len(s.Commands), plain(again[0].Addr), firstOf(errs))
		}
		waiting = again
		if err := pause(ctx, 4*j.options.Poll); err != nil {
			return err
		}
	}
}

// barred notes until when the nodes that have forgotten one do not let it in.
func (j *MemberJob) barred(s *plan.MemberStep) {
	if s.Bar > 0 {
		until := time.Now().Add(time.Duration(s.Bar) * time.Second)
		j.report.Notes = append(j.report.Notes, fmt.Sprintf("until %s (%d s) no node that forgot %s lets it in again under that id; to add it sooner, reset it hard: it takes a new one",
			until.Format("15:04:05"), s.Bar, plain(s.About.Short())))
	}
}

// resetStable is for how long nodes that were reset together have to stay alone:
// what was on its way between them at that moment can bring one back.
const resetStable = 500 * time.Millisecond

// reset resets nodes, again where one was pulled back, until all are alone.
func (j *MemberJob) reset(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	if err := firstOf(j.sendAll(ctx, s.Commands, nil)); err != nil {
		return err
	}
	alone := time.Now()
	return j.until(ctx, j.options.Settle, say, func() (string, error) {
		sights := j.look(ctx, s.Among)
		var again []plan.Command
		missing := ""
		for i := range sights {
			switch other := company(&sights[i]); {
			case sights[i].err != nil:
				missing = plain(sights[i].node.Addr) + " does not answer: " + sights[i].err.Error()
			case other != "":
				again = append(again, s.Commands[i])
				missing = fmt.Sprintf("%s knows %s again", plain(sights[i].node.Addr), other)
			}
		}
		if missing == "" && (len(s.Among) == 1 || time.Since(alone) >= resetStable) {
			return "", nil
		}
		if missing != "" {
			alone = time.Now()
		} else {
			missing = "all are alone so far"
		}
		return missing, firstOf(j.sendAll(ctx, again, nil))
	})
}

// company is another node that a node lists, past the handshake; empty for none.
func company(s *memberSight) string {
	if s.err != nil {
		return ""
	}
	for _, m := range s.view.Members {
		if m.ID != s.view.Myself && !m.Flags.Has(cluster.Handshake) {
			return plain(m.Endpoint.Addr())
		}
	}
	return ""
}

// set changes a setting on each node and tells what came of it. The first
// command of a node sets, the second keeps.
func (j *MemberJob) set(ctx context.Context, s *plan.MemberStep) error {
	groups := byNode(s.Commands)
	results := make([]MemberResult, len(groups))
	inTurns(len(groups), func(i int) { results[i] = j.setOn(ctx, groups[i]) })
	j.report.Nodes = append(j.report.Nodes, results...)
	failed, why := 0, ""
	for _, r := range results {
		if !r.OK {
			failed, why = failed+1, r.Text
		}
	}
	switch {
	case failed == len(results):
		return fmt.Errorf("no node took it, and nothing was changed: %s", why)
	case failed > 0:
		return fmt.Errorf("%d of %d nodes did not take it; the others have it", failed, len(results))
	}
	return nil
}

func (j *MemberJob) setOn(ctx context.Context, cmds []plan.Command) MemberResult {
	r := MemberResult{ID: cmds[0].Node, Addr: cmds[0].Addr}
	if len(cmds) == 1 { // it has the value
		r.OK, r.Text = true, "had it, and kept in its configuration file"
		if err := j.crew.ask(ctx, r.Addr, callTimeout, memberWords(cmds[0]))[0].Err; err != nil {
			r.Text = "had it, but not kept: after a restart another value may be back (" + keepFailed(err) + ")"
		}
		return r
	}
	name, value := cmds[0].Args[2], cmds[0].Args[3]
	get := []any{"CONFIG", "GET", name}
	answers := j.crew.ask(ctx, r.Addr, callTimeout, get, memberWords(cmds[0]), get)
	before, now := pairsOf(answers[0].Value)[name], pairsOf(answers[2].Value)[name]
	switch err := answers[1].Err; {
	case err != nil:
		r.Text = err.Error()
		return r
	case answers[2].Err == nil && now != value && (now == before || name == plan.NodeTimeout):
		// Servers write values their own way, such as 64mb in bytes: the old
		// one still being there is what tells. It may be the same by that.
		if !sameSize(now, value) {
			r.Text = fmt.Sprintf("it said OK, and has %s", strconv.Quote(now))
			return r
		}
	}
	r.OK, r.Text = true, "set, and kept in its configuration file"
	if err := j.crew.ask(ctx, r.Addr, callTimeout, memberWords(cmds[1]))[0].Err; err != nil {
		r.Text = "set, but not kept: after a restart the old value is back (" + keepFailed(err) + ")"
	}
	return r
}

// sameSize reports whether a server tells a size as the bytes of what was set.
func sameSize(now, value string) bool {
	bytes, err := strconv.ParseUint(now, 10, 64)
	number := strings.TrimRight(strings.ToLower(value), "kmgb")
	n, err2 := strconv.ParseUint(number, 10, 64)
	if err != nil || err2 != nil {
		return strings.EqualFold(now, value)
	}
	unit, known := map[string]uint64{"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30}[strings.ToLower(value)[len(number):]]
	return known && bytes == n*unit
}

func keepFailed(err error) string {
	if text := said(err); text != "" {
		return text
	}
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	return err.Error()
}
