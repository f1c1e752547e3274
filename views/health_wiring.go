package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/doctor"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// offerRepairs gives the screen of health what it leads to: pages that other
// screens have.
func (a *App) offerRepairs() {
	health := a.screens[onHealth].(*Health)
	health.repair = a.repair
	health.verbs.actions = ui.Actions[*Health]{{
		Keys: []string{"o"}, Label: "node", Help: "All that is known of the node that the finding is about.",
		Off: func(h *Health) string {
			if f, _, ok := h.current(); !ok || f.Node == "" {
				return "it is about no single node"
			}
			return ""
		},
		Do: func(h *Health) tea.Cmd {
			f, _, _ := h.current()
			return openNode(a, string(f.Node))
		},
	}}
}

// repair opens what deals with findings of a rule, as the palette would for the
// node under the cursor. Each refuses by itself where the console only looks.
func (a *App) repair(rule doctor.Rule, f doctor.Finding) tea.Cmd {
	switch rule.Repair {
	case doctor.FailOver:
		return failOver(a, "")
	case doctor.SettleSlots:
		return goTo(onJobs)(a)
	case doctor.RepairAddresses:
		return wantMember(plan.MemberAddresses)(a, "")
	case doctor.ForgetNode:
		return wantMember(plan.MemberForgotten)(a, "")
	case doctor.ReplaceNode:
		return wantMember(plan.MemberReplace)(a, "")
	case doctor.AddNode:
		return wantMember(plan.MemberAdd)(a, "")
	case doctor.SpreadPrimaries:
		return a.conduct().openSpread(a.scene().Snap)
	case doctor.ChangeSetting:
		return wantMember(plan.MemberSet)(a, strings.TrimSpace(rule.Setting+" "+f.Value)) // as a proposal: what most have
	case doctor.EvenOut:
		return evenOut(a, rule.By)
	case doctor.FollowAnother:
		return wantMember(plan.MemberReplicate)(a, "")
	case doctor.RepairSlots:
		return wantMember(plan.MemberRepair)(a, "")
	case doctor.RestartNodes:
		return a.conduct().openRestart(a.scene().Snap)
	}
	return nil
}
