package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// SpreadRequest asks for an even spread of the primaries.
type SpreadRequest struct {
	Zones cluster.Zones
	// Failovers gives what a failover plan for a shard wants to know beyond the
	// snapshot; nil: nothing is known.
	Failovers func(shard string) FailoverFacts
	Facts     Facts // who else moves slots
}

func (r SpreadRequest) facts(shard string) FailoverFacts {
	if r.Failovers == nil {
		return FailoverFacts{}
	}
	return r.Failovers(shard)
}

// SpreadPlan is the failovers that even out the primaries over hosts or zones.
type SpreadPlan struct {
	Title  string       `json:"title"`
	By     string       `json:"by"` // host or zone
	Steps  []SpreadStep `json:"steps"`
	Zones  []SpreadZone `json:"zones"`  // by name
	Cannot []string     `json:"cannot"` // what failovers alone cannot do, sentences
	Checks []Check      `json:"checks"`
	Risk   Risk         `json:"risk"`
	Why    string       `json:"why"` // a sentence on the risk

	Leaders []cluster.NodeID `json:"-"` // the primaries with slots that it was made for
}

// SpreadStep is one graceful failover.
type SpreadStep struct {
	Shard   string         `json:"shard"`
	Primary cluster.NodeID `json:"primary"`
	Replica cluster.NodeID `json:"replica"`
	From    string         `json:"from"` // address of the primary
	Addr    string         `json:"addr"` // of the replica
	Out     string         `json:"from_zone"`
	In      string         `json:"to_zone"`
	Slots   int            `json:"slots"`
	Behind  Amount         `json:"behind"`
	Plan    FailoverPlan   `json:"-"`
}

// Text is the step in a line.
func (s SpreadStep) Text() string {
	return fmt.Sprintf("shard %s: %s (%s) -> %s (%s), %s, %s behind", s.Shard, s.From, clean(s.Out), s.Addr, clean(s.In), count(s.Slots, "slot"), s.Behind.bytes())
}

// SpreadZone is a zone before the plan and after it.
type SpreadZone struct {
	Zone   string `json:"zone"`
	Before Loss   `json:"before"`
	After  Loss   `json:"after"`
}

// nearEnough is how many bytes a replica may be behind to be chosen: a primary
// hands them over while it holds its writes back.
const nearEnough = 16 << 20

// PlanSpread finds the fewest graceful failovers after which no zone has more
// primaries than the places of the replicas make necessary. Replicas that are
// not linked, or far behind, are not chosen.
//
// The error is a *Refusal: the cluster is not fit for it, or nothing can be
// gained (NothingToMove). The plan then still tells of the zones and of what
// failovers cannot do.
func PlanSpread(s *cluster.Snapshot, r SpreadRequest) (SpreadPlan, error) {
	pic, err := look(s)
	if err != nil {
		return SpreadPlan{By: r.Zones.Word()}, err
	}
	f := spreadFace{pic: pic, request: r, unfit: map[cluster.NodeID]string{}}
	f.choose()
	p := f.plan()
	var checks findings
	pic.fitness(r.Facts, &checks)
	f.check(&checks)
	p.Checks = checks.checks
	if err := checks.err(); err != nil {
		return p, err
	}
	if len(p.Steps) == 0 {
		return p, &Refusal{Reason: NothingToMove, Text: p.settled(), Checks: p.Checks}
	}
	return p, nil
}

// spreadFace is what the planner works on.
type spreadFace struct {
	pic     *picture
	request SpreadRequest
	shards  []spreadShard
	zones   []string
	index   map[string]int
	unfit   map[cluster.NodeID]string // replicas that are not chosen, and why
	chosen  []int                     // zone of each shard's primary
	hoped   []int                     // the same if all replicas were fit
}

