package fake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster/spawn"
)

// Handler answers a command with bytes on the wire.
type Handler func(c Command) []byte

// Hook decides what becomes of a command before the Handler sees it. It may be
// called by several connections at a time.
type Hook func(c Command) Reply

// Server listens at one loopback address. Close ends it.
type Server struct {
	listener net.Listener
	handle   Handler
	stop     context.CancelFunc
	done     spawn.Group

	mu    sync.Mutex
	hook  Hook
	conns map[net.Conn]struct{}
	count map[string]int
}

// Listen starts a server at a free port of 127.0.0.1, or at addr when it is
// not empty.
func Listen(addr string, handle Handler) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening at %s for a fake node: %w", addr, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{listener: l, handle: handle, stop: stop, conns: map[net.Conn]struct{}{}, count: map[string]int{}}
	s.done.Go(func() { s.accept(ctx) })
	return s, nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// SetHook replaces the hook; nil removes it.
func (s *Server) SetHook(h Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = h
}

// Count is how many commands of this name came, "CLUSTER NODES" for instance.
func (s *Server) Count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[name]
}

// Conns is how many clients are connected.
func (s *Server) Conns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Drop closes every connection, as a restarted node does.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Close stops listening, drops every connection and waits until all have ended.
func (s *Server) Close() {
	s.stop()
	_ = s.listener.Close()
	s.Drop()
	s.done.Wait()
}

func (s *Server) accept(ctx context.Context) {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = struct{}{}
		s.mu.Unlock()
		if ctx.Err() != nil {
			_ = conn.Close() // Close may have dropped the others already
		}
		s.done.Go(func() {
			s.serve(ctx, conn)
			_ = conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

func (s *Server) serve(ctx context.Context, conn net.Conn) {
	in := bufio.NewReaderSize(conn, 2048)
	out := bufio.NewWriterSize(conn, 2048)
	for {
		c, err := readCommand(in)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.count[c.Name()]++
		hook := s.hook
		s.mu.Unlock()
		var r Reply
		if hook != nil {
			r = hook(c)
		}
		if !s.answer(ctx, conn, out, c, r) {
			_ = out.Flush()
			return
		}
		// A real server answers a pipeline in one write.
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
	}
}

// answer reports whether the connection goes on.
func (s *Server) answer(ctx context.Context, conn net.Conn, out *bufio.Writer, c Command, r Reply) bool {
	if r.Delay > 0 {
		_ = out.Flush()
		wait := time.NewTimer(r.Delay)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return false
		}
	}
	if r.Drip {
		if s.drip(ctx, conn, out, c, r) {
			return !r.Close
		}
		return false
	}
	switch {
	case r.Never:
		_ = out.Flush()
		_, _ = io.Copy(io.Discard, conn) // until one side hangs up
		return false
	case r.Raw != nil:
		_, err := out.Write(r.Raw)
		for r.Repeat && err == nil {
			_, err = out.Write(r.Raw)
		}
		return err == nil && !r.Close
	case r.Close:
		return false
	case r.Error != "":
		_, _ = out.Write(Fault(r.Error))
	case r.Text != "":
		_, _ = out.Write(Bulk(r.Text))
	default:
		_, _ = out.Write(s.own(c, r))
	}
	return true
}

// own is the server's own answer, edited where that is wanted.
func (s *Server) own(c Command, r Reply) []byte {
	answer := s.handle(c)
	if r.Edit == nil {
		return answer
	}
	if text, ok := bulkText(answer); ok {
		return Bulk(r.Edit(text))
	}
	return answer
}

// drip sends an answer byte by byte, and reports whether it could.
func (s *Server) drip(ctx context.Context, conn net.Conn, out *bufio.Writer, c Command, r Reply) bool {
	answer := r.Raw
	if answer == nil {
		answer = s.own(c, r)
	}
	if out.Flush() != nil {
		return false
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true) // it is the default; without it the bytes come together
	}
	for i := range answer {
		if ctx.Err() != nil {
			return false
		}
		if _, err := conn.Write(answer[i : i+1]); err != nil {
			return false
		}
	}
	return true
}

var errProtocol = errors.New("not a RESP command")

// readCommand reads one array of bulk strings.
func readCommand(in *bufio.Reader) (Command, error) {
	n, err := readLength(in, '*')
	if err != nil {
		return nil, err
	}
	c := make(Command, n)
	for i := range c {
		size, err := readLength(in, '$')
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(in, b); err != nil {
			return nil, err
		}
		c[i] = string(b[:size])
	}
	return c, nil
}

func readLength(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	line = strings.TrimRight(line, "\r\n")
	if len(line) < 2 || line[0] != kind {
		return 0, errProtocol
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < 0 || n > 1<<20 {
		return 0, errProtocol
	}
	return n, nil
}
