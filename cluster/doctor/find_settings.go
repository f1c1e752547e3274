package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"slotdeck/cluster"
)

// settingChecks are the rules of this file, in their order.
func settingChecks() []check {
	return []check{
		{differingSettings, []Rule{
			{ID: "settings-differ", Least: Note, Most: Look, Repair: ChangeSetting,
				Means: "The nodes have different values of a setting that is mostly the same on all: after a failover the shard behaves differently. More than a note when it decides over data, memory or failovers.",
				Next:  "Decide which value is meant; slotdeck drift lists all differences, slotdeck set gives all nodes one value. CONFIG REWRITE keeps it beyond a restart."},
		}},
		{hostSettings, []Rule{
			{ID: "huge-pages", Least: Note, Most: Note,
				Means: "With disable-thp no the node leaves transparent huge pages as the host has them: where they are on, each fork makes writes slow and memory grow. The host's own setting cannot be read from here.",
				Next:  "Set disable-thp to yes and restart, or see that /sys/kernel/mm/transparent_hugepage/enabled is madvise or never."},
			{ID: "backlog-tcp", Least: Note, Most: Note,
				Means: "With a tcp-backlog this low connections are refused when many clients come back at once, as after a failover. The host may lower it further (net.core.somaxconn); the node's log says so at its start.",
				Next:  "Set tcp-backlog to 511 or more in the configuration file, and net.core.somaxconn on the host to no less."},
		}},
		{skewedClocks, []Rule{
			{ID: "clock-skew", Least: Look, Most: Look,
				Means: "The node's clock differs from the others'. Times to live are kept as points in time: after a failover keys die too early or too late.",
				Next:  "Look whether NTP or chrony runs on its host."},
		}},
	}
}

// Difference is a setting that is not the same on all nodes.
type Difference struct {
	Setting string
	Values  []DifferentValue // the most frequent first
	Grave   bool             // it decides over data, memory or failovers
}

// DifferentValue is one of the values, and who has it.
type DifferentValue struct {
	Value string // as CONFIG GET tells it, not clean; secrets hidden
	None  bool   // these servers have no such setting
	Nodes []cluster.NodeID
}

// Drift compares every setting of all nodes that told theirs, by name. What is
// expected to differ, as addresses and files, is left out; a setting that only
// some versions know is compared among those that do.
func Drift(s *cluster.Snapshot) []Difference {
	if s == nil {
		return nil
	}
	var nodes []*cluster.Node
	names := map[string]bool{}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if c := checkupOf(n); c != nil && c.Settings != nil {
			nodes = append(nodes, n)
			for name := range c.Settings {
				names[name] = true
			}
		}
	}
	var out []Difference
	for name := range names {
		if expected(name) || alias(name, names) {
			continue
		}
		if d := difference(name, nodes); len(d.Values) > 1 {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return cmp.Compare(a.Setting, b.Setting) })
	return out
}

func difference(name string, nodes []*cluster.Node) Difference {
	d := Difference{Setting: name, Grave: grave(name)}
	for _, n := range nodes {
		value, has := checkupOf(n).Settings[name]
		if !has {
			if lacks(name, n, nodes) {
				continue
			}
		}
		at := slices.IndexFunc(d.Values, func(v DifferentValue) bool { return v.Value == value && v.None == !has })
		if at < 0 {
			at = len(d.Values)
			d.Values = append(d.Values, DifferentValue{Value: value, None: !has})
		}
		d.Values[at].Nodes = append(d.Values[at].Nodes, n.ID)
	}
	slices.SortStableFunc(d.Values, func(a, b DifferentValue) int { return -cmp.Compare(len(a.Nodes), len(b.Nodes)) })
	return d
}

// lacks reports whether a node's version does not have a setting: no other node
// of that version has it.
func lacks(name string, n *cluster.Node, nodes []*cluster.Node) bool {
	for _, o := range nodes {
		if _, has := checkupOf(o).Settings[name]; has && o.Stats.Version == n.Stats.Version && o.Stats.Flavor == n.Stats.Flavor {
			return false
		}
	}
	return true
}

func differingSettings(e *examination) []Finding {
	var out []Finding
	for _, d := range Drift(e.s) {
		f := Finding{ID: "settings-differ", Severity: Note, Setting: d.Setting}
		if most := d.Values[0]; len(most.Nodes) > len(d.Values[1].Nodes) && !cluster.SecretSetting(d.Setting) {
			f.Value = most.Value
		}
		if d.Grave {
			f.Severity = Look
		}
		var words []string
		for _, v := range d.Values {
			var who []string
			for _, id := range v.Nodes {
				who = append(who, nameOf(e.s, id))
			}
			words = append(words, shownValue(v)+" on "+plural(len(who), "node", "nodes"))
			f.Evidence = append(f.Evidence, shownValue(v)+": "+joined(who))
		}
		few := d.Values[len(d.Values)-1].Nodes
		if len(few) == 1 {
			f.Node = few[0]
			if n, ok := e.s.Node(few[0]); ok {
				f.Shard = e.letter(n)
			}
		}
		f.Text = clean(d.Setting) + " differs: " + list(words)
		out = append(out, f)
	}
	return out
}

func joined(words []string) string {
	text := ""
	for i, w := range words {
		if i > 0 {
			text += ", "
		}
		text += w
	}
	return text
}

func shownValue(v DifferentValue) string {
	switch {
	case v.None:
		return "no such setting"
	case v.Value == "":
		return `""`
	}
	return clean(v.Value)
}

func hostSettings(e *examination) []Finding {
	out := e.together("huge-pages", Note, e.set("disable-thp", is("no")), "leaves huge pages as the host has them", "leave huge pages as their hosts have them")
	low := e.set("tcp-backlog", func(v string) bool {
		n, err := strconv.Atoi(v)
		return err == nil && float64(n) < e.std.limit("tcp-backlog")
	})
	return append(out, e.together("backlog-tcp", Note, low, "has a tcp-backlog that is low", "have a tcp-backlog that is low")...)
}

// skewedClocks compares the nodes' clocks with the middle one of all, each by the
// moment its answer came in. An answer that was long on its way looks like a slow
// clock, so a difference has to show in the earlier answer, too, where there is one.
func skewedClocks(e *examination) []Finding {
	type clock struct {
		n         *cluster.Node
		now, then time.Duration
		twice     bool
	}
	skew := func(info cluster.Info, at time.Time) (time.Duration, bool) {
		us, ok := info.Int("server_time_usec")
		return time.UnixMicro(us).Sub(at), ok && us > 0
	}
	var all []clock
	for n := range e.informed {
		us := e.number(n, "server_time_usec")
		if us <= 0 {
			continue
		}
		c := clock{n: n, now: time.UnixMicro(us).Sub(n.Info.At)}
		if n.Earlier != nil {
			c.then, c.twice = skew(n.Earlier.Info, n.Earlier.At)
		}
		all = append(all, c)
	}
	if len(all) < 3 {
		return nil
	}
	var offsets []time.Duration
	for _, c := range all {
		offsets = append(offsets, c.now)
	}
	slices.Sort(offsets)
	middle := offsets[len(offsets)/2]
	limit := seconds(e.std.limit("clock-skew"))
	var out []Finding
	for _, c := range all {
		if off := c.now - middle; off.Abs() >= limit && limit > 0 && (!c.twice || (c.then-middle).Abs() >= limit) {
			word := "ahead of"
			if off < 0 {
				word = "behind"
			}
			out = append(out, e.about(c.n, "clock-skew", Look, fmt.Sprintf("has a clock %s %s the others'", span(off.Abs()), word)))
		}
	}
	return out
}
