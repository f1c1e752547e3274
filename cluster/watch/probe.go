package watch

import (
	"context"
	"errors"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

var errNoSeeds = errors.New("no address of a node was given; give host:port")

// Probe tries the given addresses all at once and returns nil as soon as one
// of them answers as a node of a cluster. Otherwise it returns an error for each
// of them, those first of which something answered; wire.KindOf tells the kind
// of the first. It takes at most o.CallTimeout.
func Probe(ctx context.Context, seeds []string, o wire.Options) error {
	if len(seeds) == 0 {
		return errNoSeeds
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan error, len(seeds))
	for _, addr := range seeds {
		spawn.Go(func() { results <- probe(ctx, addr, o) })
	}
	var answered, silent []error
	usable := false
	for range seeds { // each ends at once when the first success cancels it
		switch err := <-results; {
		case err == nil:
			usable = true
			cancel()
		case wire.KindOf(err).Answered():
			answered = append(answered, err)
		default:
			silent = append(silent, err)
		}
	}
	if usable {
		return nil
	}
	all := append(answered, silent...)
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

func probe(ctx context.Context, addr string, o wire.Options) error {
	n := wire.Open(addr, o)
	defer n.Close()
	answers := n.Pipeline(ctx, []any{"CLUSTER", "INFO"}, []any{"CLUSTER", "NODES"})
	if err := read(n, "CLUSTER INFO", answers[0], cluster.ParseClusterInfo).err; err != nil {
		return err
	}
	return read(n, "CLUSTER NODES", answers[1], cluster.ParseNodes).err
}
