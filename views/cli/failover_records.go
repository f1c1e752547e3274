package cli

import (
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/recorder"
)

// failoverRecords remembers the failovers of a watch. It may be used by several
// goroutines.
type failoverRecords struct {
	mu sync.Mutex
	r  recorder.Recorder
}

// feed takes the next picture.
func (f *failoverRecords) feed(s *cluster.Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.r.Feed(s)
}

// ordered tells that this program sent a failover command.
func (f *failoverRecords) ordered(replica cluster.NodeID, command string, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.r.Ordered(replica, command, at)
}

// all are the records, oldest first.
func (f *failoverRecords) all() []recorder.Failover {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.r.Failovers()
}
