package run

import (
	"fmt"
	"time"

	"slotdeck/cluster/plan"
)

// thrownOut is an error when a node listed the one that a step lets in, past the
// handshake, and does not any more: it was told to forget it. Nodes that bar one
// let it in all the same when it introduces itself, and tell each other of the
// bar a moment later. So to wait on would be in vain.
func (j *MemberJob) thrownOut(s *plan.MemberStep, sights []memberSight) error {
	if s.About == "" {
		return nil
	}
	for i := range sights {
		sight := &sights[i]
		if sight.err != nil || sight.node.ID == s.About {
			continue
		}
		since, listed := j.letIn[sight.node.ID]
		switch now := sight.knows(s.About); {
		case now && !listed:
			j.letIn[sight.node.ID] = time.Now()
		case listed && !now:
			return fmt.Errorf("%s let %s in and dropped it %.1f s later: it was removed from this cluster less than %d s ago, and who forgot it bars it for as long; "+
				"repeat the command when that time has passed, and it does the rest", plain(sight.node.Addr), plain(nodeOf(s, s.About).Addr), time.Since(since).Seconds(), s.Bar)
		}
	}
	return nil
}
