package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// overlayWanted brings an overlay to the front.
type overlayWanted struct{ overlay overlay }

// offerFailovers gives the screens what they share about failovers, and their
// key, unless the console only looks.
func (a *App) offerFailovers() {
	desk := newFailoverDesk(a.cfg)
	overview, nodes, events := a.screens[onOverview].(*Overview), a.screens[onNodes].(*Nodes), a.screens[onEvents].(*Events)
	overview.failovers, events.failovers = desk, desk
	if a.cfg.ReadOnly {
		return
	}
	offerFailover(&overview.verbs, desk)
	offerFailover(&nodes.verbs, desk)
}

func offerFailover[T Chooser](v *moveVerbs[T], desk *failoverDesk) {
	v.actions = append(ui.Actions[T]{{
		Keys: []string{"f"}, Label: "fail over",
		Help: "The failover cockpit of the shard: three ways, what each costs, which one is advised and why.",
		Off:  func(T) string { return desk.off },
		Do: func(t T) tea.Cmd {
			if v.sc == nil || v.sc.Snap == nil {
				return warn("no node has answered yet")
			}
			return desk.open(v.sc.Snap, t.Selected(v.sc).Node)
		},
	}}, v.actions...)
}

// failOver is the palette's command: the shard of what a text names, or of what
// is selected.
func failOver(a *App, arg string) tea.Cmd {
	desk, sc := a.screens[onOverview].(*Overview).failovers, a.scene()
	switch {
	case a.cfg.ReadOnly:
		return warn(readOnly)
	case desk.off != "":
		return warn(desk.off)
	case sc.Snap == nil:
		return warn("no node has answered yet")
	}
	var id cluster.NodeID
	if c, ok := a.screen().(Chooser); ok {
		id = c.Selected(sc).Node
	}
	if arg != "" {
		found, err := plan.FindNode(sc.Snap, arg)
		if err != nil {
			return warn(err.Error())
		}
		id = found
	}
	return desk.open(sc.Snap, id)
}

// Receive takes what failovers tell, for all screens.
func (o *Overview) Receive(msg tea.Msg, _ *Scene) tea.Cmd {
	if cmd := o.conduct.receive(msg); cmd != nil {
		return cmd
	}
	if o.failovers == nil {
		return nil
	}
	return o.failovers.receive(msg)
}
