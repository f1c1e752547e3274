//go:build unix

package lab

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSweepRemovesOnlyOldFoldersThatNobodyHolds(t *testing.T) {
	parent := t.TempDir()
	make := func(name string) string {
		path := filepath.Join(parent, name)
		if err := os.MkdirAll(filepath.Join(path, "7001"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	abandoned := make(folderPrefix + "1")
	unlocked := make(folderPrefix + "2")
	held := make(folderPrefix + "3")
	foreign := make("somebody-elses")
	for _, path := range []string{abandoned, held} {
		lock, err := lockFile(filepath.Join(path, "lock"))
		if err != nil {
			t.Fatal(err)
		}
		if path == abandoned {
			lock.Close()
		} else {
			defer lock.Close()
		}
	}

	sweep(parent, time.Now().Add(-time.Hour))
	for _, path := range []string{abandoned, unlocked, held, foreign} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("a young folder was swept: %v", err)
		}
	}
	sweep(parent, time.Now().Add(time.Hour))
	for path, want := range map[string]bool{abandoned: false, unlocked: false, held: true, foreign: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there: %v, want %v", filepath.Base(path), err == nil, want)
		}
	}
}
