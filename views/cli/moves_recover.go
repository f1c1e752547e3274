package cli

import (
	"context"
	"errors"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/keyslot"
	"slotdeck/views"
)

// Leftovers are what an interrupted move left behind, as the cluster itself
// tells; what this machine remembers of it is a help only.
func (m *mover) Leftovers(ctx context.Context, _ *cluster.Snapshot) (views.Leftovers, error) {
	found, err := engine.Find(ctx, m.watch, m.state)
	if found.Snapshot == nil {
		return views.Leftovers{}, err
	}
	m.mu.Lock()
	m.found = found
	m.mu.Unlock()
	out := views.Leftovers{Open: found.Open, Keys: found.Keys, Rest: found.Rest(), Given: found.Given()}
	if found.Checkpoint != nil {
		out.Plan = found.Checkpoint.Plan.Title
		out.Begun = found.Checkpoint.Started
	}
	for _, r := range found.Raised {
		out.Raised = append(out.Raised, views.RaisedTimeout(r))
	}
	for _, r := range found.Running {
		out.Running = append(out.Running, views.ForeignMove{Name: r.Name, From: r.From, To: r.To, Slots: r.Slots, State: r.State})
	}
	return out, err
}

// Recover settles open slots that were told of last.
func (m *mover) Recover(_ context.Context, slots keyslot.Set, way plan.Way, o views.MoveOptions) (views.MoveJob, error) {
	m.mu.Lock()
	found := m.found
	m.mu.Unlock()
	if found.Snapshot == nil {
		return nil, errors.New("the open slots were not looked at yet")
	}
	ways := map[keyslot.Slot]plan.Way{}
	for slot := range slots.All() {
		ways[slot] = way
	}
	return m.launch(func() (*engine.Job, error) {
		return engine.StartRecovery(m.life, m.watch, found, ways, m.runOptions(o))
	})
}

// SetBack sets back the node timeouts that interrupted moves raised.
func (m *mover) SetBack(ctx context.Context) error { return engine.SetBack(ctx, m.watch, m.state) }

// Cancel ends a migration that the servers run by themselves.
func (m *mover) Cancel(ctx context.Context, name string) error {
	m.mu.Lock()
	found := m.found
	m.mu.Unlock()
	for _, r := range found.Running {
		if r.Name == name {
			return engine.Cancel(ctx, m.watch, r)
		}
	}
	return errors.New("that migration is not known any more")
}
