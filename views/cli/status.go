package cli

import (
	"cmp"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/quorum"
	engine "slotdeck/cluster/run"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

func newStatus(w *World) *cobra.Command {
	var conn connection
	var out format
	cmd := &cobra.Command{
		Use:     "status [HOST:PORT …]",
		GroupID: "cluster",
		Short:   "Is the cluster well? The verdict, the shards worst first, what is wrong",
		Long: `Looks at a cluster once and says in a sentence how it is: what is not served,
who agrees, whether it will heal by itself and when, or why not. Under that the
shards, the worst first, and everything that was found wrong.

The exit code is 0 when all is well and 1 when the verdict is anything else, also
while every slot is still served; "slotdeck info" asks about the slots alone. What
was muted in the console on this machine is told last, and as such.`,
		Example: `  slotdeck status 10.0.0.11:7001
  slotdeck status 10.0.0.11:7001 -o json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := conn.resolve(cmd.Context(), w, args)
			if err != nil {
				return err
			}
			by, err := t.standards()
			if err != nil {
				return err
			}
			watching := watchWell(cmd.Context(), t, false)
			snap, err := wholePicture(cmd.Context(), watching)
			watching.stop()
			if err != nil {
				return err
			}
			return tellStatus(w, out, snap, by, muteFile{engine.StateDirOf(w.Env)}.Load(snap))
		},
	}
	out.register(cmd.Flags())
	conn.register(cmd.Flags())
	return cmd
}

func tellStatus(w *World, out format, snap *cluster.Snapshot, by doctor.Standards, mutes []doctor.Mute) error {
	verdict := doctor.Judge(snap)
	answer := answerStatus(snap, verdict, by, mutes)
	var err error
	if out == asJSON {
		err = writeJSON(w.Out, answer)
	} else {
		err = printStatus(w, answer)
	}
	switch {
	case err != nil:
		return err
	case verdict.Status == doctor.NoContact:
		return &Failure{Unreachable, errTold}
	case verdict.Status != doctor.OK:
		return &Failure{No, errTold}
	}
	return nil
}

// statusAnswer is how a cluster fares as programs get it: what info tells, the
// shards worst first, and why the verdict is what it is.
type statusAnswer struct {
	infoAnswer
	FullCoverage string          `json:"full_coverage"` // yes, no, unknown
	Voters       votersAnswer    `json:"voters"`
	SayOK        []string        `json:"say_ok"`
	SayFail      []string        `json:"say_fail"`
	Trouble      []troubleAnswer `json:"trouble"` // shards whose primary is in trouble, the worst first
	Findings     []findingAnswer `json:"findings"`
	Muted        []mutedAnswer   `json:"muted,omitempty"` // in the console, on this machine
}

// votersAnswer counts the primaries that own slots.
type votersAnswer struct {
	Size      int `json:"size"`
	Needed    int `json:"needed"`
	Answering int `json:"answering"`
}

type troubleAnswer struct {
	Shard      string            `json:"shard"`
	Node       cluster.NodeID    `json:"node"` // empty: nobody claims to be primary
	Addr       string            `json:"addr"`
	Cause      string            `json:"cause"`
	Serves     bool              `json:"serves"` // clients are probably served all the same
	Slots      string            `json:"slots"`
	SlotCount  int               `json:"slot_count"`
	Share      float64           `json:"share"` // of the key space, 0 to 1
	Since      *time.Time        `json:"since"`
	Silent     *float64          `json:"silent_s"`
	SuspectBy  int               `json:"suspected_by"` // voting primaries, as the next two
	FailedBy   int               `json:"failed_by"`
	Others     int               `json:"of"`
	Heals      bool              `json:"heals"`
	HealsBy    string            `json:"heals_by,omitempty"`   // address of the replica; empty: the primary itself
	HealsIn    *float64          `json:"heals_in_s,omitempty"` // at the latest
	Blocked    string            `json:"blocked,omitempty"`    // why it does not heal by itself
	Candidates []candidateAnswer `json:"candidates"`
}

type candidateAnswer struct {
	Node     cluster.NodeID `json:"node"`
	Addr     string         `json:"addr"`
	Behind   *int64         `json:"behind_bytes"`
	Eligible bool           `json:"eligible"`
	Why      string         `json:"why,omitempty"`
	Doubt    string         `json:"doubt,omitempty"`
}

type findingAnswer struct {
	ID       string         `json:"id"`
	Severity string         `json:"severity"`
	Shard    string         `json:"shard,omitempty"`
	Node     cluster.NodeID `json:"node,omitempty"`
	Text     string         `json:"text"`
	Evidence []string       `json:"evidence,omitempty"`
	Slots    string         `json:"slots,omitempty"`
	Setting  string         `json:"setting,omitempty"`
	Explain  string         `json:"explained"` // where the documents explain it
}

func answerFinding(f doctor.Finding) findingAnswer {
	a := findingAnswer{ID: f.ID, Severity: f.Severity.String(), Shard: f.Shard, Node: f.Node, Text: ui.Clean(f.Text), Setting: f.Setting}
	for _, line := range f.Evidence {
		a.Evidence = append(a.Evidence, ui.Clean(line))
	}
	if len(f.Slots) > 0 {
		a.Slots = keyslot.SetOf(f.Slots...).String()
	}
	if r, ok := doctor.RuleOf(f.ID); ok {
		a.Explain = r.Link()
	}
	return a
}

func answerMuted(f doctor.Muted) mutedAnswer {
	return mutedAnswer{answerFinding(f.Finding), f.Mute.Until, ui.Clean(f.Mute.Reason)}
}

func answerStatus(s *cluster.Snapshot, v doctor.Verdict, by doctor.Standards, mutes []doctor.Mute) statusAnswer {
	a := statusAnswer{
		infoAnswer:   answerInfo(s),
		FullCoverage: [...]string{quorum.NotKnown: "unknown", quorum.Yes: "yes", quorum.No: "no"}[v.FullCoverage],
		Voters:       votersAnswer{v.Voters.Size, v.Voters.Need, len(v.Voters.Answering)},
		SayOK:        addressesOf(s, v.SayOK), SayFail: addressesOf(s, v.SayFail),
		Trouble: []troubleAnswer{}, Findings: []findingAnswer{},
	}
	worstFirst(a.Shards, v)
	for _, t := range v.Affected {
		a.Trouble = append(a.Trouble, answerTrouble(s, t))
	}
	told, muted := doctor.Sift(by.Findings(s), mutes, s.At)
	for _, f := range told {
		a.Findings = append(a.Findings, answerFinding(f))
	}
	for _, f := range muted {
		a.Muted = append(a.Muted, answerMuted(f))
	}
	return a
}

func addressesOf(s *cluster.Snapshot, ids []cluster.NodeID) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, addressByID(s, id))
	}
	return out
}

func addressByID(s *cluster.Snapshot, id cluster.NodeID) string {
	if n, ok := s.Node(id); ok {
		return addressOf(n)
	}
	return ""
}

func answerTrouble(s *cluster.Snapshot, t doctor.ShardTrouble) troubleAnswer {
	a := troubleAnswer{
		Shard: t.Shard, Node: t.Node, Addr: addressByID(s, t.Node), Cause: t.Cause.String(), Serves: t.Cause.Serves(),
		Slots: keyslot.SetOf(t.Ranges...).String(), SlotCount: t.Slots, Share: t.Share,
		SuspectBy: t.Suspects, FailedBy: t.Agree, Others: t.Of,
		Blocked: ui.Clean(t.Blocked), Candidates: []candidateAnswer{},
	}
	if !t.Since.IsZero() {
		a.Since, a.Silent = &t.Since, secondsOf(t.Silent)
	}
	if h := t.Heals; h != nil {
		a.Heals, a.HealsBy, a.HealsIn = true, addressByID(s, h.Replica), secondsOf(h.Within)
	}
	for _, c := range t.Candidates {
		a.Candidates = append(a.Candidates, candidateAnswer{
			c.Node, addressByID(s, c.Node), known(c.Behind), c.Eligible, ui.Clean(c.Why), ui.Clean(c.Doubt),
		})
	}
	return a
}

// secondsOf is nil for a time that is not known.
func secondsOf(d time.Duration) *float64 {
	if d < 0 {
		return nil
	}
	s := d.Seconds()
	return &s
}

// worstFirst orders shards: in the verdict's order those in trouble, then those
// that a further loss would bring into it, then the rest by letter.
func worstFirst(shards []shardAnswer, v doctor.Verdict) {
	rank := func(sh shardAnswer) int {
		at := slices.IndexFunc(v.Affected, func(t doctor.ShardTrouble) bool { return t.Shard == sh.Letter })
		switch {
		case at >= 0:
			return at
		case sh.Primary == nil || sh.Primary.State != "ok":
			return len(v.Affected)
		}
		well := 0
		for _, r := range sh.Replicas {
			if r.State == "ok" {
				well++
			}
		}
		switch {
		case well == len(sh.Replicas):
			return len(v.Affected) + 3
		case well == 0:
			return len(v.Affected) + 1
		}
		return len(v.Affected) + 2
	}
	slices.SortStableFunc(shards, func(a, b shardAnswer) int { return cmp.Compare(rank(a), rank(b)) })
}
