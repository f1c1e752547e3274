package wire

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9/logging"
)

// maxLanes is how many calls one node gets at a time. One serves the polling;
// the others are there for actions, which must not wait behind it.
const maxLanes = 3

// Node is one address and the connections to it, opened when first needed. It
// may be used by several goroutines.
type Node struct {
	addr    string
	options Options
	slots   chan struct{} // one token a call in progress

	mu     sync.Mutex
	idle   []*lane // the last used is the first taken, so that spare ones stay spare
	calls  map[*lane]context.CancelFunc
	closed bool

	changer *Node // the same address, logged in as Options.Changer; nil: the same user does both
}

// Answer is what one command of a pipeline brought. A nil reply is a nil Value
// without an error. Err is an *Error.
type Answer struct {
	Value any // string, int64, []any or nil
	Err   error
}

// errNodeClosed is the cause of calls on a closed Node.
var errNodeClosed = errors.New("the node was closed here")

// Open prepares a node at "host:port" (IPv6 in brackets) or "unix:///path".
// Nothing is dialled yet.
func Open(addr string, o Options) *Node {
	// The client library writes to standard error, across the screen. Its only
	// switch is for the whole process, safe to be turned at any time, and what
	// it would say is in the errors already.
	logging.Disable()
	n := &Node{
		addr:    addr,
		options: o.withDefaults(),
		slots:   make(chan struct{}, maxLanes),
		calls:   map[*lane]context.CancelFunc{},
	}
	if o.Changer != nil {
		n.changer = Open(addr, o.asChanger())
	}
	return n
}

// Addr is the address that is dialled.
func (n *Node) Addr() string { return n.addr }

// Close ends the calls in progress and drops the connections. Later calls fail
// with the kind Canceled.
func (n *Node) Close() {
	if n.changer != nil {
		n.changer.Close()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for _, cancel := range n.calls {
		cancel()
	}
	for _, l := range n.idle {
		l.close()
	}
	n.idle = nil
}

// Do sends one command and returns its reply: string, int64, []any or nil. The
// error is an *Error. The call ends with the context's deadline; without one,
// after Options.CallTimeout.
func (n *Node) Do(ctx context.Context, args ...any) (any, error) {
	a := n.Pipeline(ctx, args)[0]
	return a.Value, a.Err
}

// Pipeline sends all commands in one round trip and returns an answer for
// each, in their order. It is no transaction: one may fail and the next succeed.
func (n *Node) Pipeline(ctx context.Context, cmds ...[]any) []Answer {
	answers, _ := n.Exchange(ctx, cmds...)
	return answers
}

// Exchange is Pipeline, and tells the time from sending the commands until the
// first byte came back: the round trip and the first command's work, without
// opening a connection. It is 0 when nothing came back.
func (n *Node) Exchange(ctx context.Context, cmds ...[]any) ([]Answer, time.Duration) {
	return n.answers(ctx, false, cmds)
}

// Exact is Exchange for those who print replies: it tells a status from a
// string, as a Status, and an error within a list, as a Complaint.
func (n *Node) Exact(ctx context.Context, cmds ...[]any) ([]Answer, time.Duration) {
	return n.answers(ctx, true, cmds)
}

func (n *Node) answers(ctx context.Context, exact bool, cmds [][]any) ([]Answer, time.Duration) {
	if len(cmds) == 0 {
		return nil, 0
	}
	change := anyChanges(cmds)
	if change && n.changer != nil {
		return n.changer.answers(ctx, exact, cmds)
	}
	start := time.Now()
	var answers []Answer
	var took time.Duration
	err := errReadOnly
	heard := func([]Answer) {}
	if !change || !n.options.ReadOnly {
		heard = n.announce(ctx, cmds, change && !rehearsing(ctx))
		answers, took, err = n.exchange(ctx, cmds, start, exact)
	}
	if err != nil {
		answers = make([]Answer, len(cmds))
		for i := range answers {
			answers[i].Err = err
		}
	}
	for i := range answers {
		if err := answers[i].Err; err != nil {
			answers[i].Err = explain(err, n.addr, display(cmds[i]))
		}
	}
	heard(answers)
	n.options.Journal.record(n.addr, cmds, answers, start, rehearsing(ctx))
	return answers, took
}

func anyChanges(cmds [][]any) bool {
	for _, cmd := range cmds {
		if knownReading(cmd) == "" && changes(commandName(cmd)) {
			return true
		}
	}
	return false
}

// errReadOnly is the cause of refusals under Options.ReadOnly.
var errReadOnly = errors.New("this connection is read-only, and it would change something, or is not known to change nothing")

// Ping is the time of one PING, there and back, without opening a connection.
func (n *Node) Ping(ctx context.Context) (time.Duration, error) {
	answers, took := n.Exchange(ctx, []any{"PING"})
	return took, answers[0].Err
}

func (n *Node) exchange(ctx context.Context, cmds [][]any, start time.Time, exact bool) ([]Answer, time.Duration, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = start.Add(n.options.CallTimeout)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := n.take(ctx, cancel, deadline)
	if err != nil {
		return nil, 0, err
	}
	defer n.giveBack(l)
	if err := l.connect(ctx, n.addr, &n.options, deadline); err != nil {
		return nil, 0, n.gaveUp(ctx, err)
	}
	conn := l.conn
	answers, err := l.exchange(ctx, cmds, deadline, exact)
	if err != nil {
		return nil, 0, n.gaveUp(ctx, err)
	}
	if slices.ContainsFunc(answers, func(a Answer) bool { return a.Err != nil && strings.HasPrefix(a.Err.Error(), "DENIED") }) {
		l.close() // the server hangs up after such an answer, though not at once
	}
	return answers, conn.firstByte, nil
}

// gaveUp tells a call that was ended from this side from one that broke.
func (n *Node) gaveUp(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return err
}

// take waits for a free lane.
func (n *Node) take(ctx context.Context, cancel context.CancelFunc, deadline time.Time) (*lane, error) {
	select {
	case n.slots <- struct{}{}:
	default:
		wait := time.NewTimer(time.Until(deadline))
		defer wait.Stop()
		select {
		case n.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-wait.C:
			return nil, context.DeadlineExceeded
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		<-n.slots
		return nil, errors.Join(errNodeClosed, context.Canceled)
	}
	l := new(lane)
	if last := len(n.idle) - 1; last >= 0 {
		l, n.idle = n.idle[last], n.idle[:last]
	}
	n.calls[l] = cancel
	return l, nil
}

func (n *Node) giveBack(l *lane) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.calls, l)
	if n.closed {
		l.close()
	} else {
		n.idle = append(n.idle, l)
	}
	<-n.slots
}
