// Command failover answers one question: does a graceful failover lose a write,
// and how long does a client wait for it?
//
// On every server it makes a cluster, lets a client write without a rest, and
// has slotdeck hand one shard after the other to its replica, there and back.
// Every acknowledged write is looked up at the end. What is printed is
// Markdown. The exit status is 1 when a write was lost or a failover was not
// verified.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"slotdeck/cluster/lab"
)

// settings are the flags.
type settings struct {
	rounds  int
	rate    int
	timeout time.Duration
}

func main() {
	var s settings
	servers := flag.String("servers", "redis-7.0,redis-8.6,valkey-9.1", "versions, as \"make servers\" names them")
	flag.IntVar(&s.rounds, "rounds", 100, "how many failovers")
	flag.IntVar(&s.rate, "rate", 1500, "writes a second of the client")
	flag.DurationVar(&s.timeout, "node-timeout", lab.DefaultNodeTimeout, "of the cluster")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	clean, err := bench(ctx, strings.Split(*servers, ","), s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-failover:", err)
	}
	if err != nil || !clean {
		stop()
		os.Exit(1)
	}
}

// bench prints a row for each server; clean tells whether nothing was lost.
func bench(ctx context.Context, servers []string, s settings) (clean bool, err error) {
	found, err := lab.Servers(ctx)
	if err != nil {
		return false, err
	}
	fmt.Printf("%d graceful failovers on each, %d writes a second, node timeout %v\n\n", s.rounds, s.rate, s.timeout)
	fmt.Println("| server | verified | acknowledged writes | lost | client's pause: median, 95th percentile, longest | until verified: median, longest |\n|---|---:|---:|---:|---:|---:|")
	clean = true
	for _, name := range servers {
		server, err := choose(found, name)
		if err != nil {
			return false, err
		}
		r, err := measure(ctx, server, s)
		if err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
		fmt.Println(r)
		for _, why := range r.unverified {
			fmt.Println("\n" + name + ": not verified: " + why)
		}
		if !r.verdict.OK() {
			fmt.Printf("\n%s: %v\n", name, r.verdict)
		}
		clean = clean && r.verdict.OK() && len(r.unverified) == 0
	}
	return clean, nil
}

func choose(found []lab.Server, name string) (lab.Server, error) {
	for _, s := range found {
		if s.Name == name {
			return s, nil
		}
	}
	return lab.Server{}, fmt.Errorf("the server %s was not found; \"make servers\" installs it", name)
}
