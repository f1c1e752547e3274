package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/ui"
	"slotdeck/views"
)

func newResume(w *World) *cobra.Command {
	var f moveFlags
	var finish, back, leave bool
	cmd := &cobra.Command{
		Use:     "resume HOST:PORT [--finish|--roll-back|--leave]",
		GroupID: "moves",
		Short:   "Settle slots that an interrupted move left open",
		Long: `Finds the slots that an interrupted move left open, whoever began it and on
whatever machine, tells how each stands, with the keys on both sides, and what
can be done about it: finish the move, roll it back, or leave it. Without one of
the three it asks, and without a terminal it only tells.

A slot that nobody owns, because its target was failed over just then, goes to
the only node that holds keys of it, or to the one that took the target's place,
once every node denies it; finish does that.

Once no slot is open it looks for keys on primaries that do not own their slots,
which clients cannot see (Redis 8.4 and newer do not show them): finish removes
them, and saves to a file what the owner does not have; roll back brings the
owner what it does not have.

Where this machine has the interrupted move's checkpoint, --roll-back then plans to
move back what had been given to its target by then, and shows that plan first.`,
		Example: `  slotdeck resume 10.0.0.11:7001
  slotdeck resume 10.0.0.11:7001 --finish --yes`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			way, chosen, err := oneWay(finish, back, leave)
			if err != nil {
				return err
			}
			m, snap, err := f.begin(cmd.Context(), w, args)
			if err != nil {
				return err
			}
			defer m.close()
			left, err := m.mover.Leftovers(cmd.Context(), snap)
			if err != nil && len(left.Open) == 0 {
				return refusal(err)
			}
			way, err = m.resume(cmd.Context(), left, way, chosen)
			if err == nil && way == plan.RollBack && !m.dryRun {
				left, err = m.moveBack(cmd.Context(), left)
			}
			return errors.Join(err, m.setBack(cmd.Context(), left, chosen && way == plan.Leave), m.showRest(left))
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&finish, "finish", false, "move the rest of their keys, then give the slots to their targets")
	flags.BoolVar(&back, "roll-back", false, "bring their keys back to the owners, then close the slots")
	flags.BoolVar(&leave, "leave", false, "only tell")
	flags.BoolVar(&f.yes, "yes", false, "do not ask; needed without a terminal")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the commands, and change nothing")
	f.howFlags(flags)
	f.out.register(flags)
	f.conn.register(flags)
	flags.SetNormalizeFunc(likeRedisCLI)
	return cmd
}

func oneWay(finish, back, leave bool) (way plan.Way, chosen bool, err error) {
	n := 0
	for w, on := range map[plan.Way]bool{plan.Finish: finish, plan.RollBack: back, plan.Leave: leave} {
		if on {
			way = w
			n++
		}
	}
	if n > 1 {
		return way, false, usage("--finish, --roll-back and --leave exclude each other")
	}
	return way, n == 1, nil
}

// recoveryAnswer is an open slot for programs.
type recoveryAnswer struct {
	Slot      int         `json:"slot"`
	Owner     string      `json:"owner"`
	To        string      `json:"to,omitempty"`
	Holder    string      `json:"holder,omitempty"` // has keys of it though it is not open
	Unowned   bool        `json:"unowned,omitempty"`
	Text      string      `json:"text"`
	Suggested string      `json:"suggested"`
	Ways      []wayAnswer `json:"ways"`
}

type wayAnswer struct {
	Way      string   `json:"way"`
	Possible bool     `json:"possible"`
	Text     string   `json:"text"`
	Risk     string   `json:"risk"`
	Commands []string `json:"commands,omitempty"`
}

// resume tells what is open, asks which way, goes it, and tells which one it was.
func (m *moving) resume(ctx context.Context, left views.Leftovers, way plan.Way, chosen bool) (plan.Way, error) {
	list := left.Open
	if err := m.showOpen(left); err != nil || len(list) == 0 {
		return way, err
	}
	if m.dryRun {
		return way, nil
	}
	if !chosen {
		answer, err := m.ask(ctx, "finish, roll back or leave? ")
		if err != nil {
			return way, err
		}
		switch answer {
		case "finish", "f":
			way = plan.Finish
		case "roll back", "roll-back", "r":
			way = plan.RollBack
		default:
			way = plan.Leave
		}
	}
	if way == plan.Leave {
		return way, nil
	}
	var set keyslot.Set
	for _, r := range list {
		if o := r.Option(way); o.Possible {
			set.Add(r.Slot)
		} else {
			m.w.Warn(fmt.Sprintf("slot %d stays as it is: %s", r.Slot, ui.Clean(o.Text)))
		}
	}
	if set.Empty() {
		return way, failure(No, "no slot can be settled this way; the sentences above say why")
	}
	if chosen {
		if err := m.confirm(ctx, fmt.Sprintf("%s %d slots (%s), yes or no? ", way, set.Len(), set)); err != nil {
			return way, err
		}
	}
	return way, m.follow(ctx, func() (views.MoveJob, error) { return m.mover.Recover(ctx, set, way, m.options) })
}

// moveBack offers, once nothing is open, to move back what the interrupted plan had
// moved, where this machine remembers it.
func (m *moving) moveBack(ctx context.Context, left views.Leftovers) (views.Leftovers, error) {
	if len(left.Given) == 0 {
		return left, nil
	}
	snap, err := m.closedAll(ctx)
	if err != nil {
		return left, err
	}
	if left, err = m.mover.Leftovers(ctx, snap); err != nil || len(left.Given) == 0 || len(left.Open) > 0 {
		return left, err
	}
	p, err := m.work(ctx, left.Given, snap)
	if err != nil {
		return left, err
	}
	if err := m.carryOut(ctx, p); err != nil {
		return left, err
	}
	return m.mover.Leftovers(ctx, m.watch.Latest())
}

