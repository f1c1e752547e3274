package wire

import (
	"errors"
	"strings"
)

// Error tells what was tried on which node, what came of it, and what to do.
type Error struct {
	Kind  Kind
	Addr  string // the node, as dialled
	Tried string // "PING", "connecting to", "the TLS handshake with": redacted, fit for the screen
	Code  string // the first word of an error reply: "MOVED", "NOREPLICAS", "ERR"; else empty
	Err   error  // the cause; a server's words in it are cleaned and bounded
}

// Error is one sentence for the operator.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Tried)
	if !strings.HasSuffix(e.Tried, " to") && !strings.HasSuffix(e.Tried, " with") {
		b.WriteString(" on")
	}
	b.WriteString(" " + e.Addr + ": ")
	if advice := e.advice(); advice != "" {
		b.WriteString(strings.TrimRight(e.found(), ".") + "; " + advice)
	} else {
		b.WriteString(e.found())
	}
	return b.String()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) found() string {
	switch e.Kind {
	case Refused:
		return "nothing listens there"
	case Timeout:
		return "no answer in time"
	case NameNotFound:
		return "no such host"
	case Hangup:
		return "the connection broke (" + e.cause() + ")"
	case Canceled:
		return "given up"
	case TLSNeeded:
		return "it answers in TLS"
	case Protected: // it answers with a page of lessons
		return "it answered DENIED: without a password its protected mode lets in nobody from another machine"
	case ReadOnly:
		return "not sent: " + e.cause()
	case Rubbish, TLSFailed, Other, Unreachable:
		return e.cause()
	}
	return "it answered " + e.cause()
}

func (e *Error) cause() string {
	if e.Err == nil {
		return e.Kind.String()
	}
	return clean(e.Err.Error(), maxQuote)
}

func (e *Error) advice() string {
	switch e.Kind {
	case Refused:
		return "is the node running, and are host and port right?"
	case Timeout:
		if strings.HasPrefix(e.Tried, "the TLS") {
			return "the node may be frozen, or the port may not speak TLS"
		}
		return "it may be frozen, overloaded or behind a firewall"
	case NameNotFound:
		return "check the spelling and the name service"
	case Unreachable:
		return "check the network between here and there"
	case Hangup:
		return "it may have been stopped, or the port may speak TLS"
	case AuthWrong:
		return "check the user name and the password"
	case AuthMissing:
		return "give a password: REDISCLI_AUTH, or --askpass"
	case Protected:
		return "connect from its own machine, or set a password on it"
	case NoPermission:
		return "use a user with more rights"
	case Loading:
		return "wait until it has read its data"
	case NotCluster:
		return "start it with cluster-enabled yes, or give the address of a cluster node"
	case Rubbish:
		if TooLarge(e) {
			return "if it is a value, read it in parts"
		}
		return "is it a Redis or Valkey port?"
	case TLSNeeded:
		return "connect with TLS"
	case ReadOnly:
		return "leave --readonly away, or use a context that is not read-only"
	case TLSFailed:
		return "check the certificates, and whether the port speaks TLS at all"
	case Reply:
		return replyAdvice(e.Code)
	}
	return ""
}

// replyAdvice is what helps against some error replies, by their first word.
func replyAdvice(code string) string {
	switch code {
	case "OOM":
		return "raise maxmemory, or delete something, then try again"
	case "MISCONF":
		return "it cannot save its data to disk: look at its log and its disk, then try again"
	case "READONLY":
		return "it is a replica: a change goes to its primary"
	case "BUSY":
		return "a script has been running for long: wait, or end it with SCRIPT KILL or FUNCTION KILL"
	}
	return ""
}

// KindOf finds the kind of an error of this package, wrapped or not.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Other
}

// replyError is a server's error reply, fit to be shown.
type replyError string

func (r replyError) Error() string { return string(r) }

// stageError says at which step before the first command it failed.
type stageError struct {
	stage string
	err   error
	tls   bool
}

func (s *stageError) Error() string { return s.err.Error() }
func (s *stageError) Unwrap() error { return s.err }
