package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

// RestartRequest asks for all nodes, or some, to be restarted one after the
// other.
type RestartRequest struct {
	Only []cluster.NodeID // empty: all
	// Since counts nodes as done that were started after it; zero: none is.
	Since     time.Time
	Failovers func(shard string) FailoverFacts // as for a spread
	Facts     Facts
}

// RestartAct is what a step does.
type RestartAct uint8

// The acts.
const (
	Restart  RestartAct = iota // the node is restarted, comes back, and syncs
	HandOver                   // a replica becomes primary, so that the primary can be restarted
)

var restartActs = [...]string{"restart", "hand over"}

// String is restart or hand over.
func (a RestartAct) String() string { return word(restartActs[:], int(a)) }

// MarshalText writes the word.
func (a RestartAct) MarshalText() ([]byte, error) { return marshalWord(restartActs[:], int(a)) }

// UnmarshalText reads the word.
func (a *RestartAct) UnmarshalText(text []byte) error {
	n, err := unmarshalWord(restartActs[:], text)
	*a = RestartAct(n)
	return err
}

// RestartStep is one step of a rolling restart.
type RestartStep struct {
	Act   RestartAct     `json:"act"`
	Shard string         `json:"shard"`
	Node  cluster.NodeID `json:"node"` // to be restarted, or to become primary
	Addr  string         `json:"addr"`
	From  string         `json:"from,omitempty"` // hand over: address of the primary
	Run   ServerRun      `json:"run"`            // of the node, before

	Failover FailoverPlan `json:"-"` // hand over, when it is the next step
}

// Text is the step in a line.
func (s RestartStep) Text() string {
	if s.Act == HandOver {
		return fmt.Sprintf("shard %s: %s takes over from %s", s.Shard, s.Addr, s.From)
	}
	return fmt.Sprintf("shard %s: restart %s (%s)", s.Shard, s.Addr, s.Run)
}

// ServerRun is one life of a server: it ends when the process does.
type ServerRun struct {
	ID      string        `json:"run_id"`  // the server's own, new with every start; clean
	Version string        `json:"version"` // "redis 7.0.15"
	Uptime  time.Duration `json:"uptime_ns"`
	Started time.Time     `json:"started"` // by the console's clock, to about a second; zero: not known
}

// String is "redis 7.0.15, up 3h0m0s".
func (r ServerRun) String() string {
	version := r.Version
	if version == "" {
		version = "version not known"
	}
	if r.Started.IsZero() {
		return version
	}
	return version + ", up " + r.Uptime.String()
}

// RunOf is the life that a node is in, by its last INFO.
func RunOf(n *cluster.Node) ServerRun {
	if !n.Info.Known() {
		return ServerRun{}
	}
	id, _ := n.Info.Value.Text("run_id")
	r := ServerRun{ID: clean(id), Version: clean(n.Stats.Flavor + " " + n.Stats.Version)}
	if n.Stats.Version == "" {
		r.Version = ""
	}
	if up, ok := n.Info.Value.Int("uptime_in_seconds"); ok && up >= 0 {
		r.Uptime = time.Duration(up) * time.Second
		r.Started = n.Info.At.Add(-r.Uptime)
	}
	return r
}

// Other reports whether a later look shows another life of the server: another
// run id, or, where none is told, an uptime that went back.
func (r ServerRun) Other(later ServerRun) bool {
	if r.ID != "" && later.ID != "" {
		return r.ID != later.ID
	}
	return !r.Started.IsZero() && !later.Started.IsZero() && later.Started.Sub(r.Started) > 2*time.Second
}

// RestartPlan is a rolling restart as it will go unless something happens in
// between: every step is decided anew on a fresh read.
type RestartPlan struct {
	Title   string        `json:"title"`
	Steps   []RestartStep `json:"steps"`
	Skipped []RestartStep `json:"skipped"` // nodes that were restarted already
	Checks  []Check       `json:"checks"`
	Risk    Risk          `json:"risk"`
	Why     string        `json:"why"`
}

