package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster/wire"
)

func open(t *testing.T, dir string) *Writer {
	t.Helper()
	w, err := Open(dir, Who{User: "ann", Host: "desk", Context: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func TestWhatWasSentIsThereBeforeTheAnswerAndWithItAfterwards(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	heard := w.Sending(wire.Announcement{Plan: "p1", Addr: "h:1", User: "op", Commands: []string{"CLUSTER FAILOVER", "SET a b"}})
	before, spoiled, err := Read(dir, Query{})
	if err != nil || spoiled != 0 || len(before) != 1 || before[0].Known() || before[0].Commands[1] != "SET a b" {
		t.Fatalf("%+v, %d, %v", before, spoiled, err)
	}
	heard([]string{"ok", "no permission"})
	after, _, _ := Read(dir, Query{})
	r := after[0]
	if len(after) != 1 || len(r.Outcomes) != 2 || r.Outcomes[1] != "no permission" || r.User != "ann" || r.Host != "desk" ||
		r.Context != "prod" || r.Plan != "p1" || r.Node != "h:1" || r.As != "op" || r.Took <= 0 {
		t.Errorf("%+v", after)
	}
	if info, _ := os.Stat(filepath.Join(dir, current)); info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the journal: %v", info.Mode())
	}
}

func TestFullFilesArePutAsideAndOldOnesGo(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	a.limit, b.limit = 4096, 4096
	var all sync.WaitGroup
	for _, w := range []*Writer{a, b} {
		all.Go(func() {
			for i := range 400 {
				w.Sending(wire.Announcement{Addr: "h:1", Commands: []string{fmt.Sprint("SET k ", i)}})([]string{"ok"})
			}
		})
	}
	all.Wait()
	files, err := aside(dir)
	if err != nil || len(files) != keepFiles {
		t.Errorf("%d files are aside, not %d (%v)", len(files), keepFiles, err)
	}
	records, spoiled, err := Read(dir, Query{})
	if err != nil || spoiled != 0 || len(records) == 0 || a.Trouble() != nil || b.Trouble() != nil {
		t.Fatalf("%d records, %d spoiled, %v, %v, %v", len(records), spoiled, err, a.Trouble(), b.Trouble())
	}
	last := records[len(records)-1]
	if last.Commands[0] != "SET k 399" || !last.Known() {
		t.Errorf("the newest is %+v", last)
	}
}

func TestQueriesChooseAndBrokenLinesAreCounted(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	for i := range 5 {
		w.Sending(wire.Announcement{Plan: fmt.Sprint("p", i%2), Addr: fmt.Sprint("h:", i), Commands: []string{"SET a b"}})([]string{"ok"})
	}
	f, err := os.OpenFile(filepath.Join(dir, current), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "{half a li\n\n", `{"id":"x","ok":99999999999}`, "\n", strings.Repeat("x", 100))
	_ = f.Close()
	for _, c := range []struct {
		q    Query
		want int
	}{
		{Query{}, 5}, {Query{Plan: "p0"}, 3}, {Query{Node: "h:4"}, 1}, {Query{Last: 2}, 2},
		{Query{Context: "other"}, 0}, {Query{Since: time.Now().Add(time.Hour)}, 0},
	} {
		records, spoiled, err := Read(dir, c.q)
		if err != nil || len(records) != c.want || spoiled != 2 {
			t.Errorf("%+v: %d records, %d spoiled, %v", c.q, len(records), spoiled, err)
		}
	}
	if records, _, err := Read(filepath.Join(dir, "nowhere"), Query{}); records != nil || err != nil {
		t.Error(records, err)
	}
}
