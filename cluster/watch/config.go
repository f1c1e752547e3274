package watch

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// What holds when Config leaves it open, and the bounds of what it may say.
const (
	DefaultInterval = time.Second
	MinInterval     = 100 * time.Millisecond
	MaxInterval     = time.Hour
	DefaultHistory  = 2000 // events
)

// Config says which cluster is watched, and how.
type Config struct {
	Seeds    []string     // host:port of one or more nodes; one that answers is enough
	Options  wire.Options // how nodes are reached; CallTimeout bounds the wait for one node's answer
	Interval time.Duration
	Clock    Clock // nil: the system's

	// AddressOf tells where a node is dialled, given what it announces; empty
	// when nowhere. nil: at the announced address.
	AddressOf func(cluster.Member) string

	// Settings are names of CONFIG GET that are read from every node now and
	// then, into Node.Config.
	Settings []string

	// Checkups is how often every node is asked for what changes slowly, into
	// Node.Checkup, and how old Node.Earlier is at least; 0: never.
	Checkups time.Duration
	// Thorough has all slots looked through for strays with the first checkup,
	// not a thousand slots at a time.
	Thorough bool

	History int // how many events snapshots carry at most; 0: DefaultHistory
}

func (c Config) withDefaults() Config {
	c.Interval = within(c.Interval)
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if c.AddressOf == nil {
		c.AddressOf = func(m cluster.Member) string { return m.Endpoint.Addr() }
	}
	if c.History <= 0 {
		c.History = DefaultHistory
	}
	if c.Options.CallTimeout <= 0 {
		c.Options.CallTimeout = wire.DefaultCallTimeout
	}
	return c
}

func within(interval time.Duration) time.Duration {
	if interval <= 0 {
		interval = DefaultInterval
	}
	return min(max(interval, MinInterval), MaxInterval)
}
