package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"time"

	"slotdeck/cluster/spawn"
)

// Line is one connection that is never opened again by itself: for work that
// lives in its connection, such as WATCH and replication. After a broken call
// every later one fails. It is for one goroutine.
type Line struct {
	addr   string
	conn   *patient
	in     *bufio.Reader
	out    *bufio.Writer
	stop   func() bool
	ended  func() error // whether the one who dialled has given up
	broken error

	options Options
	plan    string           // what it is sent for, see Under
	heard   []func([]Answer) // what wants to know the answers to what was sent
}

// maxBulk bounds one value on a Line; servers hold none that is larger unless
// they are told to.
const maxBulk = 1 << 30

// patient is a connection on which no single read or write may take longer
// than the patience.
type patient struct {
	net.Conn
	patience time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	_ = p.SetReadDeadline(time.Now().Add(p.patience)) // of a closed connection: Read tells
	return p.Conn.Read(b)
}

func (p *patient) Write(b []byte) (int, error) {
	_ = p.SetWriteDeadline(time.Now().Add(p.patience))
	return p.Conn.Write(b)
}

// Dial opens a Line and logs in. The end of the context breaks it; patience is
// how long the node may be silent. The error is an *Error.
func Dial(ctx context.Context, addr string, o Options, patience time.Duration) (*Line, error) {
	o = o.withDefaults()
	until, cancel := context.WithTimeout(ctx, o.DialTimeout)
	defer cancel()
	conn, err := o.Dial(until, "tcp", addr)
	if err != nil {
		return nil, explain(&stageError{stage: "connecting to", err: err}, addr, "")
	}
	if o.TLS != nil {
		if conn, err = handshake(until, conn, addr, o.TLS); err != nil {
			return nil, explain(&stageError{stage: "the TLS handshake with", err: err, tls: true}, addr, "")
		}
	}
	p := &patient{conn, patience}
	l := &Line{addr: addr, conn: p, in: bufio.NewReaderSize(p, 64<<10), out: bufio.NewWriterSize(p, 64<<10), ended: ctx.Err, options: o}
	l.plan, _ = ctx.Value(planKey{}).(string)
	l.stop = context.AfterFunc(ctx, spawn.Caught(func() { _ = conn.Close() }))
	if o.Password.Empty() {
		return l, nil
	}
	login := []any{"AUTH", o.Password}
	if o.Username != "" {
		login = []any{"AUTH", o.Username, o.Password}
	}
	if _, err := l.Do(login...); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Addr is the address that was dialled.
func (l *Line) Addr() string { return l.addr }

// Close drops the connection.
func (l *Line) Close() {
	l.heard = nil
	l.stop()
	_ = l.conn.Close() // it is of no use any more
	if l.broken == nil {
		l.broken = net.ErrClosed
	}
}

// Do sends one command and returns its reply: string, int64, []any or nil. The
// error is an *Error.
func (l *Line) Do(args ...any) (any, error) {
	a := l.Pipeline(args)[0]
	return a.Value, a.Err
}

// Pipeline sends commands in one go and returns an answer for each. When the
// line breaks, so do all answers that were not read.
func (l *Line) Pipeline(cmds ...[]any) []Answer {
	l.Send(cmds...)
	return l.Receive(cmds...)
}

// Send puts commands on their way without waiting for the answers, which
// Receive has to read before anything else is sent.
func (l *Line) Send(cmds ...[]any) {
	change := anyChanges(cmds)
	if change && l.options.ReadOnly {
		l.fail(errReadOnly) // not even what reads beside it: the answers would not fit
	}
	if l.broken != nil {
		l.heard = append(l.heard, func([]Answer) {})
		return
	}
	l.heard = append(l.heard, announce(&l.options, l.addr, l.plan, cmds, change))
	for _, cmd := range cmds {
		l.write(cmd)
	}
	l.fail(l.out.Flush())
}

// Receive reads the answers to commands that were sent.
func (l *Line) Receive(cmds ...[]any) []Answer {
	answers := make([]Answer, len(cmds))
	for i, cmd := range cmds {
		v, err := any(nil), l.broken
		if err == nil {
			v, err = l.read(0)
		}
		var reply replyError
		if err != nil && !errors.As(err, &reply) {
			l.fail(err)
			err = l.broken
		}
		if err != nil {
			answers[i].Err = explain(err, l.addr, display(cmd))
			continue
		}
		answers[i].Value = v
	}
	if len(l.heard) > 0 {
		l.heard[0](answers)
		l.heard = l.heard[1:]
	}
	return answers
}

// fail keeps the first reason why the line cannot be used.
func (l *Line) fail(err error) {
	if err != nil && l.broken == nil {
		if l.broken = err; l.ended() != nil {
			l.broken = context.Canceled
		}
	}
}

func (l *Line) write(cmd []any) {
	size := make([]byte, 0, 24)
	head := func(kind byte, n int) {
		size = append(size[:0], kind)
		size = strconv.AppendInt(size, int64(n), 10)
		_, err := l.out.Write(append(size, '\r', '\n'))
		l.fail(err)
	}
	head('*', len(cmd))
	for _, arg := range revealed(cmd) {
		text := word(arg)
		head('$', len(text))
		_, err := l.out.WriteString(text)
		l.fail(err)
		_, err = l.out.WriteString("\r\n")
		l.fail(err)
	}
}

// read reads one reply.
func (l *Line) read(depth int) (any, error) {
	line, err := l.line()
	if err != nil {
		return nil, err
	}
	switch line[0] {
	case '+':
		return line[1:], nil
	case '-':
		return nil, replyError(clean(line[1:], maxQuote))
	case ':':
		n, err := strconv.ParseInt(line[1:], 10, 64)
		if err != nil {
			return nil, rubbish("it began with \"%s\"", clean(line, 40))
		}
		return n, nil
	case '$', '*':
		n, err := strconv.ParseInt(line[1:], 10, 64)
		switch {
		case err != nil || n < -1 || n > maxBulk || line[0] == '*' && n > maxElements || depth > maxDepth:
			return nil, rubbish("a length of \"%s\"", clean(line[1:], 40))
		case n == -1:
			return nil, nil
		case line[0] == '$':
			return l.bulk(int(n))
		}
		return l.array(int(n), depth)
	}
	if line[0] == tlsAlert {
		return nil, errTLSNeeded
	}
	return nil, rubbish("it began with \"%s\"", clean(line, 40))
}

// line reads to the end of a line, which has at least one byte.
func (l *Line) line() (string, error) {
	text, err := l.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", rubbish("a line without an end")
	case err != nil && len(text) > 0 && text[0] == tlsAlert:
		return "", errTLSNeeded
	case err != nil:
		return "", err
	}
	text = text[:len(text)-1]
	if len(text) > 0 && text[len(text)-1] == '\r' {
		text = text[:len(text)-1]
	}
	if len(text) == 0 {
		return "", rubbish("an empty line")
	}
	return string(text), nil
}

