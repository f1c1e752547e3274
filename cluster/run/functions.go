package run

import (
	"context"

	"slotdeck/cluster"
)

// bringFunctions copies the functions of a source to a target that never had a
// slot: clients that reach a moved key there would else find their functions
// missing. A target that has any is left as it is.
func (j *Job) bringFunctions(ctx context.Context, from, to cluster.NodeID, empty bool) error {
	if !empty {
		return nil
	}
	has, err := j.crew.call(ctx, to, callTimeout, []any{"FUNCTION", "LIST"})
	if err != nil {
		return err
	}
	if list, ok := has[0].Value.([]any); has[0].Err != nil || !ok || len(list) > 0 {
		return nil
	}
	got, err := j.crew.call(ctx, from, callTimeout, []any{"FUNCTION", "LIST"}, []any{"FUNCTION", "DUMP"})
	if err != nil {
		return err
	}
	list, _ := got[0].Value.([]any)
	dump, ok := got[1].Value.(string)
	if len(list) == 0 || !ok {
		if got[0].Err != nil || got[1].Err != nil {
			j.remains("whether " + j.crew.name(from) + " has functions that " + j.crew.name(to) + " lacks could not be asked")
		}
		return nil
	}
	if _, err := j.crew.do(ctx, to, "FUNCTION", "RESTORE", dump, "APPEND"); err != nil {
		return refuse(to, err, "%s has no functions yet, and does not take those of %s: %s; load them there, then try again", j.crew.name(to), j.crew.name(from), err)
	}
	return nil
}
