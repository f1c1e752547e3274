package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster/wire"
)

// How much is kept: files of maxFile bytes, at most keepFiles of them besides
// the one that is written.
const (
	maxFile   = 16 << 20
	keepFiles = 8
)

const current = "journal.jsonl"

// Who is what every record of a program's run has in common.
type Who struct{ User, Host, Context string }

// Writer appends to the journal in a folder. It is a wire.Audit. Several
// programs may write to the same folder.
type Writer struct {
	dir   string
	who   Who
	name  string // unlike that of any other Writer
	limit int64

	mu      sync.Mutex
	file    *os.File
	size    int64
	counter uint64
	trouble error
}

// Open makes the folder ready, with nobody but its owner allowed in.
func Open(dir string, who Who) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the journal's folder %s cannot be made: %w", dir, err)
	}
	w := &Writer{dir: dir, who: who, limit: maxFile, name: strconv.FormatInt(time.Now().UnixNano(), 36) + "-" + strconv.Itoa(os.Getpid())}
	if err := w.open(); err != nil {
		return nil, fmt.Errorf("the journal in %s cannot be written: %w", dir, err)
	}
	return w, nil
}

// Sending writes what is about to be sent.
func (w *Writer) Sending(a wire.Announcement) (heard func(outcomes []string)) {
	start := time.Now()
	w.mu.Lock()
	w.counter++
	id := fmt.Sprintf("%s-%d", w.name, w.counter)
	w.mu.Unlock()
	w.write(line{At: start.UTC(), ID: id, User: w.who.User, Host: w.who.Host, Context: w.who.Context,
		Plan: a.Plan, Node: a.Addr, As: a.User, Sent: a.Commands})
	return func(outcomes []string) {
		now := time.Now()
		w.write(outcome(id, now.UTC(), now.Sub(start), outcomes))
	}
}

// Trouble is the first error in writing; nothing is held up by it.
func (w *Writer) Trouble() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}

// Close closes the file.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	return err
}

func (w *Writer) write(l line) {
	text, err := json.Marshal(l)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		err = w.append(append(text, '\n'))
	}
	if err != nil && w.trouble == nil {
		w.trouble = fmt.Errorf("the journal in %s is incomplete: %w", w.dir, err)
	}
}

func (w *Writer) append(text []byte) error {
	if w.file == nil {
		return fs.ErrClosed
	}
	if w.size+int64(len(text)) > w.limit {
		if err := w.rotate(); err != nil {
			return err
		}
	}
	n, err := w.file.Write(text) // one write a line, so that programs do not mix theirs
	w.size += int64(n)
	return err
}

func (w *Writer) open() error {
	file, err := os.OpenFile(filepath.Join(w.dir, current), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return err
	}
	w.file, w.size = file, info.Size()
	return nil
}

// rotate puts the full file aside under the time it was full, unless another
// program has done so already.
func (w *Writer) rotate() error {
	path := filepath.Join(w.dir, current)
	if mine, err := w.file.Stat(); err == nil {
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			aside := filepath.Join(w.dir, "journal-"+time.Now().UTC().Format("20060102T150405.000000000")+".jsonl")
			// Between the look and this another program may have been first.
			if err := os.Rename(path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	_ = w.file.Close()
	if err := w.open(); err != nil {
		w.file = nil
		return err
	}
	return w.prune()
}

// prune removes the oldest files.
func (w *Writer) prune() error {
	old, err := aside(w.dir)
	if err != nil {
		return err
	}
	for len(old) > keepFiles {
		if err := os.Remove(old[0]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		old = old[1:]
	}
	return nil
}

// aside are the full files, oldest first.
func aside(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "journal-") && strings.HasSuffix(e.Name(), ".jsonl") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(files)
	return files, nil
}
