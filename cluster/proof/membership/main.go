// Command membership answers one question: how long does slotdeck take to make,
// grow and shrink a cluster, compared with the tool that comes with the server?
//
// Both are run as programs, in turn, on servers freshly started for each run. A
// change counts as done when every node shows it: all list the same nodes, name
// the same owners, call the cluster ok, and replicas are linked. What is printed
// is Markdown. The exit status is 1 when slotdeck was slower, or something
// failed.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster/lab"
)

func main() {
	servers := flag.String("servers", "redis-7.0,valkey-9.1", "versions, as \"make servers\" names them")
	program := flag.String("slotdeck", "./slotdeck", "the program to be measured")
	rounds := flag.Int("rounds", 5, "how often each tool does everything")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	met, err := bench(ctx, strings.Split(*servers, ","), *program, *rounds)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-membership:", err)
	}
	if err != nil || !met {
		stop()
		os.Exit(1)
	}
}

// bar is the times of one change with both tools.
type bar struct {
	server, change string
	ours, theirs   []time.Duration // until every node showed it
	ownEnd, end    []time.Duration // until the tool ended
}

// slack is what is no difference: what starting a program takes, and reading
// every node before anything is sent, which the other tool does not do.
const slack = 100 * time.Millisecond

func (b bar) met() bool { return median(b.ours) <= median(b.theirs)+slack }

func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

// bench measures on all servers; met tells whether slotdeck was never slower.
func bench(ctx context.Context, servers []string, program string, rounds int) (met bool, err error) {
	found, err := lab.Servers(ctx)
	if err != nil {
		return false, err
	}
	var bars []bar
	for _, name := range servers {
		i := slices.IndexFunc(found, func(s lab.Server) bool { return strings.Contains(s.Path, "/"+name+"/") })
		if i < 0 {
			return false, fmt.Errorf("%s is not there; \"make servers\" brings it", name)
		}
		both := [2]tool{{name: "slotdeck", path: program}, toolOf(found[i])}
		var times [2]map[string][]lap
		for t := range both {
			times[t] = map[string][]lap{}
		}
		for round := range rounds {
			for t := range both {
				t = (t + round) % 2 // neither always goes first
				if err := course(ctx, found[i], both[t], times[t]); err != nil {
					return false, fmt.Errorf("%s on %s: %w", both[t].name, name, err)
				}
			}
		}
		for _, change := range changes {
			b := bar{server: found[i].String(), change: change}
			for _, l := range times[0][change] {
				b.ours, b.ownEnd = append(b.ours, l.shown), append(b.ownEnd, l.ended)
			}
			for _, l := range times[1][change] {
				b.theirs, b.end = append(b.theirs, l.shown), append(b.end, l.ended)
			}
			bars = append(bars, b)
		}
	}
	return table(bars, rounds), nil
}

func table(bars []bar, rounds int) (met bool) {
	fmt.Printf("Seconds until every node shows the change (and until the tool ended), medians of %d.\n\n", rounds)
	fmt.Println("| server | change | slotdeck | the server's tool | ratio |")
	fmt.Println("|---|---|---:|---:|---:|")
	met = true
	for _, b := range bars {
		ratio := median(b.theirs).Seconds() / cmp.Or(median(b.ours).Seconds(), 1e-9)
		verdict := ""
		if !b.met() {
			met, verdict = false, " **slower**"
		}
		fmt.Printf("| %s | %s | %.2f (%.2f) | %.2f (%.2f) | %.1f%s |\n", b.server, b.change, median(b.ours).Seconds(), median(b.ownEnd).Seconds(),
			median(b.theirs).Seconds(), median(b.end).Seconds(), ratio, verdict)
	}
	return met
}
