package proof

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Agreement is what keeps the nodes, primaries and replicas alike, from being
// one cluster at rest: sentences, none of them when all is well.
type Agreement struct{ Faults []string }

// OK reports whether there is no fault.
func (a Agreement) OK() bool { return len(a.Faults) == 0 }

// String is the faults in one line.
func (a Agreement) String() string {
	if a.OK() {
		return "all nodes agree, every slot is covered and none is open"
	}
	return some(a.Faults)
}

// testimony is what one node says.
type testimony struct {
	addr   string
	view   *cluster.View
	owners [keyslot.Count]cluster.NodeID
	faults []string
}

// Agreement asks every node: does each slot have an owner, the same one
// everywhere, is no slot open on any node, does no atomic migration run, does
// every node answer, know all the others, call the cluster ok, and suspect nobody?
func (j *Judge) Agreement(ctx context.Context) Agreement {
	heard := make([]testimony, len(j.addrs))
	var wg sync.WaitGroup
	for i, addr := range j.addrs {
		wg.Go(func() { heard[i] = j.hear(ctx, addr) })
	}
	wg.Wait()
	var a Agreement
	for i := range heard {
		a.Faults = append(a.Faults, heard[i].faults...)
	}
	first := slices.IndexFunc(heard, func(t testimony) bool { return t.view != nil })
	for i := range heard {
		if heard[i].view == nil || i == first {
			continue
		}
		var other keyslot.Set
		for slot := range heard[i].owners {
			if heard[i].owners[slot] != heard[first].owners[slot] {
				other.Add(keyslot.Slot(slot))
			}
		}
		if !other.Empty() {
			a.Faults = append(a.Faults, fmt.Sprintf("%s and %s disagree about who owns %v", heard[first].addr, heard[i].addr, other))
		}
	}
	return a
}

// AwaitAgreement asks until there is no fault, or the context ends; it returns
// what was found last.
func (j *Judge) AwaitAgreement(ctx context.Context) Agreement {
	for {
		a := j.Agreement(ctx)
		if a.OK() {
			return a
		}
		select {
		case <-ctx.Done():
			// What was seen while time ran out is full of time-outs; look once more.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return j.Agreement(last)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (j *Judge) hear(ctx context.Context, addr string) testimony {
	t := testimony{addr: addr}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	blame := func(format string, args ...any) {
		t.faults = append(t.faults, addr+" "+fmt.Sprintf(format, args...))
	}
	view, err := j.view(ctx, addr)
	if err != nil {
		blame("cannot be asked: %v", err)
		return t
	}
	t.view = view
	var covered keyslot.Set
	for _, m := range view.Members {
		for slot := range keyslot.SetOf(m.Slots...).All() {
			t.owners[slot] = m.ID
			covered.Add(slot)
		}
		for half, slots := range openHalves(m.Open) {
			blame("has slot %v open (importing %v, with %s)", slots, half.Importing, half.Peer.Short())
		}
		if m.Flags&(cluster.PFail|cluster.Fail|cluster.Handshake|cluster.NoAddr) != 0 {
			blame("holds %s for %v", m.Endpoint.Addr(), m.Flags)
		}
	}
	if len(view.Members) != len(j.addrs) {
		blame("knows %d of %d nodes", len(view.Members), len(j.addrs))
	}
	if missing := keyslot.Full().Minus(covered); !missing.Empty() {
		blame("knows no owner of %v", missing)
	}
	client := j.client(place{addr: addr})
	info, err := client.ClusterInfo(ctx).Result()
	if err != nil || !strings.Contains(info, "cluster_state:ok") {
		blame("does not call the cluster ok (%v)", err)
	}
	if strings.Contains(info, "cluster_slot_migration_active_trim_running:1") {
		blame("still drops keys of slots it gave away")
	}
	if replication, err := client.Info(ctx, "replication").Result(); err != nil || strings.Contains(replication, "master_link_status:down") {
		blame("is not linked to its primary (%v)", err)
	}
	for _, job := range runningJobs(ctx, client) {
		blame("takes part in a migration that is %s", job)
	}
	return t
}

// openHalves gathers the open slots of a node by direction and partner, which are
// the keys; their Slot is 0.
func openHalves(open []cluster.OpenSlot) map[cluster.OpenSlot]keyslot.Set {
	halves := map[cluster.OpenSlot]keyslot.Set{}
	for _, o := range open {
		slot := o.Slot
		o.Slot = 0
		set := halves[o]
		set.Add(slot)
		halves[o] = set
	}
	return halves
}

// runningJobs are the states of the atomic migrations that are not over.
// Servers without them answer with an error, which means none.
func runningJobs(ctx context.Context, client *redis.Client) []string {
	over := []string{"success", "failed", "cancelled"}
	list, err := client.Do(ctx, "CLUSTER", "GETSLOTMIGRATIONS").Slice()
	if err != nil {
		// On Redis a failed one tries again, for ever.
		over = []string{"completed", "canceled"}
		list, _ = client.Do(ctx, "CLUSTER", "MIGRATION", "STATUS", "ALL").Slice()
	}
	var running []string
	for _, entry := range list {
		fields, _ := entry.([]any)
		for i := 0; i+1 < len(fields); i += 2 {
			state, _ := fields[i+1].(string)
			if fields[i] == "state" && !slices.Contains(over, state) {
				running = append(running, state)
			}
		}
	}
	return running
}
