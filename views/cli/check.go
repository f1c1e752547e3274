package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	engine "slotdeck/cluster/run"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

type checkFlags struct {
	conn   connection
	out    format
	rules  []string
	owners bool
}

func newCheck(w *World) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:     "check [HOST:PORT …]",
		GroupID: "cluster",
		Short:   "Is the cluster fit? What is wrong, who says so, and where",
		Long: `Examines a cluster once, as the server's own tool does, and says more: which
nodes disagree about which slots, both sides of every open slot, and everything
else that was found. It repairs nothing and sends nothing but reads.

The exit code is 0 only when the cluster is fit: every slot is served, all nodes
agree, no slot is open, and nothing urgent was found. The lines that scripts look
for ("[OK] All 16384 slots covered.") are those of --cluster check of the servers'
own tool, word for word. What was muted in the console on this machine is told as
such, and does not count.`,
		Example: `  slotdeck check 10.0.0.11:7001
  slotdeck check 10.0.0.11:7001 --rule slots-open --rule keys-stray -o json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	flags.SetNormalizeFunc(memberNames)
	flags.StringArrayVar(&f.rules, "rule", nil, "only findings of the rule of this `id`; may be repeated")
	flags.BoolVar(&f.owners, "search-multiple-owners", false, "say also whether any slot has several owners; they are always looked for")
	f.out.register(flags)
	f.conn.register(flags)
	return cmd
}

// checkAnswer is an examination as programs get it.
type checkAnswer struct {
	Fit        bool             `json:"fit"`
	Status     string           `json:"status"`
	Verdict    string           `json:"verdict"`
	Primaries  []primaryAnswer  `json:"primaries"`
	Keys       int64            `json:"keys"` // of the primaries that answer
	Covered    int              `json:"slots_covered"`
	Agree      bool             `json:"nodes_agree"`
	Asked      int              `json:"nodes_asked"`
	Disputes   []disputeAnswer  `json:"disputes"`
	Open       []openSlotAnswer `json:"open_slots"`
	Findings   []findingAnswer  `json:"findings"`
	Muted      []mutedAnswer    `json:"muted,omitempty"` // in the console, on this machine
	NodesKnown int              `json:"nodes_known"`
	At         time.Time        `json:"at"`

	searched bool // the words about several owners are asked for
	tool     toolView
}

type primaryAnswer struct {
	ID       cluster.NodeID `json:"id"`
	Addr     string         `json:"addr"`
	Keys     int64          `json:"keys"` // -1: not known
	Slots    int            `json:"slots"`
	Replicas int            `json:"replicas"`
}

type mutedAnswer struct {
	findingAnswer
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

type disputeAnswer struct {
	Slots  string        `json:"slots"`
	Claims []claimAnswer `json:"claims"` // the most backed first
}

type claimAnswer struct {
	Owner string   `json:"owner"` // address; empty: says that nobody owns them
	Epoch uint64   `json:"epoch"`
	By    []string `json:"by"`
}

type openSlotAnswer struct {
	Slot keyslot.Slot `json:"slot"`
	From string       `json:"from"` // empty: nobody shows it as migrating
	To   string       `json:"to"`   // empty: nobody shows it as importing
}

func (f *checkFlags) run(ctx context.Context, w *World, args []string) error {
	if err := f.known(); err != nil {
		return err
	}
	t, err := f.conn.resolve(ctx, w, args)
	if err != nil {
		return err
	}
	by, err := t.standards()
	if err != nil {
		return err
	}
	snap, err := examined(ctx, t)
	if err != nil {
		return err
	}
	answer := answerCheck(snap, f.rules, by, muteFile{engine.StateDirOf(w.Env)}.Load(snap))
	answer.searched = f.owners
	if f.out == asJSON {
		err = writeJSON(w.Out, answer)
	} else {
		err = printCheck(w, answer, t.Seeds[0])
	}
	if err == nil && !answer.Fit {
		return &Failure{No, errTold}
	}
	return err
}

// known refuses rules that there are not.
func (f *checkFlags) known() error {
	var ids []string
	for _, r := range doctor.Rules() {
		ids = append(ids, r.ID)
	}
	for _, id := range f.rules {
		if !slices.Contains(ids, id) {
			near := ""
			if n := nearest(id, ids); n != "" {
				near = fmt.Sprintf(", did you mean %q?", n)
			}
			return usage("--rule: there is no rule %q%s docs/health.md tells them all", id, cmp.Or(near, ";"))
		}
	}
	return nil
}

// examined is a picture in which every node that answers was looked through.
func examined(ctx context.Context, t target) (*cluster.Snapshot, error) {
	watching := watchWell(ctx, t, true)
	defer watching.stop()
	return pictureWith(ctx, watching, func(s *cluster.Snapshot) bool { return allConfigured(s) && allCheckedUp(s) })
}

// allCheckedUp reports whether every node that answers had its checkup.
func allCheckedUp(s *cluster.Snapshot) bool {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health == cluster.Answering && (n.Checkup.Tried.IsZero() || n.Member.Flags.Has(cluster.Primary) && n.Strays.Tried.IsZero()) {
			return false
		}
	}
	return true
}

// answerCheck examines a picture. The rules choose which findings are told; what
// makes a cluster unfit does not depend on them. A finding that is muted is told
// as such, and does not make the cluster unfit; slots that are not served, open or
// in dispute always do.
func answerCheck(s *cluster.Snapshot, rules []string, by doctor.Standards, mutes []doctor.Mute) checkAnswer {
	v := doctor.Judge(s)
	agreement := s.Agreement()
	a := checkAnswer{
		Status: v.Status.String(), Verdict: ui.Clean(v.Sentence), Covered: v.Served,
		Agree: agreement.Full() && len(s.Disputes) == 0, Asked: agreement.Asked, NodesKnown: len(s.Nodes),
		Primaries: answerPrimaries(s), Disputes: []disputeAnswer{}, Open: []openSlotAnswer{}, Findings: []findingAnswer{}, At: s.At,
		tool: toolViewOf(s),
	}
	for _, p := range a.Primaries {
		a.Keys += max(0, p.Keys)
	}
	for _, d := range s.Disputes {
		out := disputeAnswer{Slots: d.Range.String()}
		for _, c := range d.Says {
			out.Claims = append(out.Claims, claimAnswer{addressByID(s, c.Owner), c.Epoch, addressesOf(s, c.By)})
		}
		a.Disputes = append(a.Disputes, out)
	}
	for _, m := range s.Moves {
		a.Open = append(a.Open, openSlotAnswer{m.Slot, addressByID(s, m.From), addressByID(s, m.To)})
	}
	urgent := false
	told, muted := doctor.Sift(by.Findings(s), mutes, s.At)
	for _, f := range muted {
		if len(rules) == 0 || slices.Contains(rules, f.ID) {
			a.Muted = append(a.Muted, answerMuted(f))
		}
	}
	for _, f := range told {
		urgent = urgent || f.Severity == doctor.Urgent
		if len(rules) == 0 || slices.Contains(rules, f.ID) {
			a.Findings = append(a.Findings, answerFinding(f))
		}
	}
	a.Fit = v.Status == doctor.OK && a.Covered == allSlots && a.Agree && len(a.Open) == 0 && !urgent
	return a
}
