package wire

import (
	"context"
)

// Audit is told of everything that may change something: before it is sent, so
// that even what a killed program sent last is known, and again with what came
// of it. It may be used by several goroutines.
type Audit interface {
	Sending(Announcement) (heard func(outcomes []string))
}

// Announcement is what is about to be sent to one node, in one round trip.
type Announcement struct {
	Plan     string // what it belongs to, see Under; may be empty
	Addr     string // the node, as dialled
	User     string // who is logged in; empty: the default user
	Commands []string
}

type planKey struct{}

// Under marks what is sent with the context as part of a plan or job.
func Under(ctx context.Context, plan string) context.Context {
	return context.WithValue(ctx, planKey{}, plan)
}

// announce tells the audit. What it returns is to be called with the answers.
func (n *Node) announce(ctx context.Context, cmds [][]any, change bool) func([]Answer) {
	plan, _ := ctx.Value(planKey{}).(string)
	return announce(&n.options, n.addr, plan, cmds, change)
}

func announce(o *Options, addr, plan string, cmds [][]any, change bool) func([]Answer) {
	if !change || o.Audit == nil {
		return func([]Answer) {}
	}
	a := Announcement{Addr: clean(addr, maxQuote), User: clean(o.Username, maxQuote), Plan: plan}
	var which []int
	for i, cmd := range cmds {
		if changes(commandName(cmd)) {
			a.Commands = append(a.Commands, display(cmd))
			which = append(which, i)
		}
	}
	heard := o.Audit.Sending(a)
	return func(answers []Answer) {
		outcomes := make([]string, len(which))
		for k, i := range which {
			outcomes[k] = "ok"
			if err := answers[i].Err; err != nil {
				outcomes[k] = err.Error()
			} else if movedNothing(commandName(cmds[i]), answers[i]) {
				outcomes[k] = "ok, nothing moved: there is no such key"
			}
		}
		heard(outcomes)
	}
}
