package views

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// memberForm is a change of who belongs to the cluster as it is being put
// together: what was asked for, what was read for it, the plan that it comes to.
type memberForm struct {
	typedForm
	desk *memberDesk
	kind plan.MemberKind
	node cluster.NodeID
	snap *cluster.Snapshot // where the cluster can be reached; nil for a new one

	servers        textField
	role, how      choiceField
	replicas       numberField
	under          followField
	setting, value textField
	repair         repairFields

	asking  string // what is being read
	readOf  string // what was read last
	ground  plan.MemberGround
	failed  error // why it could not be read
	plan    plan.MemberPlan
	refused error
}

// The choices of a form.
const (
	asPrimary = iota
	asReplica
)

const (
	resetSoft = iota
	resetHard
	onlyForget
)

// newMemberForm fills a form in with what is most likely wanted.
func newMemberForm(d *memberDesk, msg memberWanted, s *cluster.Snapshot) *memberForm {
	f := &memberForm{desk: d, kind: msg.kind, node: msg.about, snap: s}
	f.servers = textField{label: "server", empty: "HOST:PORT (enter to type)", value: msg.text}
	f.role = choiceField{label: "as", words: []string{"primary", "replica"}}
	f.how = choiceField{label: "reset", words: []string{"soft, it keeps its id", "hard, it takes a new id"}}
	f.replicas = numberField{label: "replicas", most: 100, none: "none", value: 1, unit: " each"}
	f.under = followField{label: "of", anyone: "whoever needs one most"}
	f.setting = textField{label: "setting", empty: "NAME (enter to type)", value: plan.NodeTimeout}
	f.value = textField{label: "value", empty: "enter to type"}
	if s != nil {
		f.under.shards = shardChoices(s)
	}
	f.arrange(msg)
	f.after = f.changed
	f.p = &Proposal{Body: f.body, Keys: memberActions(f), Run: func() tea.Cmd { return d.start(f) }}
	f.rework()
	if t := f.firstEmpty(); t != nil {
		f.ask(t)
	}
	return f
}

// arrange lists the parameters that the kind of change has.
func (f *memberForm) arrange(msg memberWanted) {
	switch f.kind {
	case plan.MemberCreate:
		f.servers.label, f.servers.empty = "servers", "HOST:PORT HOST:PORT … (enter to type)"
		if f.servers.value == "" {
			f.servers.value = strings.Join(f.desk.seeds, " ")
		}
		if n := len(f.servers.words()); n > 0 && n < 6 {
			f.replicas.value = 0
		}
		f.fields = []moveField{&f.servers, &f.replicas}
	case plan.MemberAdd:
		if f.lonePrimary() {
			f.role.at = asReplica
		}
	case plan.MemberRemove, plan.MemberForgotten:
		f.how.label, f.how.words = "afterwards", append(f.how.words, "leave it as it is")
		if f.kind == plan.MemberForgotten {
			f.how.at = onlyForget
		}
		f.fields = []moveField{&f.how}
	case plan.MemberReplace:
		f.servers.label, f.under.label, f.under.anyone = "new server", "replica of", "the one it stood with"
		f.fields = []moveField{&f.servers, &f.under}
	case plan.MemberReplicate:
		f.under.label, f.under.anyone = "follows", ""
		f.aimElsewhere()
		f.fields = []moveField{&f.under}
	case plan.MemberReset:
		f.servers.label = "servers"
		if n, ok := f.snap.Node(f.node); ok && f.servers.value == "" {
			f.servers.value = n.Dialled
		}
		f.fields = []moveField{&f.servers, &f.how}
	case plan.MemberAddresses:
		f.servers.label, f.servers.empty = "nodes", "HOST:PORT HOST:PORT … where they are now (enter to type)"
		if f.servers.value == "" {
			f.servers.value = strings.Join(f.known(), " ")
		}
		f.fields = []moveField{&f.servers}
	case plan.MemberRepair:
		f.repair = newRepairFields()
		f.fields = f.repair.list()
	case plan.MemberSet:
		if name, value, _ := strings.Cut(strings.TrimSpace(msg.text), " "); name != "" {
			f.setting.value, f.value.value = name, strings.TrimSpace(value)
		}
		f.fields = []moveField{&f.setting, &f.value}
	}
}

