package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/proof"
	"slotdeck/cluster/proof/mover"
	"slotdeck/keyslot"
)

// nodeTimeout is short: most rounds wait for it.
const nodeTimeout = 1500 * time.Millisecond

// arena is where rounds are played: a cluster of three primaries with a replica
// each that keep their data on disk, and keys that nobody touches.
type arena struct {
	*lab.Cluster
	judge  *proof.Judge
	tool   mover.Tool
	folder string // for what slotdeck keeps
	hot    keyslot.Set
	before proof.Digest
}

func newArena(ctx context.Context, server lab.Server, seed uint64) (a *arena, err error) {
	tool, err := mover.ToolOf(server)
	if err != nil {
		return nil, err
	}
	l, err := lab.Start(ctx, lab.Config{Binary: server.Path, Primaries: 3, Replicas: 1, NodeTimeout: nodeTimeout,
		// A killed process has handed its writes to the system before it answered,
		// so nothing that was acknowledged depends on the disk. With everysec it
		// would put that off while the disk is busy.
		Extra: []string{"appendonly yes", "appendfsync no"}})
	if err != nil {
		return nil, err
	}
	a = &arena{Cluster: l, tool: tool}
	defer func() {
		if err != nil {
			a.close()
			a = nil
		}
	}()
	var addrs []string
	for _, n := range l.Nodes() {
		addrs = append(addrs, n.Addr)
	}
	a.judge = proof.Open(addrs, "")
	if a.folder, err = os.MkdirTemp("", "slotdeck-chaos-"); err != nil {
		return a, err
	}
	for first := range 3 {
		low := keyslot.Slot(first * 5500)
		a.hot.AddRange(keyslot.Range{First: low, Last: low + 99})
	}
	if err := a.judge.Plant(ctx, 12_000, a.hot, seed); err != nil {
		return a, err
	}
	a.before, err = a.judge.Digest(ctx, proof.PlantPrefix)
	return a, err
}

// close ends the cluster; a nil arena is closed already.
func (a *arena) close() {
	if a == nil {
		return
	}
	if a.judge != nil {
		a.judge.Close()
	}
	a.Stop()
	os.RemoveAll(a.folder)
}

// roles are who is a primary, and who its replica, as one node says.
type roles struct {
	primaries []*lab.Node
	replica   map[*lab.Node]*lab.Node
	owned     map[*lab.Node]keyslot.Set
}

// roles asks the first node that answers; nodes that it holds for failed are
// left out.
func (a *arena) roles(ctx context.Context) (roles, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var errs []error
	for _, n := range a.Nodes() {
		if n.State() != lab.Running {
			continue
		}
		text, err := n.Do(ctx, "CLUSTER", "NODES").Text()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		view, err := cluster.ParseNodes(text)
		if err != nil {
			return roles{}, err
		}
		return a.rolesIn(view), nil
	}
	return roles{}, errors.Join(append(errs, errors.New("no node answers"))...)
}

func (a *arena) rolesIn(view *cluster.View) roles {
	r := roles{replica: map[*lab.Node]*lab.Node{}, owned: map[*lab.Node]keyslot.Set{}}
	for _, m := range view.Members {
		n := a.node(m.ID)
		switch {
		case n == nil || m.Flags.Has(cluster.Fail):
		case m.Flags.Has(cluster.Primary) && len(m.Slots) > 0:
			r.primaries = append(r.primaries, n)
			r.owned[n] = keyslot.SetOf(m.Slots...)
		case m.Flags.Has(cluster.Replica):
			if of := a.node(m.Primary); of != nil {
				r.replica[of] = n
			}
		}
	}
	slices.SortFunc(r.primaries, func(x, y *lab.Node) int { return strings.Compare(x.Addr, y.Addr) })
	return r
}

func (a *arena) node(id cluster.NodeID) *lab.Node {
	for _, n := range a.Nodes() {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// heal thaws what is frozen and starts what is gone.
func (a *arena) heal(ctx context.Context) error {
	var errs []error
	for _, n := range a.Nodes() {
		switch n.State() {
		case lab.Frozen:
			errs = append(errs, n.Thaw())
		case lab.Gone:
			errs = append(errs, n.Restart(ctx))
		}
	}
	return errors.Join(errs...)
}

// logs are the ends of the servers' logs.
func (a *arena) logs() string {
	var b strings.Builder
	if kept, err := a.keep(); err != nil {
		fmt.Fprintf(&b, "  nothing is kept: %v\n", err)
	} else {
		fmt.Fprintf(&b, "  the servers' logs and slotdeck's journals are kept in %s\n", kept)
	}
	for _, n := range a.Nodes() {
		fmt.Fprintf(&b, "  %s (%s):\n", n.Addr, n.State())
		for line := range strings.Lines(n.LogTail(25)) {
			fmt.Fprintf(&b, "    %.160s\n", strings.TrimRight(line, "\n"))
		}
	}
	return b.String()
}

// keep leaves the logs of all nodes, and what slotdeck wrote, for somebody to look
// at.
func (a *arena) keep() (folder string, err error) {
	if folder, err = os.MkdirTemp("", "slotdeck-chaos-failed-"); err != nil {
		return "", err
	}
	if err := os.CopyFS(filepath.Join(folder, "slotdeck"), os.DirFS(a.folder)); err != nil {
		return "", err
	}
	for _, n := range a.Nodes() {
		name := strings.ReplaceAll(n.Addr, ":", "-") + ".log"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(n.LogTail(wholeLog)), 0o600); err != nil {
			return "", err
		}
	}
	return folder, nil
}
