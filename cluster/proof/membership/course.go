package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
)

// tool is a program that changes clusters.
type tool struct {
	name, path string
	theirs     bool // it is the server's own
}

// toolOf is the tool beside a server.
func toolOf(s lab.Server) tool {
	name := strings.Replace(filepath.Base(s.Path), "-server", "-cli", 1)
	return tool{name: name, path: filepath.Join(filepath.Dir(s.Path), name), theirs: true}
}

// The changes, in the order of the course.
const (
	creating       = "create 6 nodes, a replica each"
	addingPrimary  = "add a primary"
	addingReplica  = "add a replica"
	removing       = "remove the primary"
	removingFollow = "remove the replica"
)

var changes = []string{creating, addingPrimary, addingReplica, removing, removingFollow}

// lap is how long a change took: until the tool ended, and until all showed it.
type lap struct{ ended, shown time.Duration }

// course makes a cluster of fresh servers with a tool, adds and removes.
func course(ctx context.Context, s lab.Server, t tool, times map[string][]lap) error {
	// The lab starts no cluster without slots: its one node is no part of this.
	// Its bus ports are 10000 above the others, as older tools take for granted.
	c, err := lab.Start(ctx, lab.Config{Binary: s.Path, Primaries: 1, FirstPort: 16400})
	if err != nil {
		return err
	}
	defer c.Stop()
	var nodes []*lab.Node
	for range 8 {
		n, err := c.AddSpare(ctx)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	// For 2 s from its start a primary calls no cluster ok, whoever asks.
	select {
	case <-time.After(2500 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	seed, primary, replica := nodes[0].Addr, nodes[6], nodes[7]
	ids := map[*lab.Node]string{}
	for _, n := range nodes[6:] {
		if ids[n], err = n.Do(ctx, "CLUSTER", "MYID").Text(); err != nil {
			return err
		}
	}
	first := []string{}
	for _, n := range nodes[:6] {
		first = append(first, n.Addr)
	}
	sixAnd := func(more ...*lab.Node) []*lab.Node { return append(append([]*lab.Node(nil), nodes[:6]...), more...) }
	for _, step := range []struct {
		change string
		words  []string
		then   []*lab.Node
	}{
		{creating, t.create(first), sixAnd()},
		{addingPrimary, t.words("add-node", primary.Addr, seed), sixAnd(primary)},
		{addingReplica, append(t.words("add-node", replica.Addr, seed), t.flag("replica", "slave")), sixAnd(primary, replica)},
		{removing, t.remove(seed, ids[primary]), sixAnd(replica)},
		{removingFollow, t.remove(seed, ids[replica]), sixAnd()},
	} {
		l, err := t.measure(ctx, step.words, step.then)
		if err != nil {
			return fmt.Errorf("%s: %w", step.change, err)
		}
		times[step.change] = append(times[step.change], l)
	}
	return nil
}

func (t tool) words(command string, rest ...string) []string {
	if t.theirs {
		return append([]string{"--cluster", command}, rest...)
	}
	return append([]string{command, "--yes"}, rest...)
}

func (t tool) flag(ours, theirs string) string {
	if t.theirs {
		return "--cluster-" + theirs
	}
	return "--" + ours
}

func (t tool) create(addrs []string) []string {
	words := append(t.words("create", addrs...), t.flag("replicas", "replicas"), "1")
	if t.theirs {
		words = append(words, "--cluster-yes")
	}
	return words
}

// remove is del-node. The look past the end, which the server's tool does not
// take, is left out.
func (t tool) remove(seed, id string) []string {
	words := t.words("del-node", seed, id)
	if !t.theirs {
		words = append(words, "--watch", "-1s")
	}
	return words
}

// longest is how long any change may take.
const longest = 90 * time.Second

// measure runs the tool and waits until the nodes show what it did.
func (t tool) measure(ctx context.Context, words []string, nodes []*lab.Node) (l lap, err error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.path, words...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "REDISCLI_") })
	began := time.Now()
	ended := make(chan error, 1)
	var output []byte
	go func() {
		var err error
		output, err = cmd.CombinedOutput()
		l.ended = time.Since(began)
		ended <- err
	}()
	for l.shown == 0 {
		if ctx.Err() != nil {
			<-ended
			return l, fmt.Errorf("the nodes do not show it after %v; the tool said:\n%s", longest, output)
		}
		if shown(ctx, nodes) {
			l.shown = time.Since(began)
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := <-ended; err != nil {
		return l, fmt.Errorf("%s %s: %w\n%s", t.path, strings.Join(words, " "), err, output)
	}
	return l, nil
}

// shown reports whether exactly these nodes make one cluster that agrees, is ok,
// and whose replicas are linked.
func shown(ctx context.Context, nodes []*lab.Node) bool {
	var first *cluster.View
	for _, n := range nodes {
		text, err := n.Do(ctx, "CLUSTER", "NODES").Text()
		if err != nil {
			return false
		}
		v, err := cluster.ParseNodes(text)
		if err != nil || len(v.Members) != len(nodes) || strings.Contains(text, "handshake") {
			return false
		}
		if first == nil {
			first = v
		}
		info, err := n.Do(ctx, "CLUSTER", "INFO").Text()
		if err != nil || v.Config() != first.Config() || !strings.Contains(info, "cluster_state:ok") {
			return false
		}
		if m, _ := v.Member(v.Myself); m.Flags.Has(cluster.Replica) {
			info, err := n.Do(ctx, "INFO", "replication").Text()
			if err != nil || !strings.Contains(info, "master_link_status:up") {
				return false
			}
		}
	}
	return true
}
