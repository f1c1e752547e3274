package audit

import (
	"os"
	"path/filepath"
	"testing"
)

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"id":"1","at":"2026-01-02T03:04:05Z","sent":["SET a b"]}` + "\n" + `{"id":"1","outcome":"ok"}` + "\n"))
	f.Add([]byte("{}\n\x00\n[]\n{\"id\":\"x\",\"outcomes\":[null]}\n{\"id\":"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, current), text, 0o600); err != nil {
			t.Fatal(err)
		}
		records, spoiled, err := Read(dir, Query{Last: 10})
		if err != nil || len(records) > 10 || spoiled < 0 {
			t.Errorf("%d records, %d lines spoiled, %v", len(records), spoiled, err)
		}
		for _, r := range records {
			if r.ID == "" || len(r.Commands) == 0 {
				t.Errorf("%+v", r)
			}
		}
	})
}
