package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Query says which records are wanted. Empty fields want any.
type Query struct {
	Since   time.Time
	Context string
	Node    string
	Plan    string
	Last    int // the newest so many; 0: all
}

func (q Query) wants(r Record) bool {
	return !r.At.Before(q.Since) &&
		(q.Context == "" || q.Context == r.Context) &&
		(q.Node == "" || q.Node == r.Node) &&
		(q.Plan == "" || q.Plan == r.Plan)
}

// Read returns the records of a folder, oldest first, and how many lines could
// not be read. A folder that is not there holds none.
func Read(dir string, q Query) (records []Record, spoiled int, err error) {
	files, err := aside(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("the journal in %s cannot be read: %w", dir, err)
	}
	r := reading{query: q, at: map[string]int{}}
	for _, path := range append(files, filepath.Join(dir, current)) {
		if err := r.file(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, 0, fmt.Errorf("the journal in %s cannot be read: %w", dir, err)
		}
	}
	records = r.records
	if q.Last > 0 && len(records) > q.Last {
		records = records[len(records)-q.Last:]
	}
	return records, r.spoiled, nil
}

type reading struct {
	query   Query
	records []Record
	at      map[string]int // where a record without outcome is
	spoiled int
}

// maxLine bounds one line; what is written here is far shorter.
const maxLine = 16 << 20

func (r *reading) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 64<<10)
	for {
		text, tooLong, err := oneLine(in)
		if tooLong {
			r.spoiled++
		} else if text = bytes.TrimSpace(text); len(text) > 0 {
			r.line(text)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// oneLine reads a line without its end. One that is longer than maxLine is
// skipped.
func oneLine(in *bufio.Reader) (text []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(text)+len(part) > maxLine {
			tooLong, text = true, nil
		}
		if !tooLong {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, tooLong, err
		}
	}
}

func (r *reading) line(text []byte) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil || l.ID == "" {
		r.spoiled++
		return
	}
	if len(l.Sent) == 0 {
		if i, known := r.at[l.ID]; known {
			r.records[i].Outcomes, r.records[i].Took = l.outcomes(), time.Duration(l.TookNano)
			delete(r.at, l.ID)
		}
		return
	}
	record := Record{At: l.At, ID: l.ID, User: l.User, Host: l.Host, Context: l.Context,
		Plan: l.Plan, Node: l.Node, As: l.As, Commands: l.Sent}
	if r.query.wants(record) {
		r.at[l.ID] = len(r.records)
		r.records = append(r.records, record)
	}
}
