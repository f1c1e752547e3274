// Bigkeys answers one question: what does a report on the biggest keys cost,
// against the server's own way? It fills a real cluster, times the server's cli
// with --bigkeys on one node after another and "slotdeck bigkeys" on all, holds
// their results against each other, and measures what a client notices: against
// rest right before, and against rest while the same part of a processor is burnt
// for nothing, which is the scheduler's share where all live on one machine.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	keys := flag.Int("keys", 1_000_000, "how many keys")
	primaries := flag.Int("primaries", 3, "over how many primaries")
	server := flag.String("server", "", "the server program; empty: the newest found")
	program := flag.String("slotdeck", "./slotdeck", "the program to measure")
	share := flag.Float64("burn", 0, "for this program itself: burn that many processors until it is killed")
	extra := flag.String("flags", "", "further flags for it, such as --rate=50000")
	flag.Parse()
	if *share > 0 {
		burn(ctx, *share)
		return
	}
	if err := run(ctx, *keys, *primaries, *server, *program, strings.Fields(*extra)); err != nil {
		fmt.Fprintln(os.Stderr, "bigkeys:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, keys, primaries int, server, program string, extra []string) error {
	c, err := lab.Start(ctx, lab.Config{Binary: server, Primaries: primaries, NodeTimeout: 15 * time.Second})
	if err != nil {
		return err
	}
	defer c.Stop()
	fmt.Printf("%s, %d primaries, %d keys of all types\n", c.Server, primaries, keys)
	if err := c.Fill(ctx, keys); err != nil {
		return err
	}
	theirs := counts{}
	began := time.Now()
	for _, n := range c.Nodes() {
		out, err := exec.CommandContext(ctx, cliOf(c.Server), "-p", strconv.Itoa(n.Port), "--bigkeys").Output()
		if err != nil {
			return fmt.Errorf("the server's cli on %s: %w", n.Addr, err)
		}
		theirs.read(string(out))
	}
	sum := time.Since(began)
	share := sum / time.Duration(primaries)
	fmt.Printf("the server's cli    %v for one node after another, %v divided by the nodes\n", sum.Round(10*time.Millisecond), share.Round(10*time.Millisecond))

	for _, with := range [][]string{nil, {"--memory"}, {"--hurry"}} {
		rest := probe(ctx, c, restFor, nil)
		got, err := measure(ctx, c, program, slices.Concat(extra, with))
		if err != nil {
			return err
		}
		processors := got.cpu.Seconds() / got.took.Seconds()
		burnt, err := burning(ctx, c, processors)
		if err != nil {
			return err
		}
		fmt.Printf("slotdeck %-10s %v, %.2f of that; %d MiB at most; %.2f processors\n", strings.Join(with, " "), got.took.Round(10*time.Millisecond),
			got.took.Seconds()/share.Seconds(), got.rss>>20, processors)
		fmt.Printf("  a client's PING   p50 %v, p99 %v; at rest before %v, %v (%.1f times); at rest with as much burnt %v, %v (%.1f times)\n",
			got.during.p50, got.during.p99, rest.p50, rest.p99, times(got.during, rest), burnt.p50, burnt.p99, times(got.during, burnt))
		if diff := theirs.diff(got.counts); diff != "" {
			return fmt.Errorf("the results differ: %s", diff)
		}
	}
	fmt.Println("results             equal to the cli's: keys and elements of every type")
	return nil
}

// restFor is how long a client listens to servers that nobody asks anything.
const restFor = 4 * time.Second

func times(a, b latency) float64 { return float64(a.p99) / float64(b.p99) }

// burning is what a client sees while another program burns processors.
func burning(ctx context.Context, c *lab.Cluster, processors float64) (latency, error) {
	own, err := os.Executable()
	if err != nil {
		return latency{}, err
	}
	cmd := exec.CommandContext(ctx, own, fmt.Sprintf("-burn=%f", processors))
	if err := cmd.Start(); err != nil {
		return latency{}, err
	}
	seen := probe(ctx, c, restFor, nil)
	err = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	return seen, err
}

// burn uses a share of the processors, in short pieces on several threads, as a
// program does that works through answers.
func burn(ctx context.Context, share float64) {
	const threads, piece = 3, 300 * time.Microsecond
	var all sync.WaitGroup
	for range threads {
		all.Go(func() {
			for ctx.Err() == nil {
				for began := time.Now(); time.Since(began) < piece; {
				}
				time.Sleep(time.Duration(float64(piece) * max(0, threads/share-1)))
			}
		})
	}
	all.Wait()
}

// cliOf is the client program beside a server.
func cliOf(s lab.Server) string {
	dir, name := filepath.Split(s.Path)
	return filepath.Join(dir, strings.Replace(name, "-server", "-cli", 1))
}

// counts are keys and elements of each type.
type counts map[string][2]int64

var cliLine = regexp.MustCompile(`(?m)^(\d+) (string|list|set|hash|zset|stream)s? with (\d+) `)

// read adds what the cli prints at its end: "333 lists with 1520 items (…".
func (c counts) read(out string) {
	for _, m := range cliLine.FindAllStringSubmatch(strings.ReplaceAll(out, "hashs", "hash"), -1) {
		keys, _ := strconv.ParseInt(m[1], 10, 64)
		elements, _ := strconv.ParseInt(m[3], 10, 64)
		c[m[2]] = [2]int64{c[m[2]][0] + keys, c[m[2]][1] + elements}
	}
}

func (c counts) diff(o counts) string {
	var out []string
	for kind, n := range c {
		if o[kind] != n && n != [2]int64{} {
			out = append(out, fmt.Sprintf("%s: %d and %d", kind, n, o[kind]))
		}
	}
	if len(c) == 0 {
		out = append(out, "the cli's output was not understood")
	}
	return strings.Join(out, ", ")
}

// measured is one run of slotdeck.
type measured struct {
	took   time.Duration
	rss    int64
	cpu    time.Duration
	during latency
	counts counts
}

func measure(ctx context.Context, c *lab.Cluster, program string, flags []string) (measured, error) {
	cmd := exec.CommandContext(ctx, program, append([]string{"bigkeys", c.Seed(), "-o", "json"}, flags...)...)
	cmd.Stderr = os.Stderr
	var m measured
	done := make(chan struct{})
	var out []byte
	var err error
	go func() { // the probe below waits for it
		defer close(done)
		began := time.Now()
		out, err = cmd.Output()
		m.took = time.Since(began)
	}()
	m.during = probe(ctx, c, time.Hour, done)
	<-done
	if err != nil {
		return m, err
	}
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.rss = usage.Maxrss << 10 // kilobytes, as Linux has it
	}
	var answer struct {
		Types map[string]struct{ Keys, Elements int64 }
	}
	m.counts = counts{}
	if err := json.Unmarshal(out, &answer); err != nil {
		return m, err
	}
	for kind, n := range answer.Types {
		m.counts[kind] = [2]int64{n.Keys, n.Elements}
	}
	return m, nil
}

// latency is what a client saw.
type latency struct{ p50, p99 time.Duration }

// probe is a client that pings each node every two milliseconds, until
// the time is over or the channel closes.
func probe(ctx context.Context, c *lab.Cluster, limit time.Duration, done <-chan struct{}) latency {
	var clients []*redis.Client
	for _, n := range c.Nodes() {
		client := redis.NewClient(&redis.Options{Addr: n.Addr, Protocol: 2, DisableIdentity: true})
		defer client.Close()
		clients = append(clients, client)
	}
	var took []time.Duration
	end := time.After(limit)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
		case <-end:
		case <-ctx.Done():
		case <-tick.C:
			for _, client := range clients {
				began := time.Now()
				client.Ping(ctx)
				took = append(took, time.Since(began))
			}
			continue
		}
		break
	}
	if len(took) == 0 {
		return latency{}
	}
	slices.Sort(took)
	at := func(share float64) time.Duration {
		return took[int(share*float64(len(took)-1))].Round(time.Microsecond)
	}
	return latency{at(0.50), at(0.99)}
}