// spreadShard is a shard with slots and those who could lead it.
type spreadShard struct {
	at      int // in the snapshot
	shard   *cluster.Shard
	primary *cluster.Node
	zones   berth                  // of the primary, then of the fit replicas
	all     berth                  // of the primary, then of all replicas
	by      map[int]cluster.NodeID // best fit replica in a zone
	step    map[int]FailoverPlan
}

// choose solves the puzzle, again and again while a failover that it wants
// turns out to be impossible.
func (f *spreadFace) choose() {
	for {
		f.gather()
		zones, all := make([]berth, len(f.shards)), make([]berth, len(f.shards))
		for i := range f.shards {
			zones[i], all[i] = f.shards[i].zones, f.shards[i].all
		}
		f.chosen, f.hoped = assign(zones, len(f.zones)), assign(all, len(f.zones))
		if f.feasible() {
			return
		}
	}
}

// feasible makes the failover plans that are wanted; false when one cannot work,
// and its replica is now held for unfit.
func (f *spreadFace) feasible() bool {
	good := true
	for i := range f.shards {
		sh := &f.shards[i]
		zone := f.chosen[i]
		if zone == sh.zones[0] {
			continue
		}
		id := sh.by[zone]
		p, err := PlanFailover(f.pic.snap, id, f.request.facts(sh.shard.Letter))
		switch {
		case err != nil:
			f.unfit[id], good = err.Error(), false
		case p.Variant(Graceful).Disabled != "" && p.Wait == 0:
			f.unfit[id], good = p.Variant(Graceful).Disabled, false
		default:
			sh.step[zone] = p
		}
	}
	return good
}

// gather finds who could lead each shard.
func (f *spreadFace) gather() {
	f.shards, f.zones, f.index = nil, nil, map[string]int{}
	s := f.pic.snap
	for i := range s.Nodes {
		f.zone(&s.Nodes[i])
	}
	for i := range s.Shards {
		shard := &s.Shards[i]
		primary := f.pic.nodes[shard.Primary]
		if shard.SlotLen == 0 || primary == nil {
			continue
		}
		home := f.zone(primary)
		sh := spreadShard{at: i, shard: shard, primary: primary, zones: berth{home}, all: berth{home}, by: map[int]cluster.NodeID{}, step: map[int]FailoverPlan{}}
		behind := map[int]int64{}
		for _, id := range shard.Replicas {
			n := f.pic.nodes[id]
			if n == nil {
				continue
			}
			zone := f.zone(n)
			sh.all = append(sh.all, zone)
			if f.unfit[id] == "" {
				f.unfit[id] = unpromotable(s, shard, n)
			}
			lag := quorum.Behind(s, shard, n)
			if _, taken := sh.by[zone]; f.unfit[id] == "" && (!taken || lag < behind[zone]) {
				if !taken {
					sh.zones = append(sh.zones, zone)
				}
				sh.by[zone], behind[zone] = id, lag
			}
		}
		f.shards = append(f.shards, sh)
	}
}

func (f *spreadFace) zone(n *cluster.Node) int {
	name := zoneOf(f.request.Zones, n)
	at, known := f.index[name]
	if !known {
		at = len(f.zones)
		f.index[name] = at
		f.zones = append(f.zones, name)
	}
	return at
}

// unpromotable says why a replica is not to be made primary without need;
// empty when it may.
func unpromotable(s *cluster.Snapshot, shard *cluster.Shard, n *cluster.Node) string {
	lag := quorum.Behind(s, shard, n)
	switch {
	case n.Health != cluster.Answering || !n.Info.Known():
		return "it does not answer"
	case len(n.FailBy)+len(n.PFailBy) > 0 || n.Member.Flags&(cluster.Fail|cluster.PFail) != 0:
		return "others hold it for failed, or suspect it"
	case n.Stats.Loading || n.Stats.Syncing:
		return "it does not have all data yet"
	case !n.Stats.LinkUp:
		return "it is not linked to its primary"
	case n.Member.Flags.Has(cluster.NoFailover) || quorum.SettingsOf(n).NoFailover == quorum.Yes:
		return "it has cluster-replica-no-failover set"
	case lag < 0:
		return "how far behind it is is not known"
	case lag > nearEnough:
		return "it is " + byteText(lag) + " behind"
	}
	return ""
}

