package lab

import (
	"context"
	"errors"
	"fmt"
)

// Show is a cluster with keys in it and traffic on it, for "slotdeck demo".
type Show struct {
	*Cluster
	Traffic *Traffic // nil when no rate was asked for
}

// Demo starts a cluster, writes so many keys and begins traffic of so many
// commands a second (0: none). The context bounds the start alone: the
// cluster and its traffic run until Stop. After an error nothing is left
// running; the error is a NoServer when no server program was found.
func Demo(ctx context.Context, config Config, keys, rate int) (*Show, error) {
	c, err := Start(ctx, config)
	if err != nil {
		return nil, err
	}
	if keys > 0 {
		c.config.Progress(fmt.Sprintf("writing %d keys", keys))
		if err := c.Fill(ctx, keys); err != nil {
			return nil, errors.Join(err, c.Stop())
		}
	}
	s := &Show{Cluster: c}
	if rate > 0 {
		s.Traffic = c.Traffic(context.WithoutCancel(ctx), rate)
	}
	return s, nil
}
