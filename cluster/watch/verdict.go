package watch

import (
	"errors"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// verdict makes one word of a node's answers: the worst of what keeps it from
// being read. That a user may not see INFO is no such thing, as long as the
// topology can be read.
func (a *answer) verdict() (cluster.Health, error) {
	topology := a.clusterInfo.err
	if a.question.view && a.view.err != nil {
		topology = a.view.err
	}
	if err := a.latency.err; err != nil && !wire.KindOf(err).Answered() {
		return healthOf(err), err
	}
	for _, err := range [...]error{topology, a.latency.err, a.info.err} {
		if wire.KindOf(err) == wire.Loading {
			return cluster.Loading, err
		}
	}
	if topology != nil {
		return healthOf(topology), topology
	}
	return cluster.Answering, nil
}

// heard reports whether the node itself said anything.
func (a *answer) heard() bool {
	return a.latency.err == nil || wire.KindOf(a.latency.err).Answered()
}

// healthOf is what an error says about the node.
func healthOf(err error) cluster.Health {
	var e *wire.Error
	if !errors.As(err, &e) {
		return cluster.NoAnswer
	}
	switch e.Kind {
	case wire.Refused:
		return cluster.Refused
	case wire.AuthWrong, wire.AuthMissing, wire.Protected, wire.NoPermission:
		return cluster.Denied
	case wire.Loading:
		return cluster.Loading
	case wire.Rubbish, wire.NotCluster, wire.TLSNeeded, wire.TLSFailed, wire.ClusterDown:
		return cluster.Rubbish
	case wire.Reply:
		if e.Code == "BUSY" { // it runs a script and answers nothing else
			return cluster.NoAnswer
		}
		return cluster.Rubbish
	}
	return cluster.NoAnswer
}