// known are the nodes that answer, and the addresses that were given.
func (f *memberForm) known() (addrs []string) {
	reached := map[string]bool{}
	if f.snap != nil {
		for i := range f.snap.Nodes {
			if n := &f.snap.Nodes[i]; n.Health == cluster.Answering {
				addrs = append(addrs, n.Dialled)
				reached[n.Dialled] = true
			}
		}
	}
	for _, seed := range f.desk.seeds {
		if !reached[seed] {
			addrs = append(addrs, seed)
		}
	}
	return addrs
}

// lonePrimary reports whether some primary with slots has no replica.
func (f *memberForm) lonePrimary() bool {
	for i := range f.snap.Shards {
		if sh := &f.snap.Shards[i]; sh.SlotLen > 0 && len(sh.Replicas) == 0 {
			return true
		}
	}
	return false
}

// aimElsewhere chooses the first primary that the node does not follow yet.
func (f *memberForm) aimElsewhere() {
	n, ok := f.snap.Node(f.node)
	for i, c := range f.under.shards {
		if ok && c.id != n.ID && c.id != n.Member.Primary {
			f.under.at = i
			return
		}
	}
}

// wish is what the fields ask for.
func (f *memberForm) wish() plan.MemberWish {
	w := plan.MemberWish{Kind: f.kind, Node: f.node, Zones: f.desk.zones}
	switch f.kind {
	case plan.MemberCreate:
		w.Servers, w.Replicas = f.servers.words(), f.replicas.value
	case plan.MemberAdd:
		w.Servers, w.Replica = f.servers.words(), f.role.at == asReplica
		if w.Replica {
			w.Under = f.under.id()
		}
	case plan.MemberRemove, plan.MemberForgotten:
		w.Kind, w.Hard = plan.MemberRemove, f.how.at == resetHard
		if f.how.at == onlyForget {
			w.Kind = plan.MemberForgotten
		}
	case plan.MemberReplace:
		w.Servers, w.Under = f.servers.words(), f.under.id()
	case plan.MemberReplicate:
		w.Under = f.under.id()
	case plan.MemberAddresses:
		w.Servers = f.servers.words()
	case plan.MemberReset:
		w.Servers, w.Hard = f.servers.words(), f.how.at == resetHard
	case plan.MemberRepair:
		w.Repair = f.repair.wish()
	case plan.MemberSet:
		w.Setting, w.Value = f.setting.value, f.value.value
	}
	return w
}

// needs names what has to be read for a wish; changes of other fields only
// change the plan.
func needs(w plan.MemberWish) string {
	return strings.Join(append([]string{w.Kind.String(), w.Setting}, w.Servers...), "\n")
}

// lacking is what has to be typed yet, or typed otherwise; empty when the
// servers can be read.
func (f *memberForm) lacking() string {
	w := f.wish()
	if what := f.lacks(); what != "" {
		return what
	}
	for _, addr := range w.Servers {
		if _, _, err := cluster.ParseAddr(addr); err != nil {
			return fmt.Sprintf("%q is no address; say HOST:PORT", ui.Clean(addr))
		}
	}
	if (w.Kind == plan.MemberAdd || w.Kind == plan.MemberReplace) && len(w.Servers) > 1 {
		return "one server at a time"
	}
	return ""
}

// read asks for what the wish wants to know, unless that is known or on its way.
func (f *memberForm) read() tea.Cmd {
	w := f.wish()
	of := needs(w)
	if f.lacking() != "" || f.readOf == of || f.asking == of {
		return nil
	}
	f.asking = of
	f.show()
	source, snap := f.desk.source, f.snap
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), groundPatience)
		defer cancel()
		g, err := source.Ground(ctx, w, snap)
		return groundArrived{f, of, g, err}
	}
}

