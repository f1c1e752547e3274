package run

import (
	"context"
	"strconv"
	"sync"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

// Abilities asks every node of a plan, without changing anything, which ways of
// moving slots it knows and the user may use there.
func Abilities(ctx context.Context, c Cluster, p plan.Plan) map[cluster.NodeID]plan.Ability {
	j := newJob(c, p, Options{})
	defer j.discard()
	return j.abilities(ctx)
}

// Insides asks every node of a plan how it speaks to the others. Who does not
// tell is left out.
func Insides(ctx context.Context, c Cluster, p plan.Plan) map[cluster.NodeID]plan.Inside {
	j := newJob(c, p, Options{})
	defer j.discard()
	nodes := map[cluster.NodeID]bool{}
	for _, n := range p.Nodes {
		nodes[n.ID] = true
	}
	return j.insides(ctx, nodes)
}

func (j *Job) insides(ctx context.Context, nodes map[cluster.NodeID]bool) map[cluster.NodeID]plan.Inside {
	out := map[cluster.NodeID]plan.Inside{}
	var mu sync.Mutex
	var wg spawn.Group
	for id := range nodes {
		wg.Go(func() {
			v, err := j.crew.do(ctx, id, "CONFIG", "GET", "tls-cluster", "port", "tls-port", "cluster-announce-port", "cluster-announce-tls-port")
			has := pairsOf(v)
			if err != nil || has["port"] == "" {
				return
			}
			port := func(announced, own string) int {
				if n, err := strconv.Atoi(has[announced]); err == nil && n > 0 {
					return n
				}
				n, _ := strconv.Atoi(has[own]) // absent where the server was built without TLS
				return n
			}
			mu.Lock()
			defer mu.Unlock()
			out[id] = plan.Inside{TLS: has["tls-cluster"] == "yes", Plain: port("cluster-announce-port", "port"), Secure: port("cluster-announce-tls-port", "tls-port")}
		})
	}
	wg.Wait()
	return out
}

func (j *Job) abilities(ctx context.Context) map[cluster.NodeID]plan.Ability {
	out := map[cluster.NodeID]plan.Ability{}
	var mu sync.Mutex
	var wg spawn.Group
	for _, n := range j.plan.Nodes {
		wg.Go(func() {
			a := j.crew.ability(ctx, n.ID)
			mu.Lock()
			defer mu.Unlock()
			out[n.ID] = a
		})
	}
	wg.Wait()
	return out
}

// ability probes one node: COMMAND INFO tells what it knows, a harmless use of
// each command whether the user may.
func (c *crew) ability(ctx context.Context, id cluster.NodeID) plan.Ability {
	a := plan.Ability{Why: map[plan.Driver]string{}, Denied: map[plan.Driver]bool{}}
	answers, err := c.call(ctx, id, callTimeout,
		[]any{"COMMAND", "INFO", "cluster|migration", "cluster|migrateslots", "migrate", "cluster|setslot"},
		[]any{"CLUSTER", "MIGRATION", "STATUS", "ALL"}, []any{"CLUSTER", "GETSLOTMIGRATIONS"})
	if err == nil {
		var tried []wire.Answer
		tried, err = c.rehearse(ctx, id, callTimeout, []any{"MIGRATE", "127.0.0.1", "1", "", 0, 1, "KEYS", "{slotdeck}no such key"},
			// A node that is not fit to open any slot says so for a wrong one first.
			[]any{"CLUSTER", "SETSLOT", -1, "STABLE"})
		answers = append(answers, tried...)
	}
	if err != nil {
		for _, d := range []plan.Driver{plan.Legacy, plan.AtomicRedis, plan.AtomicValkey} {
			a.Why[d] = "it does not answer (" + err.Error() + ")"
		}
		return a
	}
	known := func(i int) bool {
		list, ok := answers[0].Value.([]any)
		return answers[0].Err != nil || !ok || i >= len(list) || list[i] != nil // cannot be asked: the use tells
	}
	judge := func(d plan.Driver, i int, use wire.Answer) bool {
		switch {
		case !known(i):
			a.Why[d] = "it does not know the command"
		case wire.KindOf(use.Err) == wire.NoPermission:
			a.Why[d], a.Denied[d] = "the user may not use the command there", true
		case use.Err != nil && unknownCommand(use.Err):
			a.Why[d] = "it does not know the command"
		default:
			return true
		}
		return false
	}
	a.AtomicRedis = judge(plan.AtomicRedis, 0, answers[1])
	a.AtomicValkey = judge(plan.AtomicValkey, 1, answers[2])
	a.Legacy = judge(plan.Legacy, 2, answers[3]) && judge(plan.Legacy, 3, answers[4])
	return a
}
