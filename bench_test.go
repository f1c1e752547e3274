package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"slotdeck/cluster/fake"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// The benchmarks measure the real program in a terminal, from outside: what the
// operator waits for, what goes over the line, what it costs. One iteration is
// one whole measurement, so -benchtime=1x is enough, and -benchtime=20x for
// the times until the first frame. They report by metrics of their own; ns/op
// means nothing here.

// BenchmarkFirstFrame is the time from starting the program to the first whole
// picture of a six-node cluster.
func BenchmarkFirstFrame(b *testing.B) {
	c := sixNodes(b)
	firstFrame(b, c, whole...)
}

// BenchmarkFirstFrameWithTwoFrozen is the same while two of the six nodes hold
// their connections and do not answer.
func BenchmarkFirstFrameWithTwoFrozen(b *testing.B) {
	c := sixNodes(b)
	for _, n := range c.Nodes()[4:] {
		if err := n.Freeze(); err != nil {
			b.Fatal(err)
		}
		defer n.Thaw()
	}
	firstFrame(b, c, "4/6 nodes", "16384/16384 slots")
}

func firstFrame(b *testing.B, c *lab.Cluster, texts ...string) {
	var times []float64
	for b.Loop() {
		s := startWith(b, pty.Winsize{Cols: 120, Rows: 40}, nil, c.Seed())
		times = append(times, ms(s.shows(texts...)))
		s.kill()
	}
	report(b, times, "ms")
}

// BenchmarkBytesPerTick is how much goes to the terminal each second while
// twelve nodes serve traffic and nobody presses a key.
func BenchmarkBytesPerTick(b *testing.B) {
	show := busyTwelve(b)
	for _, size := range []pty.Winsize{{Cols: 160, Rows: 45}, {Cols: 80, Rows: 24}} {
		for _, screen := range []string{"1", "2", "3"} {
			b.Run(fmt.Sprintf("%dx%d/screen%s", size.Cols, size.Rows, screen), func(b *testing.B) {
				s := startWith(b, size, nil, show.Seed())
				defer s.kill()
				s.shows("12/12 nodes")
				s.press(screen)
				s.rests()
				const ticks = 10
				var perTick []float64
				for b.Loop() {
					before := s.count()
					<-time.After(ticks * time.Second)
					perTick = append(perTick, float64(s.count()-before)/ticks)
				}
				report(b, perTick, "B/tick")
			})
		}
	}
}

// BenchmarkBytesPerKey is how much goes to the terminal for one key press on
// each kind of key, while nothing else changes.
func BenchmarkBytesPerKey(b *testing.B) {
	show := busyTwelve(b)
	for _, keys := range []struct{ name, screen, there, back string }{
		{"cursor in shards", "1", "j", "k"},
		{"cursor in nodes", "3", "j", "k"},
		{"cursor in slots", "2", "\x1b[C", "\x1b[D"},
		{"overview and nodes", "1", "3", "1"},
		{"overview and slots", "1", "2", "1"},
		{"help and back", "1", "?", "\x1b"},
	} {
		b.Run(keys.name, func(b *testing.B) {
			s := startWith(b, pty.Winsize{Cols: 160, Rows: 45}, nil, "--interval", "1m", show.Seed())
			defer s.kill()
			s.shows("12/12 nodes")
			s.press(keys.screen)
			s.rests()
			var bytes []float64
			for b.Loop() {
				for _, key := range []string{keys.there, keys.back} {
					before := s.count()
					s.press(key)
					s.rests()
					bytes = append(bytes, float64(s.count()-before))
				}
			}
			report(b, bytes, "B/key")
		})
	}
}

// BenchmarkKeyLatency is the time from a key press to the first byte of the
// changed screen, on a healthy cluster and on one with a frozen node.
func BenchmarkKeyLatency(b *testing.B) {
	for _, frozen := range []int{0, 1} {
		b.Run(fmt.Sprintf("frozen%d", frozen), func(b *testing.B) {
			c := sixNodes(b)
			for _, n := range c.Nodes()[6-frozen:] {
				if err := n.Freeze(); err != nil {
					b.Fatal(err)
				}
				defer n.Thaw()
			}
			s := start(b, c.Seed())
			defer s.kill()
			s.shows(fmt.Sprintf("%d/6 nodes", 6-frozen))
			s.press("3")
			s.rests()
			const presses = 100
			var times []float64
			for b.Loop() {
				for i := range presses {
					times = append(times, ms(s.answers([]string{"j", "k"}[i%2])))
				}
			}
			report(b, times, "ms")
		})
	}
}