// Nodes is how many nodes are restarted.
func (p RestartPlan) Nodes() int {
	n := 0
	for _, s := range p.Steps {
		if s.Act == Restart {
			n++
		}
	}
	return n
}

// PlanRestart lays a rolling restart out: shard by shard the replicas, then a
// restarted replica takes over, then the old primary as a replica. No node is
// restarted while it serves slots.
//
// The error is a *Refusal: the cluster is not fit, a primary has no replica that
// could take over, or there is nothing to do (NothingToMove).
func PlanRestart(s *cluster.Snapshot, r RestartRequest) (RestartPlan, error) {
	pic, err := look(s)
	if err != nil {
		return RestartPlan{Title: "restart the nodes"}, err
	}
	var c findings
	pic.fitness(r.Facts, &c)
	pic.restartable(&c)
	o := restartOrder{pic: pic, request: r}
	p := RestartPlan{Risk: Disruptive, Why: "one node at a time is away; clients of each shard wait a moment when its primary hands over; no acknowledged write is lost"}
	for i := range s.Shards {
		steps, skipped := o.shard(&s.Shards[i], &c)
		p.Steps, p.Skipped = append(p.Steps, steps...), append(p.Skipped, skipped...)
	}
	p.Title = "restart " + count(p.Nodes(), "node") + ", one after the other"
	p.Checks = c.checks
	if err := c.err(); err != nil {
		return p, err
	}
	if len(p.Steps) == 0 {
		return p, &Refusal{Reason: NothingToMove, Text: fmt.Sprintf("nothing to do: all %d nodes were restarted since %s", len(p.Skipped), r.Since.Format(time.RFC3339)), Checks: p.Checks}
	}
	return p, nil
}

// NextRestart is the next step on a picture read just now, done being the nodes
// that were restarted. ok is false when there is nothing left to do. The error
// is a *Refusal: at this moment nothing may be restarted.
func NextRestart(s *cluster.Snapshot, r RestartRequest, done map[cluster.NodeID]bool) (next RestartStep, left int, ok bool, err error) {
	pic, err := look(s)
	if err != nil {
		return next, 0, false, err
	}
	o := restartOrder{pic: pic, request: r, done: done}
	var at *cluster.Shard
	var c findings
	for i := range s.Shards {
		var mine findings
		steps, _ := o.shard(&s.Shards[i], &mine)
		left += len(steps)
		if at == nil && (len(steps) > 0 || mine.refusal != nil) {
			at, c = &s.Shards[i], mine
			if len(steps) > 0 {
				next = steps[0]
			}
		}
	}
	if at == nil {
		return next, 0, false, nil
	}
	pic.fitness(r.Facts, &c)
	pic.restartable(&c)
	if err := c.err(); err != nil {
		return next, left, true, err
	}
	if next.Act == HandOver {
		next.Failover, err = PlanFailover(s, next.Node, o.facts(at.Letter))
		if err != nil {
			return next, left, true, err
		}
		if why := next.Failover.Variant(Graceful).Disabled; why != "" && next.Failover.Wait == 0 {
			return next, left, true, &Refusal{Reason: NodeDown, Text: next.Addr + " cannot take over now: " + why, Nodes: []cluster.NodeID{next.Node}}
		}
	}
	return next, left, true, nil
}

// restartable looks at all primaries that serve.
func (p *picture) restartable(c *findings) {
	before := len(c.checks)
	for i := range p.primaries {
		if p.primaries[i].slots > 0 {
			p.standing(&p.primaries[i], c)
		}
	}
	if len(c.checks) == before {
		c.ok(fmt.Sprintf("all %d primaries answer, and see the cluster ok", len(Leaders(p.snap))))
	}
}

// restartOrder is the order within each shard.
type restartOrder struct {
	pic     *picture
	request RestartRequest
	done    map[cluster.NodeID]bool
}

func (o *restartOrder) facts(shard string) FailoverFacts {
	return SpreadRequest{Failovers: o.request.Failovers}.facts(shard)
}

