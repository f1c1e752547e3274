package run

import (
	"context"
	"errors"
	"fmt"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// Changed says that the map changed under the job: somebody else moves slots, or
// a node is not what it was.
type Changed struct {
	Text  string // a sentence
	Nodes []cluster.NodeID
	Slots keyslot.Set
}

// Error is the sentence.
func (c *Changed) Error() string { return c.Text }

// Taken says that another slotdeck moves slots of the same cluster.
type Taken struct {
	Node  cluster.NodeID // where it was seen
	Other string         // the name of the other job
	Where string         // the address its connection comes from
}

// Error is a sentence.
func (t *Taken) Error() string {
	return fmt.Sprintf("another slotdeck (job %s, from %s) moves slots of this cluster; wait until it is done, or stop it there", plain(t.Other), plain(t.Where))
}

// Refused says that a check before the first slot failed.
type Refused struct {
	Node cluster.NodeID
	Text string // a sentence
	Err  error  // may be nil
}

// Error is the sentence.
func (r *Refused) Error() string { return r.Text }

// Unwrap is the cause.
func (r *Refused) Unwrap() error { return r.Err }

func refuse(id cluster.NodeID, err error, format string, args ...any) error {
	return &Refused{Node: id, Err: err, Text: fmt.Sprintf(format, args...)}
}

// full is an error that means that the target takes no more.
func full(err error) bool { return saying(err, "OOM", "command not allowed when used memory") }

// passing reports whether an error may be gone when tried again, once the nodes'
// roles are settled.
func passing(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var changed *Changed
	if errors.As(err, &changed) {
		return false
	}
	switch wire.KindOf(err) {
	case wire.Timeout, wire.Hangup, wire.Refused, wire.Loading, wire.ClusterDown, wire.Unreachable:
		return true
	}
	return saying(err, "IOERR", "LOADING", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "MASTERDOWN", "READONLY", "MOVED", "ASK ", "BUSY ", "UNBLOCKED",
		"use SETSLOT only with", "not a master", "I don't know about node", "not the owner", "Unknown node", "Please use")
}
