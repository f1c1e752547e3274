package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/wire"
)

// Exit is the code that the program ends with.
type Exit int

// The exit codes. They are part of the interface: scripts branch on them.
const (
	Fine        Exit = 0
	No          Exit = 1
	Usage       Exit = 2
	Unreachable Exit = 3
	Denied      Exit = 4
	NotCluster  Exit = 5
	Busy        Exit = 6
	NoTerminal  Exit = 7
	NoServer    Exit = 8
	Internal    Exit = 10
	Interrupted Exit = 130
)

// exits is the one table of exit codes: --help, the manual and "slotdeck help
// exit-codes" print it.
var exits = [...]struct {
	code    Exit
	meaning string
}{
	{Fine, "done; the answer, where there is one, is yes"},
	{No, "done, but the answer is no: a slot is not served, the cluster is not well, a plan was refused, a change did not happen or is not verified"},
	{Usage, "usage: an unknown flag or command, a bad address or value"},
	{Unreachable, "no node can be reached: refused, no answer in time, name not found"},
	{Denied, "reached, but denied: wrong or missing password, protected mode, no permission, TLS"},
	{NotCluster, "reached, but it is not a cluster node, or no Redis or Valkey at all"},
	{Busy, "reached, but it is still loading its data"},
	{NoTerminal, "the console needs a terminal and there is none"},
	{NoServer, "demo: no redis-server or valkey-server program was found, or the one named is none"},
	{Internal, "a fault of slotdeck's own, or of this machine"},
	{Interrupted, "interrupted; where slots were moving, the text says what is left and how to go on"},
}

// exitTable is the table as text, one code a line.
func exitTable() string {
	var b strings.Builder
	for _, e := range exits {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.meaning)
	}
	return b.String()
}

// Failure is an error that knows its exit code.
type Failure struct {
	Code Exit
	Err  error
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap is the cause.
func (f *Failure) Unwrap() error { return f.Err }

func failure(code Exit, format string, args ...any) error {
	return &Failure{code, fmt.Errorf(format, args...)}
}

func usage(format string, args ...any) error { return failure(Usage, format, args...) }

// ExitOf is the exit code of an error; Fine for none.
func ExitOf(err error) Exit {
	var own *Failure
	var wired *wire.Error
	switch {
	case err == nil:
		return Fine
	case errors.As(err, &own):
		return own.Code
	case lab.IsNoServer(err):
		return NoServer
	case errors.As(err, &wired):
		return exitOfKind(wired.Kind)
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.Is(err, context.DeadlineExceeded):
		return Unreachable
	}
	return Internal
}

func exitOfKind(k wire.Kind) Exit {
	switch k {
	case wire.Refused, wire.Timeout, wire.NameNotFound, wire.Unreachable, wire.Hangup, wire.Canceled:
		return Unreachable
	case wire.AuthWrong, wire.AuthMissing, wire.Protected, wire.NoPermission, wire.TLSNeeded, wire.TLSFailed:
		return Denied
	case wire.NotCluster, wire.Rubbish:
		return NotCluster
	case wire.Loading:
		return Busy
	case wire.ClusterDown, wire.ReadOnly, wire.Reply:
		return No
	}
	return Internal
}