// bulk reads a text of n bytes; memory grows with what has come, not with what
// was announced.
func (l *Line) bulk(n int) (any, error) {
	const step = 1 << 20
	text := make([]byte, 0, min(n+2, step))
	for len(text) < n+2 {
		had := len(text)
		text = append(text, make([]byte, min(n+2-had, max(step, had)))...)
		if _, err := io.ReadFull(l.in, text[had:]); err != nil {
			return nil, err
		}
	}
	return string(text[:n]), nil
}

func (l *Line) array(n, depth int) (any, error) {
	list := make([]any, 0, min(n, 1024))
	for range n {
		v, err := l.read(depth + 1)
		var reply replyError
		if errors.As(err, &reply) { // inside of EXEC's answer
			v, err = reply, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// Header reads one line of what a primary sends to a replica, without its end.
// Empty lines, by which it says that it is still preparing, are passed over.
func (l *Line) Header(tried string) (string, error) {
	for l.broken == nil {
		next, err := l.in.Peek(1)
		if err == nil && (next[0] == '\n' || next[0] == '\r') {
			_, err = l.in.Discard(1)
			l.fail(err)
			continue
		}
		line, err := l.line()
		if err != nil {
			l.fail(err)
			break
		}
		if line[0] == '-' {
			return "", explain(replyError(clean(line[1:], maxQuote)), l.addr, tried)
		}
		return line, nil
	}
	return "", l.Broken(l.broken, tried)
}

// Stream is the rest of what the node sends, as it is: for replication.
func (l *Line) Stream() *bufio.Reader { return l.in }

// Broken explains an error of Stream.
func (l *Line) Broken(err error, tried string) error {
	l.fail(err)
	return explain(l.broken, l.addr, tried)
}
