package backup

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"slotdeck/cluster/wire"
)

// origin is where in the primary's history a copy was taken.
type origin struct {
	ReplID string // of the primary's history
	Offset int64  // bytes of that history that the copy contains
}

const (
	unknownSize = -1 // the primary sends while it reads, and marks the end
	markLength  = 40 // bytes of such a mark
)

var errCopy = errors.New("a primary announces a copy otherwise")

// receive asks a primary for a copy of its data, and writes it. Told is called
// with what has come and what is to come in all, or unknownSize.
func receive(line *wire.Line, w io.Writer, told func(got, total int64)) (o origin, err error) {
	// "eof" lets it send without a file of its own; "rdb-only" spares it the
	// stream of writes that would follow. A server that knows neither says so,
	// and does without.
	for _, a := range line.Pipeline([]any{"REPLCONF", "capa", "eof"}, []any{"REPLCONF", "rdb-only", "1"}) {
		if a.Err != nil && wire.KindOf(a.Err) != wire.Reply {
			return o, a.Err
		}
	}
	line.Send([]any{"PSYNC", "?", "-1"})
	head, err := line.Header("PSYNC")
	if err != nil {
		return o, err
	}
	words := strings.Fields(head)
	if len(words) != 3 || words[0] != "+FULLRESYNC" {
		return o, line.Broken(errCopy, "PSYNC")
	}
	o.ReplID = words[1]
	if o.Offset, err = strconv.ParseInt(words[2], 10, 64); err != nil {
		return o, line.Broken(errCopy, "PSYNC")
	}
	told(0, unknownSize)
	if head, err = line.Header("PSYNC"); err != nil {
		return o, err
	}
	from := &source{line: line, in: line.Stream()}
	if mark, ok := strings.CutPrefix(head, "$EOF:"); ok && len(mark) == markLength {
		return o, from.toMark(w, []byte(mark), told)
	}
	size, err := strconv.ParseInt(strings.TrimPrefix(head, "$"), 10, 64)
	if err != nil || head[0] != '$' || size < 0 {
		return o, line.Broken(errCopy, "PSYNC")
	}
	return o, from.sized(w, size, told)
}

// source is a copy on its way.
type source struct {
	line *wire.Line
	in   *bufio.Reader
}

const chunk = 256 << 10

func (s *source) broken(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return s.line.Broken(err, "receiving the copy")
}

// sized copies so many bytes.
func (s *source) sized(w io.Writer, size int64, told func(got, total int64)) error {
	buf := make([]byte, chunk)
	for got := int64(0); got < size; {
		n, err := s.in.Read(buf[:min(int64(len(buf)), size-got)])
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			got += int64(n)
			told(got, size)
		}
		if err != nil {
			return s.broken(err)
		}
	}
	return nil
}

// toMark copies up to a mark, which is random and so in no data. It may be cut
// anywhere between two reads.
func (s *source) toMark(w io.Writer, mark []byte, told func(got, total int64)) error {
	buf, held := make([]byte, chunk), 0 // the last bytes that came stay, as long as they may be a part of it
	for got := int64(0); ; {
		n, err := s.in.Read(buf[held:])
		held += n
		if at := bytes.Index(buf[:held], mark); at >= 0 {
			_, err := w.Write(buf[:at])
			told(got+int64(at), unknownSize)
			return err
		}
		if err != nil {
			return s.broken(err)
		}
		if out := held - (len(mark) - 1); out > 0 {
			if _, err := w.Write(buf[:out]); err != nil {
				return err
			}
			got += int64(out)
			held = copy(buf, buf[out:held])
			told(got, unknownSize)
		}
	}
}
