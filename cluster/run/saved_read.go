package run

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// savedFiles are files of saved values, line after line. What is remembered of
// them does not grow with the values, only with the number of keys.
type savedFiles struct {
	paths  []string
	newest map[[16]byte]int64 // of each key the line with its newest value
}

// each hands over every line, counted over all files. One that is no saved value
// comes with an error.
func (f *savedFiles) each(take func(line int64, v Saved, err error) error) error {
	nr := int64(0)
	for _, path := range f.paths {
		if err := eachLine(path, func(text []byte) error {
			nr++
			var v Saved
			err := json.Unmarshal(text, &v)
			if err == nil && (len(v.Dump) == 0 || v.DB < 0) {
				err = errors.New("there is no value in it")
			}
			return take(nr, v, err)
		}); err != nil {
			return err
		}
	}
	return nil
}

func eachLine(path string, take func(text []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	for {
		text, err := in.ReadBytes('\n')
		if text = bytes.TrimSpace(text); len(text) > 0 {
			if err := take(text); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", path, err)
		}
	}
}

// keyOf stands for a key of a database.
func keyOf(v Saved) (sum [16]byte) {
	whole := sha256.Sum256(binary.BigEndian.AppendUint32(v.Key, uint32(v.DB)))
	copy(sum[:], whole[:])
	return sum
}

// ReadSaved reads what files of saved values hold, behind so many lines.
func ReadSaved(paths []string, skip int64) (plan.SavedValues, error) {
	_, s, err := readSaved(paths, skip)
	return s, err
}

func readSaved(paths []string, skip int64) (*savedFiles, plan.SavedValues, error) {
	f := &savedFiles{paths: paths, newest: map[[16]byte]int64{}}
	s := plan.SavedValues{Files: paths}
	if err := f.each(func(line int64, v Saved, err error) error {
		if err == nil && line > skip {
			f.newest[keyOf(v)] = line
		}
		return nil
	}); err != nil {
		return f, s, err
	}
	now := time.Now().UnixMilli()
	err := f.each(func(line int64, v Saved, err error) error {
		switch {
		case line <= skip:
			s.Skipped++
		case err != nil:
			s.Bad++
		case f.newest[keyOf(v)] != line:
			s.Older++
		case v.Expires >= 0 && v.Expires <= now:
			s.Expired++
		default:
			s.Values++
			s.Bytes += int64(len(v.Dump))
			s.Slots.Add(keyslot.Of(string(v.Key)))
			s.MaxDB = max(s.MaxDB, v.DB)
			if s.From.IsZero() || v.At.Before(s.From) {
				s.From = v.At
			}
			if v.At.After(s.To) {
				s.To = v.At
			}
		}
		return nil
	})
	return f, s, err
}