// pending reports whether a node is still to be restarted; skipped, that it was
// before this began.
func (o *restartOrder) pending(n *cluster.Node) (pending, skipped bool) {
	if len(o.request.Only) > 0 && !slices.Contains(o.request.Only, n.ID) || o.done[n.ID] {
		return false, false
	}
	run := RunOf(n)
	if since := o.request.Since; !since.IsZero() && !run.Started.IsZero() && !run.Started.Add(-time.Second).Before(since) {
		return false, true
	}
	return true, false
}

// shard is what is to be done in one shard; c is told what is in the way.
func (o *restartOrder) shard(sh *cluster.Shard, c *findings) (steps, skipped []RestartStep) {
	step := func(n *cluster.Node) RestartStep {
		return RestartStep{Shard: clean(sh.Letter), Node: n.ID, Addr: address(n), Run: RunOf(n)}
	}
	primary := o.pic.nodes[sh.Primary]
	var members []*cluster.Node
	for _, id := range sh.Replicas {
		if n := o.pic.nodes[id]; n != nil {
			members = append(members, n)
		}
	}
	last := false // the primary is to be restarted
	for _, n := range append(slices.Clone(members), primary) {
		if n == nil {
			continue
		}
		pending, before := o.pending(n)
		switch {
		case before:
			skipped = append(skipped, step(n))
		case pending && n == primary:
			last = true
		case pending:
			steps = append(steps, step(n))
		}
	}
	if len(steps) == 0 && !last {
		return nil, skipped
	}
	o.inSync(members, c)
	if last && sh.SlotLen > 0 {
		if heir := o.heir(sh, members); heir != nil {
			over := step(heir)
			over.Act, over.From = HandOver, address(primary)
			steps = append(steps, over)
		} else {
			c.refuse(NoReceiver, fmt.Sprintf("the primary of shard %s, %s, has no replica that could take over while it restarts; give it one, or leave it out",
				clean(sh.Letter), address(primary)), []cluster.NodeID{sh.Primary}, keyslot.SetOf(sh.Slots...))
			return steps, skipped
		}
	}
	if last {
		steps = append(steps, step(primary))
	}
	if len(members) == 1 && sh.SlotLen > 0 {
		c.warn(fmt.Sprintf("shard %s has one replica: while a node of it restarts, nobody could take over from the other", clean(sh.Letter)))
	}
	return steps, skipped
}

// inSync refuses while a replica of the shard is away or behind: the next node
// to go could be the last with the data.
func (o *restartOrder) inSync(members []*cluster.Node, c *findings) {
	for _, n := range members {
		why := ""
		switch {
		case n.Health != cluster.Answering || !n.Info.Known():
			why = "does not answer; bring it back, or remove it from the cluster"
		case len(n.FailBy) > 0 || n.Member.Flags.Has(cluster.Fail):
			why = "is held for failed by others"
		case n.Stats.Loading:
			why = "is loading its data"
		case n.Stats.Syncing:
			why = "is copying all data from its primary"
		case !n.Stats.LinkUp:
			why = "is not linked to its primary"
		default:
			continue
		}
		c.refuse(NodeDown, o.pic.name(n.ID)+" "+why+"; no node of its shard is restarted before it is in sync", []cluster.NodeID{n.ID}, keyslot.Set{})
	}
}

// heir is the replica that takes over: one that is restarted by then, if there
// is one, and the least behind.
func (o *restartOrder) heir(sh *cluster.Shard, members []*cluster.Node) *cluster.Node {
	var fit []*cluster.Node
	for _, n := range members {
		if unpromotable(o.pic.snap, sh, n) == "" {
			fit = append(fit, n)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	old := func(n *cluster.Node) int {
		if len(o.request.Only) > 0 && !slices.Contains(o.request.Only, n.ID) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(fit, func(a, b *cluster.Node) int {
		return cmp.Or(cmp.Compare(old(a), old(b)), cmp.Compare(quorum.Behind(o.pic.snap, sh, a), quorum.Behind(o.pic.snap, sh, b)))
	})
	return fit[0]
}
