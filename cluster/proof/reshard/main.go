// Command reshard answers one question: how fast does slotdeck move slots,
// compared with the tool that comes with the server and with the server's bare
// commands, and what does a client notice meanwhile?
//
// All ways move the same slots of the same data on the same servers, there and
// back, in turn, several times, while a client writes. What is printed is
// Markdown. The exit status is 1 when a bar was not met, a move failed, or a
// write was lost.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"slotdeck/cluster/lab"
)

// settings are the flags.
type settings struct {
	servers []string
	keys    int
	size    int
	slots   int
	pairs   int
	rate    int
	parts   []string
	program string
}

func main() {
	var s settings
	servers := flag.String("servers", "redis-7.0,valkey-8.1,valkey-9.1,redis-8.6", "versions, as \"make servers\" names them")
	parts := flag.String("parts", "full,empty,spread", "full: slots with keys; empty: 1,000 slots without; spread: 4 primaries to 8")
	flag.IntVar(&s.keys, "keys", 1_000_000, "how many keys")
	flag.IntVar(&s.size, "size", 100, "bytes of each value")
	flag.IntVar(&s.slots, "slots", 1000, "how many slots are moved")
	flag.IntVar(&s.pairs, "pairs", 3, "how often each way moves them there and back")
	flag.IntVar(&s.rate, "rate", 500, "writes a second of the client that watches; 0: no client")
	flag.StringVar(&s.program, "slotdeck", "./slotdeck", "the program to be measured")
	flag.Parse()
	s.servers, s.parts = strings.Split(*servers, ","), strings.Split(*parts, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	met, err := bench(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-reshard:", err)
	}
	if err != nil || !met {
		stop()
		os.Exit(1)
	}
}

// bench measures all parts on all servers; met tells whether every bar was.
func bench(ctx context.Context, s settings) (met bool, err error) {
	found, err := lab.Servers(ctx)
	if err != nil {
		return false, err
	}
	met = true
	var bars []bar
	for _, name := range s.servers {
		server, err := choose(found, name)
		if err != nil {
			return false, err
		}
		for _, part := range s.parts {
			measure, ok := map[string]func(context.Context, lab.Server, settings) ([]bar, error){
				"full": full, "empty": empty, "spread": spread,
			}[part]
			if !ok {
				return false, fmt.Errorf("there is no part %q; there are full, empty and spread", part)
			}
			more, err := measure(ctx, server, s)
			if err != nil {
				return false, fmt.Errorf("%s, %s: %w", name, part, err)
			}
			bars = append(bars, more...)
		}
	}
	fmt.Println("\n## Bars\n\n| server | bar | measured | |\n|---|---|---|---|")
	for _, b := range bars {
		fmt.Println(b)
		met = met && b.met
	}
	return met, nil
}

func choose(found []lab.Server, name string) (lab.Server, error) {
	for _, s := range found {
		if s.Name == name {
			return s, nil
		}
	}
	return lab.Server{}, fmt.Errorf("the server %s was not found; \"make servers\" installs it", name)
}
