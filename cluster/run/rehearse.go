package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// nobody is an id that no node has.
const nobody = "0000000000000000000000000000000000000000"

// rehearsals are the commands of plans, each with words that every server refuses
// after it has looked at the user's rights, and before it does anything. Commands
// that take no words, such as CONFIG REWRITE, cannot be rehearsed.
var rehearsals = map[string][]any{
	"CLUSTER MEET":             {"127.0.0.1", "no-port"},
	"CLUSTER FORGET":           {nobody},
	"CLUSTER REPLICATE":        {nobody},
	"CLUSTER RESET":            {"NOT"},
	"CLUSTER FAILOVER":         {"NOT"},
	"CLUSTER SET-CONFIG-EPOCH": {-1},
	"CLUSTER SETSLOT":          {-1, "STABLE"},
	"CLUSTER ADDSLOTSRANGE":    {-1, -1},
	"CLUSTER DELSLOTSRANGE":    {-1, -1},
	"CLUSTER ADDSLOTS":         {-1},
	"CLUSTER DELSLOTS":         {-1},
	"CONFIG SET":               {"no-such-setting", "no"},
	"FUNCTION RESTORE":         {"no dump"},
}

// rehearse finds out whether a node knows commands and lets the user give them.
// What a node that does not answer would say is not known, and no obstacle here.
// The error is a *plan.Refusal.
func rehearse(ctx context.Context, n *wire.Node, id cluster.NodeID, names []string) error {
	var cmds [][]any
	var tried []string
	for _, name := range names {
		if words, known := rehearsals[name]; known && !slices.Contains(tried, name) {
			first, second, _ := strings.Cut(name, " ")
			cmds, tried = append(cmds, append([]any{first, second}, words...)), append(tried, name)
		}
	}
	if len(cmds) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, memberPatience)
	defer cancel()
	for i, a := range n.Rehearse(ctx, cmds...) {
		switch rule := "+" + strings.ToLower(strings.Replace(tried[i], " ", "|", 1)); {
		case a.Err == nil:
		case wire.KindOf(a.Err) == wire.NoPermission:
			return &plan.Refusal{Reason: plan.NoRights, Nodes: []cluster.NodeID{id},
				Text: fmt.Sprintf("%s does not let the user give %s, which the plan needs; allow it there with ACL SETUSER … %s, or act as another user (%s)", plain(n.Addr()), tried[i], rule, said(a.Err))}
		case isUnknown(a.Err):
			return &plan.Refusal{Reason: plan.NoRights, Nodes: []cluster.NodeID{id},
				Text: fmt.Sprintf("%s does not know %s, which the plan needs: it was renamed or switched off there, or whoever runs the server keeps it to themselves (%s)", plain(n.Addr()), tried[i], said(a.Err))}
		}
	}
	return nil
}

// isUnknown tells a command that is not there from a word of it that is not.
func isUnknown(err error) bool {
	text := strings.ToLower(said(err))
	return strings.Contains(text, "unknown command") || strings.Contains(text, "unknown subcommand")
}

// Rehearse makes sure, before anything of a plan is sent, that the nodes know its
// commands and let the user give them. The error is a *plan.Refusal.
func (c *MemberCrew) Rehearse(ctx context.Context, p plan.MemberPlan) error {
	names, ids := map[string][]string{}, map[string]cluster.NodeID{}
	var addrs []string
	for _, s := range p.Steps {
		for _, cmd := range s.Commands {
			if len(cmd.Args) < 2 {
				continue
			}
			if names[cmd.Addr] == nil {
				addrs = append(addrs, cmd.Addr)
			}
			names[cmd.Addr], ids[cmd.Addr] = append(names[cmd.Addr], cmd.Args[0]+" "+cmd.Args[1]), cmd.Node
		}
	}
	errs := make([]error, len(addrs))
	inTurns(len(addrs), func(i int) { errs[i] = rehearse(ctx, c.at(addrs[i]), ids[addrs[i]], names[addrs[i]]) })
	return firstOf(errs)
}
