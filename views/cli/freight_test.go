package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
	"slotdeck/views"
)

// freightOf is what the console has for a cluster, without its screens.
func freightOf(t *testing.T, c *lab.Cluster, password string) *freight {
	t.Helper()
	options := wire.Options{Password: wire.NewSecret(password)}
	nodes := newMembers(options, []string{c.Seed()})
	steps := newConductor(nil)
	t.Cleanup(nodes.leave)
	t.Cleanup(steps.leave)
	return &freight{steps, nodes, options}
}

// brought carries a wish out, and returns how it ended.
func brought(t *testing.T, f *freight, w views.FreightWish) (end views.ConductState) {
	t.Helper()
	p, err := f.Plan(t.Context(), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	for s := range f.Start(w, p, nil).States() {
		end = s
	}
	return end
}

func TestConsoleTakesABackupAndBringsItIntoAnotherCluster(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	c := labtest.Start(t, lab.Config{Binary: server.Path, Password: "pw"})
	if err := c.Fill(t.Context(), 900); err != nil {
		t.Fatal(err)
	}
	want := dumps(t, clientsOf(t, c, 3)...)
	dir := filepath.Join(t.TempDir(), "b")
	f := freightOf(t, c, "pw")
	end := brought(t, f, views.FreightWish{Folder: dir})
	if !end.Done || !end.OK || len(end.Steps) != 3 || end.Left != 0 || !strings.Contains(end.Steps[0].Note, "checksum ok") {
		t.Fatalf("%+v", end)
	}
	if _, err := os.Stat(filepath.Join(dir, "SHA256SUMS")); err != nil {
		t.Error(err)
	}
	if end = brought(t, f, views.FreightWish{Folder: dir}); end.OK || !strings.Contains(end.End, "is not empty") {
		t.Errorf("into the same folder once more: %+v", end)
	}

	fresh := labtest.Start(t, lab.Config{Binary: server.Path})
	into := freightOf(t, fresh, "")
	files, err := filepath.Glob(filepath.Join(dir, "*.rdb"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		source := standalone(t, server, "dir "+dir, "dbfilename "+filepath.Base(file), "requirepass there")
		wish := views.FreightWish{From: source.Options().Addr, Copy: true, DB: -1}
		if _, err := into.Plan(t.Context(), wish, nil); err == nil {
			t.Error("without its password the source is read")
		}
		wish.Password = "there"
		if end = brought(t, into, wish); !end.Done || !end.OK || !strings.Contains(end.End, "keys imported") {
			t.Fatalf("%+v", end)
		}
	}
	sameKeys(t, dumps(t, clientsOf(t, fresh, 3)...), want)
}

func TestConsoleBeginsNoFreightThatItDidNotPlan(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	if err := c.Fill(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	f := freightOf(t, c, "")
	wish := views.FreightWish{Folder: filepath.Join(t.TempDir(), "b")}
	p, err := f.Plan(t.Context(), wish, nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, Fine, "reshard", c.Seed(), "--from", c.Nodes()[0].Addr, "--to", c.Nodes()[1].Addr, "--slots", "1", "--yes")
	labtest.Until(t, time.Minute, "all name the same owners", func() bool {
		s, err := f.nodes.crew.Look(t.Context(), c.Seed())
		return err == nil && s.Agreement().Full() && len(s.Disputes) == 0 && cluster.CoverageOf(s).Served.Len() == 16384
	})
	var end views.ConductState
	for s := range f.Start(wish, p, nil).States() {
		end = s
	}
	if end.OK || !strings.Contains(end.End, "has changed since the plan was made") {
		t.Errorf("%+v", end)
	}
	if _, err := os.Stat(wish.Folder); err == nil {
		t.Error("a folder was made")
	}
	if _, err := f.Plan(t.Context(), views.FreightWish{From: c.Nodes()[1].Addr}, nil); err == nil || !strings.Contains(err.Error(), "is in cluster mode") {
		t.Errorf("%v", err)
	}
}