// closedAll waits for a picture that shows no open slot: the newest may be of
// before they were settled.
func (m *moving) closedAll(ctx context.Context) (*cluster.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		m.watch.Refresh()
		s, err := m.settled(ctx)
		if err != nil || len(s.Moves) == 0 || ctx.Err() != nil {
			return s, err
		}
	}
}

// setBack offers to set node timeouts back that an interrupted move raised. A
// recovery of open slots has done so already.
func (m *moving) setBack(ctx context.Context, left views.Leftovers, leave bool) error {
	if len(left.Raised) == 0 {
		return nil
	}
	now, err := m.mover.Leftovers(ctx, m.watch.Latest())
	if err != nil || len(now.Raised) == 0 {
		return err
	}
	for _, r := range now.Raised {
		is := "it does not tell what it is now"
		if r.Is > 0 {
			is = fmt.Sprintf("it is %v", r.Is)
		}
		m.w.Warn(fmt.Sprintf("an interrupted move raised the node timeout of %s, which was %v (%s): CONFIG SET cluster-node-timeout %d sets it back", m.name(r.Node), r.Was, is, r.Was.Milliseconds()))
	}
	switch {
	case leave || m.dryRun:
		return nil
	case !m.yes && !m.interactive():
		m.w.Warn("say --yes to have this done")
		return nil
	}
	if err := m.confirm(ctx, fmt.Sprintf("set the node timeout of %d nodes back, yes or no? ", len(now.Raised))); err != nil {
		return err
	}
	if err := m.mover.SetBack(ctx); err != nil {
		return failure(No, "%w", err)
	}
	m.w.Warn("the node timeouts are set back")
	return nil
}

// showRest tells what else an interrupted move left: migrations that the servers
// run by themselves, and what the last plan from this machine has yet to move.
func (m *moving) showRest(left views.Leftovers) error {
	if m.out == asJSON {
		return nil
	}
	for _, r := range left.Running {
		fmt.Fprintf(m.w.Out, "the servers are moving %d slots (%s) by themselves, begun elsewhere: %s (%s)\n", r.Slots.Len(), r.Slots, ui.Clean(r.State), ui.Clean(r.Name))
	}
	for _, r := range left.Rest {
		fmt.Fprintf(m.w.Out, "the plan %q has yet to move %d slots: slotdeck reshard %s --to %s --slot-ranges %s\n", ui.Clean(left.Plan), r.Slots.Len(), m.seed, ui.Clean(r.To.Short()), r.Slots)
	}
	for _, r := range left.Given {
		fmt.Fprintf(m.w.Out, "the plan %q has moved %d slots (%s), which slotdeck resume %s --roll-back plans to move back to %s\n", ui.Clean(left.Plan), r.Slots.Len(), r.Slots, m.seed, m.name(r.To))
	}
	return nil
}

func (m *moving) showOpen(left views.Leftovers) error {
	list := left.Open
	if m.out == asJSON {
		answers := make([]recoveryAnswer, len(list))
		for i, r := range list {
			answers[i] = answerRecovery(r)
		}
		return writeJSON(m.w.Out, answers)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(m.w.Out, "[OK] No slot is open, and no primary holds keys of slots that it does not own; there is nothing to resume.")
		return err
	}
	for _, g := range left.Groups() {
		m.showGroup(&g)
	}
	return nil
}

// showGroup tells of open slots that can be settled together: how they stand,
// and what each way leads to.
func (m *moving) showGroup(g *views.OpenGroup) {
	say := func(format string, args ...any) { fmt.Fprintln(m.w.Out, clean(fmt.Sprintf(format, args...))) }
	set, first := g.Slots(), g.First()
	say("%s", g.Text(m.name))
	if set.Len() > 1 {
		say("  %s: %s; the sentences below are about slot %d, the others stand alike", g.Many(), set, first.Slot)
	}
	for _, o := range first.Options {
		mark := " "
		if o.Way == first.Suggested {
			mark = "*"
		}
		say("  %s %-9s  %s", mark, o.Way, o.Text)
	}
	if !m.dryRun {
		return
	}
	for _, r := range g.Open {
		for _, o := range r.Options {
			for _, c := range o.Commands {
				say("  slot %d, %s: %s  %s", r.Slot, o.Way, c.Addr, c.Text())
			}
		}
	}
}

// name is how sentences call a node.
func (m *moving) name(id cluster.NodeID) string {
	s := m.watch.Latest()
	n, ok := s.Node(id)
	if !ok {
		return id.Short()
	}
	return n.Member.Endpoint.Addr()
}

func answerRecovery(r plan.Recovery) recoveryAnswer {
	a := recoveryAnswer{Slot: int(r.Slot), Owner: string(r.Owner), To: string(r.To), Holder: string(r.Holder), Unowned: r.Unowned, Text: r.Text, Suggested: r.Suggested.String()}
	for _, o := range r.Options {
		w := wayAnswer{Way: o.Way.String(), Possible: o.Possible, Text: o.Text, Risk: o.Risk.String()}
		for _, c := range o.Commands {
			w.Commands = append(w.Commands, c.Addr+" "+c.Text())
		}
		a.Ways = append(a.Ways, w)
	}
	return a
}
