package run

import (
	"os"
	"path/filepath"
	"testing"

	"slotdeck/cluster"
)

func clusterOf(ids ...cluster.NodeID) *cluster.Snapshot {
	s := &cluster.Snapshot{}
	for _, id := range ids {
		s.Nodes = append(s.Nodes, cluster.Node{ID: id})
	}
	return s
}

func TestWhatIsRememberedOfAClusterIsFoundThoughNodesComeAndGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	before, after, other := clusterOf("a", "b", "c"), clusterOf("c", "d"), clusterOf("x")
	var got string
	if Recall(dir, "note", before, &got) {
		t.Error("something is remembered before anything was")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(Remember(dir, "note", before, "one"))
	must(Remember(dir, "note", other, "two"))
	must(Remember(dir, "other", before, "three"))
	if !Recall(dir, "note", after, &got) || got != "one" {
		t.Errorf("of the changed cluster: %q", got)
	}
	must(Remember(dir, "note", after, "four"))
	if files, _ := filepath.Glob(filepath.Join(dir, "note-*.json")); len(files) != 2 {
		t.Errorf("two clusters have %d files", len(files))
	}
	if !Recall(dir, "note", clusterOf("d", "e"), &got) || got != "four" {
		t.Errorf("after another change: %q", got)
	}
	must(Forget(dir, "note", after))
	if Recall(dir, "note", after, &got) || !Recall(dir, "note", other, &got) || got != "two" {
		t.Errorf("forgotten was the wrong one, %q", got)
	}
	must(Forget(dir, "note", after))
	files, _ := filepath.Glob(filepath.Join(dir, "note-*.json"))
	must(os.WriteFile(files[0], []byte("{rubbish"), 0o600))
	if Recall(dir, "note", other, &got) {
		t.Error("rubbish is remembered")
	}
	if Remember(dir, "note", &cluster.Snapshot{}, "five") == nil {
		t.Error("something is remembered of a cluster that is not known")
	}
}
