package plan

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// RestartMissing says what is still to be seen of a node that came back, before
// the next one may go; empty when nothing is: it answers, nobody holds it for
// failed, and it has what its primary has.
func RestartMissing(s *cluster.Snapshot, id cluster.NodeID) string {
	n, ok := s.Node(id)
	switch {
	case !ok:
		return "nobody lists it any more"
	case n.Health == cluster.Loading || n.Health == cluster.Answering && n.Stats.Loading:
		return "it is loading its data"
	case n.Health != cluster.Answering || !n.Info.Known():
		return "it does not answer"
	}
	voters := quorum.VotersOf(s)
	if k := voters.Among(n.FailBy) + voters.Among(n.PFailBy); k > 0 {
		return fmt.Sprintf("%s of the voting primaries still %s it for failed, or %s it", fmt.Sprint(k), verb(k, "holds", "hold"), verb(k, "suspects", "suspect"))
	}
	if n.ClusterInfo.Known() && n.ClusterInfo.Value.State != "ok" {
		return "it says that the cluster state is " + quote(n.ClusterInfo.Value.State)
	}
	if n.Member.Flags.Has(cluster.Primary) {
		return ""
	}
	switch {
	case n.Stats.Syncing:
		left, known := n.Info.Value.Int("master_sync_left_bytes")
		if known && left > 0 {
			return "it is copying all data from its primary, " + byteText(left) + " left"
		}
		return "it is copying all data from its primary"
	case !n.Stats.LinkUp:
		return "it is not linked to its primary yet"
	}
	if lag, known := s.LagBytes(id); !known {
		return "how far behind it is is not known yet"
	} else if lag > nearEnough {
		return "it is " + byteText(lag) + " behind its primary"
	}
	return ""
}

// Lines is the plan as plain text.
func (p RestartPlan) Lines() []string {
	out := []string{p.Title, fmt.Sprintf("  risk: %s: %s", p.Risk, p.Why)}
	for i, s := range p.Steps {
		out = append(out, fmt.Sprintf("  %d. %s", i+1, s.Text()))
	}
	for _, s := range p.Skipped {
		out = append(out, fmt.Sprintf("  skipped: %s (%s) was restarted already", s.Addr, s.Run))
	}
	return append(out, CheckLines(p.Checks)...)
}
