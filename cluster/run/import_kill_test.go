package run_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/cluster/wire"
)

// alone is a server in no cluster.
func alone(t *testing.T, server lab.Server) *redis.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	cmd := exec.Command(server.Path, "--port", strconv.Itoa(addr.Port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c := redis.NewClient(&redis.Options{Addr: addr.String(), MaxRetries: -1})
	t.Cleanup(func() { c.Close() })
	labtest.Until(t, time.Minute, "the server answers", func() bool { return c.Ping(context.Background()).Err() == nil })
	return c
}

// imports carries an import out over connections that kill.
func imports(p plan.ImportPlan, seeds []string, o wire.Options) error {
	crew := run.NewMemberCrew(wire.Options{})
	defer crew.Close()
	_, err := run.Import(context.Background(), p, run.ImportOptions{From: o, To: o,
		Look: func(ctx context.Context) (*cluster.Snapshot, error) { return crew.Look(ctx, seeds...) }})
	return err
}

func TestImportIsFinishedWhereverItWasKilled(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	source := alone(t, server)
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	there := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{c.Seed()}})
	t.Cleanup(func() { there.Close() })
	crew := run.NewMemberCrew(wire.Options{})
	t.Cleanup(crew.Close)
	const keys = 200
	name := func(i int) string { return fmt.Sprint("k:", i) }
	ctx := t.Context()
	planned := func() (p plan.ImportPlan, err error) {
		from, err := run.ReadImportSource(ctx, source.Options().Addr, wire.Options{})
		if err != nil {
			return p, err
		}
		s, err := crew.Look(ctx, c.Seed())
		if err != nil {
			return p, err
		}
		return plan.PlanImport(s, plan.ImportRequest{Source: from, DB: -1, TargetDBs: 1})
	}
	// Of a batch, the values for each of three primaries, then the deletion. The
	// first that comes after the last command of all ends the matrix.
	for _, at := range killsAt(1000, 1, 2, 4, 7, 10) {
		for i := range keys {
			if err := source.Set(ctx, name(i), fmt.Sprint("v", at, i), 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range c.Nodes() {
			if err := n.Do(ctx, "FLUSHALL").Err(); err != nil {
				t.Fatal(err)
			}
		}
		p, err := planned()
		if err != nil {
			t.Fatal(err)
		}
		wasKilled := killed(t, errand{Import: &p, Seeds: []string{c.Seed()}, Kill: at})
		for i := range keys {
			want := fmt.Sprint("v", at, i)
			if source.Get(ctx, name(i)).Val() != want && there.Get(ctx, name(i)).Val() != want {
				t.Fatalf("killed at %d, %s is nowhere", at, name(i))
			}
		}
		if p, err = planned(); err == nil {
			if err := imports(p, []string{c.Seed()}, wire.Options{}); err != nil {
				t.Fatal(err)
			}
		} else if reason, _ := plan.ReasonOf(err); reason != plan.NothingToMove {
			t.Fatal(err)
		}
		for i := range keys {
			if got, want := there.Get(ctx, name(i)).Val(), fmt.Sprint("v", at, i); got != want {
				t.Errorf("killed at %d and finished, %s is %q, want %q", at, name(i), got, want)
			}
		}
		if left := source.DBSize(ctx).Val(); left != 0 {
			t.Errorf("killed at %d and finished, %d keys are left at the source", at, left)
		}
		if !wasKilled {
			if at < 10 {
				t.Fatalf("importing sends fewer than %d commands", at)
			}
			break
		}
	}
}
