package run

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

// The names of connections by which movers see each other. A wish becomes a
// claim once nobody else was seen.
const (
	wishName  = "slotdeck-wish-"
	claimName = "slotdeck-move-"
)

// lease is the right to move slots in this cluster: a connection to every
// primary that carries the job's name. It is gone when the process is, and
// leaves nothing behind. Other tools do not know it; they are noticed by what
// they do to the map.
type lease struct {
	job   string
	crew  *crew
	nodes map[cluster.NodeID]*wire.Node
	blind string // why others cannot be seen on some node; empty when they can
}

// claim takes the lease, or tells who has it. Of two that wish at the same time
// the smaller name goes first; of two that claim at the same time neither does.
func (j *Job) claim(ctx context.Context, primaries []cluster.NodeID) (*lease, error) {
	l := &lease{job: j.id, crew: j.crew, nodes: map[cluster.NodeID]*wire.Node{}}
	for _, id := range primaries {
		n, err := j.crew.node(id)
		if err != nil {
			continue // a node that nobody can reach holds no lease either
		}
		l.nodes[id] = n.Twin(nil)
	}
	others, err := l.round(ctx, wishName)
	if err == nil {
		for _, o := range others {
			if o.claims || o.Other < l.job {
				err = &o.Taken
				break
			}
		}
	}
	if err == nil {
		err = l.confirm(ctx)
	}
	if err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

// confirm holds the claim, and fails when anybody else claims the cluster, too.
func (l *lease) confirm(ctx context.Context) error {
	others, err := l.round(ctx, claimName)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.claims {
			return &o.Taken
		}
	}
	return nil
}

func (l *lease) release() {
	for _, n := range l.nodes {
		n.Close()
	}
}

type rival struct {
	Taken
	claims bool
}

// round names the connections and lists the others, on all primaries.
func (l *lease) round(ctx context.Context, name string) ([]rival, error) {
	var mu sync.Mutex
	var wg spawn.Group
	var found []rival
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for id, n := range l.nodes {
		wg.Go(func() {
			answers := n.Pipeline(ctx, []any{"CLIENT", "SETNAME", name + l.job}, []any{"CLIENT", "LIST"})
			mu.Lock()
			defer mu.Unlock()
			for _, a := range answers {
				if wire.KindOf(a.Err) == wire.NoPermission {
					l.blind = fmt.Sprintf("%s does not let this user list its clients (CLIENT SETNAME, CLIENT LIST), so that another slotdeck is noticed only by the slots that it opens", l.crew.name(id))
				}
			}
			if text, ok := answers[1].Value.(string); ok {
				found = append(found, rivals(id, text, l.job)...)
			}
		})
	}
	wg.Wait()
	return found, ctx.Err()
}

// rivals reads CLIENT LIST.
func rivals(id cluster.NodeID, list, self string) (out []rival) {
	for line := range strings.SplitSeq(list, "\n") {
		name, addr := clientField(line, "name"), clientField(line, "addr")
		if job, ok := strings.CutPrefix(name, claimName); ok && job != self {
			out = append(out, rival{Taken{Node: id, Other: job, Where: addr}, true})
		} else if job, ok := strings.CutPrefix(name, wishName); ok && job != self {
			out = append(out, rival{Taken{Node: id, Other: job, Where: addr}, false})
		}
	}
	return out
}

func clientField(line, key string) string {
	for part := range strings.SplitSeq(line, " ") {
		if value, ok := strings.CutPrefix(part, key+"="); ok {
			return value
		}
	}
	return ""
}

// MoverAt is the job of a slotdeck that moves slots of the cluster now, as one
// of its primaries tells: every job claims all of them. It is empty when there
// is none, or when the node or the user's rights do not let it be known.
func MoverAt(ctx context.Context, n *wire.Node) string {
	answer := n.Pipeline(ctx, []any{"CLIENT", "LIST"})[0]
	text, _ := answer.Value.(string)
	for _, r := range rivals("", text, "") {
		if r.claims {
			return failoverClean(r.Other)
		}
	}
	return ""
}
