package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
)

// keyFlags are those of the commands that follow keys through a cluster.
type keyFlags struct {
	memberFlags
	replicas bool
	timeout  time.Duration
	target   target // where the courier begins
}

func (f *keyFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.yes, "yes", false, "do not ask; needed without a terminal, for commands that change something")
	flags.BoolVar(&f.replicas, "from-replicas", false, "send READONLY first: replicas answer reads, too")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "`time` for each node to answer")
	f.out.register(flags)
	f.conn.register(flags)
}

// courier prepares the way to a cluster: the node to begin with, and the rest
// of the words. The doors are to be closed.
func (f *keyFlags) courier(ctx context.Context, w *World, words []string) (c keys.Courier, start string, rest []string, err error) {
	node, rest := f.conn.apart(words)
	t, err := f.conn.resolve(ctx, w, node)
	if err != nil {
		return c, "", nil, err
	}
	f.target = t
	f.yes = f.yes || w.Env("REDISCLI_CLUSTER_YES") == "1"
	return keys.Courier{Doors: keys.NewDoors(t.Options), Patience: f.timeout, ReadOnly: f.replicas}, t.Seeds[0], rest, nil
}

// wayOn says what address rule may lead on when a redirection has led to a node
// that does not answer.
func (f *keyFlags) wayOn(ctx context.Context, w *World, last keyspace.Hop) {
	if last.Outcome != keyspace.Silent || last.Addr == f.target.Seeds[0] || w.proposed {
		return
	}
	crew := engine.NewMemberCrew(f.target.Options)
	defer crew.Close()
	snap, _ := crew.Look(ctx, f.target.Seeds...) // without an answer there is nothing to propose by
	w.propose(snap)
}

// agreeTo asks before commands that can change something are sent.
func (f *keyFlags) agreeTo(ctx context.Context, w *World, start string, commands ...[]string) error {
	worst := harmless
	var shown []string
	for _, words := range commands {
		worst = max(worst, dangerOfOne(words))
		shown = append(shown, clean(wire.Shown(anyWords(words)...)))
	}
	if worst == harmless {
		return nil
	}
	typed := ""
	if worst == losing {
		typed = start
	}
	return agree(ctx, w, f.yes, strings.Join(shown, "; ")+" may change something. Do you want to proceed, yes or no? ", typed)
}

// dangerOfOne is what a command can do that goes to one node: deleting keys by
// their names is a change like others there.
func dangerOfOne(words []string) danger {
	switch strings.ToUpper(words[0]) {
	case "MULTI", "EXEC", "DISCARD", "UNWATCH":
		return harmless
	case "DEL", "UNLINK":
		return changing
	}
	return dangerOf(anyWords(words))
}

func anyWords(words []string) []any {
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}
