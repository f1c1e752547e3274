package backup

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"slotdeck/cluster/wire"
)

// FuzzReceive lets a primary answer a replica with anything.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("+OK\r\n+OK\r\n+FULLRESYNC 8371 5\r\n$3\r\nabc"))
	f.Add([]byte("+OK\r\n+OK\r\n+FULLRESYNC 8371 5\r\n\n\n$EOF:0123456789012345678901234567890123456789\r\nabc0123456789012345678901234567890123456789"))
	f.Add([]byte("-ERR x\r\n-ERR y\r\n+FULLRESYNC a b\r\n"))
	f.Add([]byte("+OK\r\n+OK\r\n+FULLRESYNC a 1\r\n$99999999999999\r\nx"))
	f.Fuzz(func(t *testing.T, text []byte) {
		near, far := net.Pipe()
		go func() { // ends with the connection
			go func() { _, _ = io.Copy(io.Discard, far) }()
			_, _ = far.Write(text)
			_ = far.Close()
		}()
		line, err := wire.Dial(t.Context(), "h:1", wire.Options{Dial: dialTo(near)}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		defer line.Close()
		var got bytes.Buffer
		if _, err := receive(line, &got, func(int64, int64) {}); got.Len() > len(text) {
			t.Errorf("%d bytes were made of %d (%v)", got.Len(), len(text), err)
		}
		s := newSeal()
		_, _ = s.Write(text)
		_, _, _ = s.judge()
	})
}

func dialTo(c net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return c, nil }
}
