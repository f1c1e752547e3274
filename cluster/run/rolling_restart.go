package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// errRolesChanged means that a node must not be restarted any more as was
// planned: it became a primary.
var errRolesChanged = errors.New("the roles have changed; deciding anew")

// errSameLife means that a node that was away for a moment was not restarted.
var errSameLife = errors.New("it was away for a moment, and was not restarted")

// restart has one node restarted, and waits until it is in sync.
func (j *RollingJob) restart(ctx, between context.Context, record *RollingStep) error {
	if record.Run.ID == "" && record.Run.Started.IsZero() {
		return fmt.Errorf("%s tells neither a run id nor its uptime, so that a restart could not be noticed", record.Addr)
	}
	if j.options.Restart == nil {
		return j.await(ctx, between, record)
	}
	j.tell("the hook restarts it")
	if err := j.options.Restart(ctx, record.RestartStep); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		record.Text = fmt.Sprintf("the hook failed for %s: %s; %s", record.Addr, err, j.stateOf(ctx, record))
		return errors.New(record.Text)
	}
	return j.back(ctx, record, time.Now(), "the hook has ended, but "+record.Addr)
}

// stateOf is how a node is after a hook that failed.
func (j *RollingJob) stateOf(ctx context.Context, record *RollingStep) string {
	run, err := j.life(ctx, record.Node)
	switch {
	case err != nil:
		return "it does not answer now: look after it first"
	case record.Run.Other(run):
		return "it was restarted all the same"
	}
	return "it runs as before"
}

// await waits until the operator has restarted the node.
func (j *RollingJob) await(ctx, between context.Context, record *RollingStep) error {
	seen, checked := time.Now(), time.Now()
	for {
		j.say("waiting until you restart it; that is noticed by itself", true, nil, nil)
		run, err := j.life(between, record.Node)
		switch {
		case between.Err() != nil && err != nil:
			return between.Err()
		case err != nil, record.Run.Other(run):
			if err := j.back(ctx, record, seen, record.Addr); !errors.Is(err, errSameLife) {
				return err
			}
		}
		seen = time.Now()
		if time.Since(checked) > 2*time.Second {
			checked = time.Now()
			if s, err := readAll(between, j.cluster); err == nil {
				if n, ok := s.Node(record.Node); ok && n.Health == cluster.Answering && n.Member.Flags.Has(cluster.Primary) && len(n.Member.Slots) > 0 {
					return errRolesChanged
				}
			}
		}
		if err := pause(between, rollingPoll); err != nil {
			return err
		}
	}
}

// rollingPoll is the time between two looks at a node that is restarted.
const rollingPoll = 200 * time.Millisecond

// back waits until the node lives another life and is in sync.
func (j *RollingJob) back(ctx context.Context, record *RollingStep, seen time.Time, who string) error {
	limit := time.Now().Add(j.options.Back)
	for {
		run, err := j.life(ctx, record.Node)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && record.Run.Other(run) {
			record.After, record.Away = run, time.Since(seen)
			return j.inSync(ctx, record)
		}
		if err == nil && j.options.Restart == nil {
			return errSameLife // the operator has all the time in the world
		}
		text := "it is away; waiting for it to come back"
		if err == nil {
			seen, text = time.Now(), "it still runs as before; waiting for it to go"
		}
		if time.Now().After(limit) {
			record.Text = fmt.Sprintf("%s was not restarted within %s: it still runs as before", who, j.options.Back)
			if err != nil {
				record.Text = fmt.Sprintf("%s did not come back within %s: %s; look after it first, its shard has one node less", record.Addr, j.options.Back, err)
			}
			return errors.New(record.Text)
		}
		j.tell(text)
		if err := pause(ctx, rollingPoll); err != nil {
			return err
		}
	}
}

// inSync waits until a node that came back has what its primary has, and nobody
// holds it for failed. It gives up when nothing of that moves any more.
func (j *RollingJob) inSync(ctx context.Context, record *RollingStep) error {
	began, moved, last := time.Now(), time.Now(), ""
	for {
		picture := j.cluster.Latest()
		ids := append([]cluster.NodeID{record.Node}, plan.Leaders(picture)...)
		snap := readAfresh(ctx, j.cluster, picture, ids)
		if err := ctx.Err(); err != nil {
			return err
		}
		missing := plan.RestartMissing(snap, record.Node)
		if missing == "" {
			record.Sync, record.OK = time.Since(began), true
			record.Text = fmt.Sprintf("%s was restarted: %s, then %s; away %.1f s, in sync %.1f s later",
				record.Addr, orUnknown(record.Run.Version), orUnknown(record.After.Version), record.Away.Seconds(), record.Sync.Seconds())
			j.over[record.Node] = true
			return nil
		}
		if missing != last {
			last, moved = missing, time.Now()
		}
		if time.Since(moved) > j.options.Sync {
			record.Text = fmt.Sprintf("%s came back, but for %s nothing moves: %s", record.Addr, j.options.Sync, missing)
			return errors.New(record.Text)
		}
		j.tell(missing)
		if err := pause(ctx, max(rollingPoll, time.Duration(len(ids))*5*time.Millisecond)); err != nil {
			return err
		}
	}
}

func orUnknown(version string) string {
	if version == "" {
		return "version not known"
	}
	return version
}

// life asks a node in which life it is. One that loads its data lives, too, but
// says no more than that.
func (j *RollingJob) life(ctx context.Context, id cluster.NodeID) (plan.ServerRun, error) {
	node, ok := j.cluster.Node(id)
	if !ok {
		return plan.ServerRun{}, errNoSuchNode
	}
	ctx, cancel := context.WithTimeout(ctx, failoverPatience)
	defer cancel()
	v, err := node.Do(ctx, "INFO", "server")
	if err != nil {
		return plan.ServerRun{}, err
	}
	text, _ := v.(string)
	info, err := cluster.ParseInfo(text)
	if err != nil {
		return plan.ServerRun{}, err
	}
	n := cluster.Node{Stats: cluster.StatsOf(info)}
	n.Info = n.Info.Succeed(info, time.Now())
	return plan.RunOf(&n), nil
}
