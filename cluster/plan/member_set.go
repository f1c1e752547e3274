package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slotdeck/cluster"
)

// The node timeouts that a plan takes, in milliseconds: below, nodes suspect each
// other for a slow moment; the upper bound is a day.
const (
	MinNodeTimeout = 100
	MaxNodeTimeout = 24 * 3600 * 1000
)

// NodeTimeout is the setting's name in CONFIG.
const NodeTimeout = "cluster-node-timeout"

// Settings that no plan takes for all nodes at once: passwords, which a plan
// would show, and what tells one node from another.
var (
	secretSettings = []string{"requirepass", "masterauth", "primaryauth", "masteruser", "primaryuser", "tls-key-file-pass", "tls-client-key-file-pass"}
	ownSettings    = []string{"port", "tls-port", "bind", "bind-source-addr", "unixsocket", "dir", "dbfilename", "logfile", "pidfile", "slaveof", "replicaof",
		"cluster-port", "cluster-config-file", "appendfilename", "appenddirname", "replica-announce-ip", "replica-announce-port", "availability-zone", "latency-tracking-info-percentiles"}
)

// lossySettings can make servers drop keys the moment they are set.
var lossySettings = []string{"maxmemory", "maxmemory-policy", "maxmemory-clients"}

// PlanSetting plans one value for all nodes, kept in their configuration files
// where they have one. values are what the nodes have now, as far as they told; a
// node that has the value is not set, only made to keep it. The error is a *Refusal.
func PlanSetting(s *cluster.Snapshot, name, value string, values map[cluster.NodeID]string) (MemberPlan, error) {
	p, err := look(s)
	if err != nil {
		return MemberPlan{}, err
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if r := settable(name, value); r != nil {
		return MemberPlan{}, r
	}
	var f findings
	nodes := p.answering("")
	if len(nodes) == 0 {
		return MemberPlan{}, &Refusal{Reason: NodeDown, Text: "no node answers; the setting cannot be changed anywhere"}
	}
	plan := MemberPlan{Kind: MemberSet}
	plan.Risk, plan.Why, plan.Type = settingRisk(name, value)
	step := MemberStep{Act: ActSet, Among: nodes, Title: "set it where it differs, and let every node write it to its configuration file"}
	unknown, have, differing := 0, 0, map[string]bool{}
	for _, n := range nodes {
		set, keep := n.send("CONFIG", "SET", name, value), n.send("CONFIG", "REWRITE")
		old, told := values[n.ID]
		switch {
		case told:
			set.Note = "now " + orEmpty(clean(old))
			differing[old] = true
		case values != nil:
			unknown++
		}
		keep.Note = "so that it outlives a restart, where there is a file"
		if told && old == value {
			have++
			keep.Note = "has it; " + keep.Note
			step.Commands = append(step.Commands, keep)
			continue
		}
		step.Commands = append(step.Commands, set, keep)
	}
	switch text := settingText(name, value); have {
	case 0:
		plan.Title = fmt.Sprintf("set %s to %s on %s", name, text, count(len(nodes), "node"))
	case len(nodes):
		plan.Title = fmt.Sprintf("keep %s at %s on %s", name, text, count(len(nodes), "node"))
		plan.Risk, plan.Why, plan.Type = Safe, "every node has it already; only configuration files are written", ""
	default:
		plan.Title = fmt.Sprintf("set %s to %s on %d of %d nodes", name, text, len(nodes)-have, len(nodes))
	}
	if values != nil && unknown == len(nodes) {
		return MemberPlan{}, &Refusal{Reason: BadRequest, Text: fmt.Sprintf("no node has a setting called %q, or lets this user read it", clean(name))}
	}
	if unknown > 0 {
		f.warn(fmt.Sprintf("%s did not tell a setting called %s: another version, or another ACL", count(unknown, "node"), name))
	}
	if len(differing) > 1 {
		f.warn(fmt.Sprintf("the nodes have %d different values of it now", len(differing)))
	}
	if len(nodes) == len(s.Nodes) {
		f.ok(fmt.Sprintf("all %d nodes answer", len(nodes)))
	}
	p.silent(&f, "the setting stays as it is there; repeat the command when all are back")
	plan.Steps, plan.Checks = []MemberStep{step}, f.checks
	return plan, nil
}

// settable refuses names and values that no cluster should have everywhere.
func settable(name, value string) *Refusal {
	bad := func(format string, args ...any) *Refusal {
		return &Refusal{Reason: BadRequest, Text: fmt.Sprintf(format, args...)}
	}
	switch {
	case name == "" || strings.ContainsAny(name, "*?[] \t\r\n\"'"):
		return bad("%q is no name of a setting", clean(name))
	case slices.Contains(secretSettings, name):
		return bad("%s is a secret, which a plan would show; set it on each node by other means, such as its configuration file", name)
	case slices.Contains(ownSettings, name), strings.HasPrefix(name, "cluster-announce-"):
		return bad("%s is of one node alone: the same value everywhere would break the cluster", name)
	case name == NodeTimeout:
		if ms, err := strconv.Atoi(value); err != nil || ms < MinNodeTimeout || ms > MaxNodeTimeout {
			return bad("a node timeout of %s ms is out of range; say %d to %d", clean(value), MinNodeTimeout, MaxNodeTimeout)
		}
	}
	return nil
}

func settingText(name, value string) string {
	if name == NodeTimeout {
		return value + " ms"
	}
	return orEmpty(clean(value))
}

func orEmpty(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}

func settingRisk(name, value string) (r Risk, why, typed string) {
	switch {
	case name == NodeTimeout:
		ms, _ := strconv.Atoi(value) // settable has seen to it
		return Safe, fmt.Sprintf("a node that is silent for %s is suspected, and a failover begins soon after", secondsText(ms)), ""
	case slices.Contains(lossySettings, name):
		return Lossy, "servers that hold more than it allows drop keys or clients at once", name
	}
	return Disruptive, "it counts at once, on every node that takes it", ""
}

func secondsText(ms int) string {
	return strconv.FormatFloat(float64(ms)/1000, 'g', -1, 64) + " s"
}