// anew reads everything again.
func (f *memberForm) anew() tea.Cmd {
	f.readOf, f.asking = "", ""
	return f.changed()
}

// changed follows a change of a field.
func (f *memberForm) changed() tea.Cmd {
	f.rework()
	return f.read()
}

// take takes what was read, unless something else is asked for by now.
func (f *memberForm) take(msg groundArrived) {
	if msg.of != f.asking {
		return
	}
	f.asking, f.readOf, f.ground, f.failed = "", msg.of, msg.ground, msg.err
	f.rework()
}

// rework makes the plan of what is asked for now.
func (f *memberForm) rework() {
	f.plan, f.refused = plan.MemberPlan{}, nil
	if f.kind == plan.MemberAdd { // whom a primary would follow is no question
		f.fields = []moveField{&f.servers, &f.role}
		if f.role.at == asReplica {
			f.fields = append(f.fields, &f.under)
		}
		f.at = min(f.at, len(f.fields)-1)
	}
	w := f.wish()
	switch why := f.lacking(); {
	case why != "":
		f.refused = errors.New(why)
	case f.readOf != needs(w):
		f.refused = errors.New("it is being read; a moment")
	case f.failed != nil:
		f.refused = f.failed
	default:
		f.plan, f.refused = w.Plan(f.ground)
	}
	f.show()
}

// ready reports whether there is a plan.
func (f *memberForm) ready() bool { return f.refused == nil }

// show brings the page up to date with the form.
func (f *memberForm) show() {
	p := f.p
	p.Title, p.Risk, p.Why, p.Name, p.Refused, p.Commands = f.title(), plan.Safe, "nothing would be sent", "", "", nil
	if !f.ready() {
		p.Refused = f.refused.Error()
		return
	}
	p.Title, p.Risk, p.Why = f.plan.Title, f.plan.Risk, f.plan.Why
	if p.Risk == plan.Lossy {
		p.Name = f.plan.Type
	}
	p.Commands = func() string { return strings.Join(memberCommandText(f.plan), "\n") + "\n" }
}

// title is what is asked for, while no plan comes of it.
func (f *memberForm) title() string {
	name := ""
	if f.snap != nil {
		if n, ok := f.snap.Node(f.node); ok {
			name = " " + addressOf(n)
		}
	}
	switch f.kind {
	case plan.MemberCreate:
		return "create a cluster"
	case plan.MemberAdd:
		return "add a node"
	case plan.MemberRemove, plan.MemberForgotten:
		return "remove" + name
	case plan.MemberReplace:
		return "replace" + name
	case plan.MemberReplicate:
		return "let" + name + " follow another primary"
	case plan.MemberReset:
		return "reset a server"
	case plan.MemberAddresses:
		return "let nodes meet where they are now"
	case plan.MemberRepair:
		return "repair slots"
	}
	return "a setting on all nodes"
}

// toDrain are the slots that a node has to give away before it can leave; empty
// when that is not what is in the way.
func (f *memberForm) toDrain() keyslot.Set {
	reason, _ := plan.ReasonOf(f.refused)
	if f.kind != plan.MemberRemove || reason != plan.InUse || f.snap == nil {
		return keyslot.Set{}
	}
	n, ok := f.snap.Node(f.node)
	if !ok || n.Health != cluster.Answering {
		return keyslot.Set{}
	}
	return keyslot.SetOf(n.Member.Slots...)
}

// memberCommandText is a plan's commands as lines for a runbook.
func memberCommandText(p plan.MemberPlan) []string {
	out := []string{"# " + p.Title}
	for i, s := range p.Steps {
		out = append(out, fmt.Sprintf("# %d. %s", i+1, s.Title))
		for _, c := range s.Commands {
			out = append(out, c.Addr+"  "+c.Text())
		}
	}
	return out
}
