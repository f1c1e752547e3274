package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/proof"
)

// table is what was measured, in Markdown. Ratios are to the first way.
func table(heading string, list []*way) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n| way | median | fastest | slowest | times as fast | the job alone | processor time | client p50 | p99 | worst | p99 on nodes that take no part |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n", heading)
	for _, w := range list {
		l := w.client()
		client := "– | – | – | –"
		if l.N > 0 {
			client = ms(l.P50) + " | " + ms(l.P99) + " | " + ms(l.Worst) + " | "
			if elsewhere := proof.LatencyOf(w.apart); elsewhere.N > 0 {
				client += ms(elsewhere.P99)
			} else {
				client += "–"
			}
		}
		job, busy := "–", "–"
		if len(w.work) > 0 {
			job = fmt.Sprintf("%.3f s", median(w.work).Seconds())
		}
		if len(w.busy) > 0 {
			busy = fmt.Sprintf("%.3f s", median(w.busy).Seconds())
		}
		fmt.Fprintf(&b, "| %s | %.3f s | %.3f s | %.3f s | %.1f | %s | %s | %s |\n", w.name, median(w.took).Seconds(), slices.Min(w.took).Seconds(),
			slices.Max(w.took).Seconds(), ratio(list[0], w), job, busy, client)
	}
	return b.String()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// ratio is how many times as fast as a way another one is.
func ratio(slow, fast *way) float64 { return median(slow.took).Seconds() / median(fast.took).Seconds() }

// bar is something to be reached.
type bar struct {
	server, wanted, measured string
	met                      bool
}

// String is a row of a table.
func (b bar) String() string {
	word := "NOT MET"
	if b.met {
		word = "met"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", b.server, b.wanted, b.measured, word)
}

func find(list []*way, name string) *way {
	if i := slices.IndexFunc(list, func(w *way) bool { return w.name == name }); i >= 0 {
		return list[i]
	}
	return nil
}

// speedBars are how much faster than the tool slotdeck has to be: the factors are
// those that a plain pipelining of the commands exceeds or comes near.
func speedBars(server lab.Server, list []*way) []bar {
	own := find(list, bySlotdeck)
	atLeast := func(times float64, than string) bar {
		r := ratio(find(list, than), own)
		return bar{server.String(), fmt.Sprintf("%s: at least %g times as fast as %s", bySlotdeck, times, than), fmt.Sprintf("%.1f", r), r >= times}
	}
	factor := 4.0
	if server.Flavor == "valkey" {
		factor = 6 // its SETSLOT waits for more
	}
	bars := []bar{atLeast(factor, byTool), atLeast(2, byToolFast)}
	if atomic := find(list, byAtomic); atomic != nil {
		// The bare command finds no nodes and plans nothing, so the job counts.
		bare := median(find(list, byNative).took).Seconds()
		r := median(atomic.work).Seconds() / bare
		bars = append(bars, bar{server.String(), byAtomic + ", the job: within 1.15 times of the " + byNative,
			fmt.Sprintf("%.2f (%.2f from start to exit)", r, median(atomic.took).Seconds()/bare), r <= 1.15})
	}
	return bars
}

// latencyBars compare what the client noticed.
func latencyBars(server lab.Server, list []*way) []bar {
	own, fast := find(list, bySlotdeck).client(), find(list, byToolFast).client()
	if own.N == 0 || fast.N == 0 {
		return nil
	}
	return []bar{{server.String(), bySlotdeck + ": a lower client p99 than " + byToolFast, ms(own.P99) + " and " + ms(fast.P99), own.P99 < fast.P99}}
}
