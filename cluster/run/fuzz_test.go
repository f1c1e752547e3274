package run

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/fake"
	"slotdeck/cluster/wire"
)

// FuzzReplies reads one reply as everything that is asked of nodes on the way.
func FuzzReplies(f *testing.F) {
	for _, s := range []string{
		`["id","abc","slots","0-10 12","state","failed","last_error","x","retries",3,"operation","migrate"]`,
		`["name","abc","slot_ranges","0-10","state","success","operation","EXPORT","target_node","b"]`,
		`[["direction","to","node","a","send-buffer-used",5]]`, `[["library_name","l"]]`, `["maxmemory","5","maxmemory"]`, `["slots","99999-0"]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reply, ok := fake.Value(text)
		if !ok {
			return
		}
		for _, read := range []func(any) task{redisTask, valkeyTask} {
			got := read(reply)
			for _, r := range got.slots.Ranges() {
				if r.Last > 16383 || r.First > r.Last {
					t.Errorf("%v", r)
				}
			}
			if !utf8.ValidString(plain(got.message)) {
				t.Errorf("%q", plain(got.message))
			}
		}
		waitingIn(reply)
		if _, err := librariesIn(wire.Answer{Value: reply}); err != nil {
			t.Error(err)
		}
		pairsOf(reply)
		_, _ = namesOf(reply)
	})
}

func FuzzClientList(f *testing.F) {
	f.Add("id=1 addr=10.0.0.9:5000 name="+claimName+"job\nid=2 name="+wishName+"x addr=\n", "db0:keys=5,expires=1\r\ndb1:keys=99999999999999999999")
	f.Fuzz(func(t *testing.T, list, info string) {
		for _, r := range rivals("id", list, "own") {
			if r.Other == "own" {
				t.Error("it is its own rival")
			}
		}
		keysTold(info)
	})
}

// FuzzFilesOfState gives all files that are kept between two runs any content.
func FuzzFilesOfState(f *testing.F) {
	f.Add([]byte(`{"slotdeck_checkpoint":1,"job":"j","driver":"migrate","in_flight":"4","node_timeouts_to_restore_ms":{"a":5},"plan":{"id":"x","nodes":[{"id":"a"}],"moves":[{"from":"a","to":"b","slots":"0-5"}]},"done":"0-3"}`))
	f.Add([]byte(`{"slotdeck_memory":1,"nodes":["07c37dfeb235213a872192d90877d0cd55635b91"],"what":[{"id":"x","until":"2030-01-01T00:00:00Z"}]}`))
	view, err := cluster.ParseNodes("07c37dfeb235213a872192d90877d0cd55635b91 10.0.0.1:7001@17001 myself,master - 0 0 7 connected 0-16383\n")
	if err != nil {
		f.Fatal(err)
	}
	n := cluster.Node{Dialled: "10.0.0.1:7001", Health: cluster.Answering}
	n.View.Value = view
	s := cluster.Merge(nil, cluster.Inputs{Seq: 1, Nodes: []cluster.Node{n}})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range []string{"move-1.json", "muted-1.json"} {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if c := newestCheckpoint(dir, s); c != nil {
			c.outdated(s)
		}
		var mutes []doctor.Mute
		Recall(dir, "muted", s, &mutes)
	})
}
