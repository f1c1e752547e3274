package cli

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// BenchmarkImport copies 20,000 keys into three primaries, by slotdeck and by
// the server's own tool, and tells how many times faster slotdeck was.
func BenchmarkImport(b *testing.B) {
	const keys = 20000
	server := labtest.Any(b)
	c := labtest.Start(b, lab.Config{Binary: server.Path})
	source := standalone(b, server)
	plant(b, source, keys)
	from := source.Options().Addr
	clients := clientsOf(b, c, 3)
	empty := func() {
		b.Helper()
		for _, one := range clients {
			if err := one.FlushAll(context.Background()).Err(); err != nil {
				b.Fatal(err)
			}
		}
	}
	var own, theirs time.Duration
	for b.Loop() {
		empty()
		began := time.Now()
		if got := run(b, "", nil, "import", c.Seed(), "--from", from, "--copy", "--yes"); got.code != Fine {
			b.Fatalf("code %d: %s", got.code, got.err)
		}
		own += time.Since(began)
		empty()
		began = time.Now()
		tool := exec.CommandContext(b.Context(), filepath.Join(filepath.Dir(server.Path), server.Flavor+"-cli"),
			"--cluster", "import", c.Seed(), "--cluster-from", from, "--cluster-copy")
		if out, err := tool.CombinedOutput(); err != nil {
			b.Fatalf("%v: %.300s", err, out)
		}
		theirs += time.Since(began)
	}
	b.ReportMetric(keys*float64(b.N)/own.Seconds(), "keys/s")
	b.ReportMetric(theirs.Seconds()/own.Seconds(), "times-the-tool")
	b.ReportMetric(0, "ns/op")
}
