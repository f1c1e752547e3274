package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What a backup's folder holds besides the copies.
const (
	listingFile    = "nodes.json"
	nodesFile      = "cluster-nodes.txt"
	sumsFile       = "SHA256SUMS"
	incompleteFile = "INCOMPLETE" // there until everything is written and checked
	partSuffix     = ".part"
)

const incompleteText = "This backup is not complete: it was interrupted, or is still being taken.\nThe next backup into this folder starts again.\n"

// folder is where a backup goes.
type folder string

// open makes the folder, or takes over one whose backup never became complete.
func (f folder) open() error {
	entries, err := os.ReadDir(string(f))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(string(f), 0o700); err != nil {
			return fmt.Errorf("the folder of the backup cannot be made: %w", err)
		}
	case err != nil:
		return fmt.Errorf("the folder of the backup cannot be read: %w", err)
	case len(entries) > 0 && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == incompleteFile }):
		return fmt.Errorf("the folder %s is not empty; a backup wants one of its own", f)
	}
	for _, e := range entries {
		if !ours(e.Name()) {
			return fmt.Errorf("the folder %s holds %q, which no backup writes; use another one", f, e.Name())
		}
	}
	if err := f.write(incompleteFile, incompleteText); err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == incompleteFile {
			continue
		}
		if err := os.Remove(f.path(e.Name())); err != nil {
			return fmt.Errorf("what an interrupted backup left cannot be removed: %w", err)
		}
	}
	return nil
}

// ours reports whether a backup writes files of that name.
func ours(name string) bool {
	name = strings.TrimSuffix(name, partSuffix)
	return strings.HasSuffix(name, ".rdb") || slices.Contains([]string{listingFile, nodesFile, sumsFile, incompleteFile}, name)
}

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// write writes a whole file, under its name only when it is on the disk.
func (f folder) write(name, text string) error {
	file, err := f.begin(name)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return f.finish(name, file, err)
}

// begin opens a file under a name that says that it is not whole.
func (f folder) begin(name string) (*os.File, error) {
	file, err := os.OpenFile(f.path(name+partSuffix), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the backup cannot be written: %w", err)
	}
	return file, nil
}

// finish gives a file its name once it is on the disk; after an error it
// removes it.
func (f folder) finish(name string, file *os.File, err error) error {
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		if err = os.Rename(f.path(name+partSuffix), f.path(name)); err == nil {
			return nil
		}
	}
	if e := os.Remove(f.path(name + partSuffix)); e != nil {
		err = errors.Join(err, e)
	}
	return fmt.Errorf("%s was not written: %w", f.path(name), err)
}

// complete takes the sign away that the backup is not.
func (f folder) complete() error {
	if err := os.Remove(f.path(incompleteFile)); err != nil {
		return fmt.Errorf("the backup is whole, but the file that says it is not cannot be removed: %w", err)
	}
	dir, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("the folder of the backup cannot be read: %w", err)
	}
	defer dir.Close()
	_ = dir.Sync() // not every file system can
	return nil
}
