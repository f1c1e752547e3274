package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const folderPrefix = "slotdeck-lab-"

// folder is the temporary folder of one lab. Its lock is held as long as the
// process lives, and tells others that the folder is still in use.
type folder struct {
	path string
	lock *os.File
}

func newFolder(parent string) (*folder, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	sweep(parent, time.Now().Add(-time.Minute))
	path, err := os.MkdirTemp(parent, folderPrefix)
	if err != nil {
		return nil, fmt.Errorf("a temporary folder for the lab cannot be made: %w", err)
	}
	// The servers write their own idea of the folder into replies and logs:
	// without links in it both sides say the same.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	lock, err := lockFile(filepath.Join(path, "lock"))
	if err != nil {
		os.RemoveAll(path)
		return nil, fmt.Errorf("the lab's folder %s cannot be locked: %w", path, err)
	}
	return &folder{path: path, lock: lock}, nil
}

// sweep removes what labs of the past left behind, when even their watchdog
// was lost (a power cut): folders that nobody holds locked, last changed before
// the given moment. What cannot be removed belongs to others and stays.
func sweep(parent string, before time.Time) {
	left, _ := filepath.Glob(filepath.Join(parent, folderPrefix+"*")) // only a bad pattern is an error
	for _, path := range left {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || info.ModTime().After(before) {
			continue
		}
		lock, err := lockFile(filepath.Join(path, "lock"))
		if err != nil {
			continue
		}
		os.RemoveAll(path)
		lock.Close()
	}
}
