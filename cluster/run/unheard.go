package run

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// informs reports whether a step tells a node who owns a slot that it imports.
func (r *remedy) informs(c plan.Command) bool {
	return c.Node != r.owner && len(c.Args) > 4 && c.Args[1] == "SETSLOT" && c.Args[3] == "NODE" && c.Args[4] == string(r.owner)
}

// informAll tells nodes that have not heard of it who owns slots that they
// import: of all slots first, because a node that lacks one owner takes no key
// of any slot. Then it waits until they call the cluster ok.
func (j *Job) informAll(ctx context.Context, todo []remedy) error {
	cmds := map[cluster.NodeID][][]any{}
	for i := range todo {
		for _, c := range todo[i].steps {
			if todo[i].informs(c) {
				cmds[c.Node] = append(cmds[c.Node], setSlot(todo[i].slot, "NODE", string(todo[i].owner)))
			}
		}
	}
	for id, some := range cmds {
		p := &pair{j: j}
		if err := p.setSlots(ctx, id, some); err != nil {
			return fmt.Errorf("%s cannot be told who owns %s: %w", j.crew.name(id), count(len(some), "slot"), err)
		}
	}
	patience := j.nodeTimeout + 3*time.Second
	for id := range cmds {
		for deadline := time.Now().Add(patience); ; {
			v, err := j.crew.do(ctx, id, "CLUSTER", "INFO")
			if err != nil {
				return err
			}
			text, _ := v.(string)
			info, err := cluster.ParseClusterInfo(text)
			if err == nil && info.State == "ok" {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s was told who owns the slots that it imports, and still calls the cluster down after %v; find out which other slots it misses",
					j.crew.name(id), patience.Round(time.Second))
			}
			if err := pause(ctx, 30*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}
