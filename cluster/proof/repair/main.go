// Command repair answers one question: what do slotdeck fix and the server's own
// fix make of the same damage?
//
// Every kind of damage is inflicted on a fresh cluster for each of the two, with
// the same keys, and every key is read before and after. What is printed is
// Markdown. The exit status is 1 when slotdeck lost a key that could be kept, or
// left a cluster that is not whole.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/proof"
	"slotdeck/cluster/proof/damage"
	"slotdeck/keyslot"
)

// patience is how long a tool may take; then it is stopped. On a busy machine one
// that gives thousands of slots away, each by itself, needs minutes.
const patience = 5 * time.Minute

func main() {
	servers := flag.String("servers", "redis-7.0,redis-8.6,valkey-9.1", "versions, as \"make servers\" names them")
	program := flag.String("slotdeck", "./slotdeck", "the program to be tried")
	kinds := flag.String("kinds", "", "only these kinds of damage, by commas")
	keys := flag.Int("keys", 1500, "how many keys there are")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	whole, err := compare(ctx, strings.Split(*servers, ","), *program, *kinds, *keys)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare-fix:", err)
	}
	if err != nil || !whole {
		stop()
		os.Exit(1)
	}
}

func compare(ctx context.Context, names []string, program, only string, keys int) (whole bool, err error) {
	found, err := lab.Servers(ctx)
	if err != nil {
		return false, err
	}
	fmt.Printf("%d keys, of which 20 slots of the damaged shard hold about a quarter. \"whole\" is: all keys readable and unchanged, each once and in its place, no slot open, all nodes of one mind.\n\n", keys)
	fmt.Println("| damage | server | slotdeck fix | exit | the server's own fix | exit |")
	fmt.Println("|---|---|---|---:|---|---:|")
	whole = true
	for _, kind := range damage.Kinds() {
		if only != "" && !slices.Contains(strings.Split(only, ","), kind.Name) {
			continue
		}
		for _, name := range names {
			i := slices.IndexFunc(found, func(s lab.Server) bool { return strings.Contains(s.Path, "/"+name+"/") })
			if i < 0 {
				return false, fmt.Errorf("%s is not there; \"make servers\" brings it", name)
			}
			var outcomes [2]outcome
			for t := range outcomes {
				if outcomes[t], err = try(ctx, found[i], kind, program, t == 0, keys); err != nil {
					return false, fmt.Errorf("%s on %s: %w", kind.Name, name, err)
				}
			}
			whole = whole && (outcomes[0].whole || kind.Loses && outcomes[0].kept)
			fmt.Printf("| %s | %s | %s | %s | %s | %s |\n", kind.Text, found[i], outcomes[0].text, outcomes[0].exit, outcomes[1].text, outcomes[1].exit)
		}
	}
	return whole, nil
}

// outcome is what one tool made of it.
type outcome struct {
	text, exit string
	whole      bool
	kept       bool // no key was lost but those of a node that is gone
}

// try inflicts a damage on a fresh cluster and lets one tool repair it.
func try(ctx context.Context, server lab.Server, kind damage.Kind, program string, ours bool, keys int) (o outcome, err error) {
	c, err := lab.Start(ctx, lab.Config{Binary: server.Path})
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	var addrs []string
	for _, n := range c.Nodes() {
		addrs = append(addrs, n.Addr)
	}
	judge := proof.Open(addrs, "")
	defer judge.Close()
	some := damage.Full.Union(keyslot.SetOf(keyslot.Range{First: 6000, Last: 6020}, keyslot.Range{First: 16000, Last: 16020}))
	if err := judge.Plant(ctx, keys, some, 7); err != nil {
		return o, err
	}
	before, err := judge.Digest(ctx, proof.PlantPrefix)
	if err != nil {
		return o, err
	}
	if err := kind.Inflict(ctx, c); err != nil {
		return o, err
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(limited, program, append([]string{"fix", addrs[1], "--yes"}, said(kind, c)...)...)
	if !ours {
		tool := filepath.Join(filepath.Dir(server.Path), server.Flavor+"-cli")
		cmd = exec.CommandContext(limited, tool, append([]string{"--cluster", "fix", addrs[1], "--cluster-yes"}, kind.Peer...)...)
	}
	cmd.Stdin = strings.NewReader(strings.Repeat("yes\n", 100)) // questions that no flag answers
	_, _ = cmd.CombinedOutput()
	if o.exit = fmt.Sprint(cmd.ProcessState.ExitCode()); limited.Err() != nil {
		o.exit = "stopped after " + patience.String()
	}
	if kind.Loses { // that node is not asked any more
		judge.Close()
		for _, n := range c.Nodes()[1:] {
			n.Do(ctx, "CLUSTER", "FORGET", string(c.Nodes()[0].ID))
		}
		judge = proof.Open(addrs[1:], "")
		defer judge.Close()
	}
	o.judge(ctx, judge, before, kind)
	return o, nil
}

func said(kind damage.Kind, c *lab.Cluster) []string {
	if kind.Say == nil {
		return nil
	}
	return kind.Say(c)
}

// judge reads everything again.
func (o *outcome) judge(ctx context.Context, j *proof.Judge, before proof.Digest, kind damage.Kind) {
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	agreement := j.AwaitAgreement(short)
	cancel()
	after, err := j.Digest(ctx, proof.PlantPrefix)
	if err != nil {
		o.text = "the keys cannot be read: " + brief(err.Error())
		if strings.Contains(err.Error(), "CLUSTERDOWN") {
			o.text = "no key can be read: the cluster stays down"
		}
		return
	}
	changes := before.Compare(after)
	census, err := j.Census(ctx)
	if err != nil {
		o.text = "the keys cannot be counted: " + brief(err.Error())
		return
	}
	gone := keyslot.SetOf(keyslot.Range{First: 0, Last: 5460})
	o.kept = len(changes.Changed)+len(changes.Added) == 0 && (changes.Slots.Empty() || kind.Loses && changes.Slots.Minus(gone).Empty())
	var parts []string
	if n := len(changes.Missing); n > 0 {
		parts = append(parts, fmt.Sprintf("**%d of %d keys cannot be read**", n, before.Len()))
	}
	if n := len(changes.Changed) + len(changes.Added); n > 0 {
		parts = append(parts, fmt.Sprintf("%d keys changed", n))
	}
	if n := len(census.Doubled) + len(census.Stray); n > 0 || census.Hidden > 0 {
		parts = append(parts, fmt.Sprintf("%d keys lie in the wrong place", max(int64(n), census.Hidden)))
	}
	other := func(fault string) bool { return !strings.Contains(fault, " open (") }
	switch {
	case agreement.OK() || kind.Loses:
	case !slices.ContainsFunc(agreement.Faults, other):
		parts = append(parts, "slots stay open")
	default:
		parts = append(parts, "the slot map is not whole: "+brief(agreement.String()))
	}
	o.whole = len(parts) == 0
	if o.text = strings.Join(parts, "; "); o.whole {
		o.text = "whole"
	}
}

func brief(text string) string {
	text = strings.NewReplacer("|", "/", "\n", " ").Replace(text)
	return text[:min(len(text), 120)]
}
