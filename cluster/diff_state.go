package cluster

// states tells how the nodes see cluster_state now. What several came to see at
// once is one event, so that the loss of a majority in a large cluster does not
// push everything else out of sight.
func (d *differ) states() {
	var order []string
	by := map[string][]NodeID{}
	for i := range d.next.Nodes {
		n := &d.next.Nodes[i]
		old := d.was[n.ID]
		if old == nil || !old.ClusterInfo.Known() || !n.ClusterInfo.Known() {
			continue
		}
		was, is := old.ClusterInfo.Value.State, n.ClusterInfo.Value.State
		if was == is {
			continue
		}
		if by[is] == nil {
			order = append(order, is)
		}
		by[is] = append(by[is], n.ID)
	}
	for _, state := range order {
		ids, gravity, what := by[state], Bad, "down ("+clean(state)+")"
		if state == "ok" {
			gravity, what = Good, "ok"
		}
		if len(ids) == 1 {
			d.tell(StateChanged, gravity, d.next, d.is[ids[0]], "holds the cluster for %s", what)
			continue
		}
		d.tell(StateChanged, gravity, d.next, nil, "%d of %d nodes hold the cluster for %s: %s", len(ids), len(d.next.Nodes), what, d.list(ids))
	}
}