// BenchmarkIdle is what the program costs while nobody touches it: processor
// time in percent of one core, and resident memory.
func BenchmarkIdle(b *testing.B) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		b.Skip("processor time is read from /proc, which is not here")
	}
	c := sixNodes(b)
	s := start(b, c.Seed())
	defer s.kill()
	s.shows(whole...)
	s.rests()
	const span = 10 * time.Second
	var busy []float64
	for b.Loop() {
		before := s.processorTime()
		<-time.After(span)
		busy = append(busy, 100*(s.processorTime()-before).Seconds()/span.Seconds())
	}
	report(b, busy, "%cpu")
	b.ReportMetric(s.residentMiB(), "MiB-rss")
}

// BenchmarkLargeCluster is what the program costs on three hundred nodes that
// answer at once (they are pretended), and how soon it answers a key there.
func BenchmarkLargeCluster(b *testing.B) {
	const nodes = 300
	c, err := fake.Start(nodes/2, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	s := start(b, c.Addr(fake.ID(0)))
	defer s.kill()
	all := ms(s.shows(fmt.Sprintf("%d/%d nodes", nodes, nodes)))
	const span = 10 * time.Second
	var busy, times []float64
	for b.Loop() {
		s.press("1")
		s.rests()
		before := s.processorTime()
		<-time.After(span)
		busy = append(busy, 100*(s.processorTime()-before).Seconds()/span.Seconds())
		s.press("3")
		for i := range 50 {
			times = append(times, ms(s.answers([]string{"j", "k"}[i%2])))
		}
	}
	report(b, busy, "%cpu")
	report(b, times, "ms")
	b.ReportMetric(all, "ms-to-all")
	b.ReportMetric(s.residentMiB(), "MiB-rss")
}

// busyTwelve is a cluster of twelve nodes with keys and traffic.
func busyTwelve(b *testing.B) *lab.Cluster {
	b.Helper()
	c := labtest.Start(b, lab.Config{Primaries: 6, Replicas: 1})
	if err := c.Fill(b.Context(), 5000); err != nil {
		b.Fatal(err)
	}
	c.Traffic(b.Context(), 500)
	return c
}

// rests waits until nothing came for longer than two frames take, but less
// than a tick.
func (s *session) rests() {
	s.t.Helper()
	for {
		select {
		case <-s.changed:
		case <-time.After(150 * time.Millisecond):
			return
		}
	}
}

// answers presses a key and waits for the cells to change.
func (s *session) answers(key string) time.Duration {
	s.t.Helper()
	s.rests()
	before := s.cells()
	pressed := time.Now()
	s.press(key)
	s.until("an answer to "+key, func(string) bool { return s.cells() != before })
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.Sub(pressed)
}

// cells is the screen with its colours: a cursor may show by colour alone.
func (s *session) cells() string {
	s.screen.Lock()
	defer s.screen.Unlock()
	cols, rows := s.screen.Size()
	var b strings.Builder
	for y := range rows {
		for x := range cols {
			g := s.screen.Cell(x, y)
			fmt.Fprintf(&b, "%c%d,%d,%d ", g.Char, g.Mode, g.FG, g.BG)
		}
	}
	return b.String()
}

// processorTime is what the program has used so far, in user and system mode.
func (s *session) processorTime() time.Duration {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	const hertz = 100 // what Linux tells user space on every platform that Go runs on
	return time.Duration(user+system) * time.Second / hertz
}

func (s *session) residentMiB() float64 {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024
		}
	}
	s.t.Fatal("the resident memory is not told")
	return 0
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// report gives the median, the 95th percentile and the worst.
func report(b *testing.B, values []float64, unit string) {
	slices.Sort(values)
	at := func(share float64) float64 { return values[min(len(values)-1, int(share*float64(len(values))))] }
	b.ReportMetric(at(0.5), unit+"-p50")
	b.ReportMetric(at(0.95), unit+"-p95")
	b.ReportMetric(values[len(values)-1], unit+"-max")
}