// check looks at the primaries that vote, and at what else should be known.
func (f *spreadFace) check(c *findings) {
	before := len(c.checks)
	for i := range f.shards {
		if at, ok := f.pic.index[f.shards[i].primary.ID]; ok {
			f.pic.standing(&f.pic.primaries[at], c)
		}
	}
	if len(c.checks) == before {
		c.ok(fmt.Sprintf("all %d primaries answer, and see the cluster ok", len(f.shards)))
	}
	unfit := 0
	for i := range f.shards {
		for _, id := range f.shards[i].shard.Replicas {
			if why := f.unfit[id]; why != "" {
				if unfit++; unfit <= 4 {
					c.warn(f.pic.name(id) + " is not chosen: " + why)
				}
			}
		}
	}
	if unfit > 4 {
		c.warn(fmt.Sprintf("%d more replicas are not chosen", unfit-4))
	}
	var strangers []string
	for _, r := range f.request.Zones.Unused(f.pic.snap) {
		strangers = append(strangers, quote(r.Of))
	}
	if len(strangers) > 0 {
		c.warn("the map of zones names what no node is called: " + some(strangers))
	}
	if slices.Contains(f.zones, noZone) {
		c.warn("where some nodes live is not known; they count as one " + f.request.Zones.Word())
	}
}

// plan writes the answer down.
func (f *spreadFace) plan() SpreadPlan {
	p := SpreadPlan{By: f.request.Zones.Word(), Steps: f.steps(), Cannot: f.cannot(), Leaders: Leaders(f.pic.snap),
		Risk: Safe, Why: "nothing would be sent"}
	if n := len(p.Steps); n > 0 {
		p.Title = fmt.Sprintf("spread the primaries over %ss by %s", p.By, count(n, "failover"))
		p.Risk, p.Why = Disruptive, "clients of one shard after the other wait a moment; no acknowledged write is lost"
	} else {
		p.Title = fmt.Sprintf("spread the primaries over %ss", p.By)
	}
	primary := map[int]cluster.NodeID{}
	for i, sh := range f.shards {
		primary[sh.at] = sh.primary.ID
		if zone := f.chosen[i]; zone != sh.zones[0] {
			primary[sh.at] = sh.by[zone]
		}
	}
	before := Losses(f.pic.snap, f.request.Zones)
	after := lossesWith(f.pic.snap, f.request.Zones, func(i int) cluster.NodeID { return primary[i] })
	for i := range before {
		p.Zones = append(p.Zones, SpreadZone{before[i].Zone, before[i], after[i]})
	}
	return p
}

// steps are the failovers in the order in which the spread gets better soonest:
// always from the fullest zone to the emptiest.
func (f *spreadFace) steps() []SpreadStep {
	load := make([]int, len(f.zones))
	var left []int
	for i := range f.shards {
		load[f.shards[i].zones[0]]++
		if f.chosen[i] != f.shards[i].zones[0] {
			left = append(left, i)
		}
	}
	steps := []SpreadStep{}
	for len(left) > 0 {
		best := 0
		gain := func(k int) int { return load[f.shards[left[k]].zones[0]] - load[f.chosen[left[k]]] }
		for k := range left {
			if gain(k) > gain(best) {
				best = k
			}
		}
		i := left[best]
		left = slices.Delete(left, best, best+1)
		sh, out, in := &f.shards[i], f.shards[i].zones[0], f.chosen[i]
		load[out]--
		load[in]++
		p := sh.step[in]
		steps = append(steps, SpreadStep{Shard: p.Shard, Primary: p.Primary, Replica: p.Replica, From: p.From, Addr: p.Addr,
			Out: f.zones[out], In: f.zones[in], Slots: p.Slots, Behind: p.Behind, Plan: p})
	}
	return steps
}
