package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// explain makes the sentence of an error. Tried is what was under way when no
// step before it failed.
func explain(err error, addr, tried string) *Error {
	e := &Error{Addr: clean(addr, maxQuote), Tried: tried, Err: err}
	var stage *stageError
	if errors.As(err, &stage) {
		e.Tried, e.Err = stage.stage, stage.err
	}
	var reply redis.Error
	var known replyError
	switch {
	case errors.As(err, &known):
		e.Err = known
	case errors.As(err, &reply):
		e.Err = replyError(clean(reply.Error(), maxQuote))
	default:
		e.Kind = kindOfBreak(err, stage != nil && stage.tls)
		return e
	}
	e.Kind, e.Code = kindOfReply(e.Err.Error())
	return e
}

// replyKinds are the error replies, by their beginning, that a caller branches on.
var replyKinds = [...]struct {
	begin string
	kind  Kind
}{
	{"WRONGPASS", AuthWrong},
	{"ERR invalid password", AuthWrong},
	{"ERR AUTH <password> called without any password", AuthWrong},
	{"ERR Client sent AUTH, but no password is set", AuthWrong},
	{"NOAUTH", AuthMissing},
	{"DENIED", Protected},
	{"NOPERM", NoPermission},
	{"LOADING", Loading},
	{"ERR This instance has cluster support disabled", NotCluster},
	{"CLUSTERDOWN", ClusterDown},
}

func kindOfReply(text string) (Kind, string) {
	code, _, _ := strings.Cut(text, " ")
	for _, r := range replyKinds {
		if strings.HasPrefix(text, r.begin) {
			return r.kind, code
		}
	}
	return Reply, code
}

// refusal returns a node's parting words when it turned a connection away with
// them, and nothing when the line was an answer to something.
func refusal(line string) string {
	text, _, _ := strings.Cut(line, "\r\n")
	if strings.HasPrefix(text, "DENIED") || strings.HasPrefix(text, "ERR max number of clients") {
		return clean(text, maxQuote)
	}
	return ""
}

// kindOfBreak sorts errors that are not replies.
func kindOfBreak(err error, inTLS bool) Kind {
	var dns *net.DNSError
	var timeout net.Error
	isTimeout := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, errReadOnly):
		return ReadOnly
	case errors.As(err, &dns):
		if dns.IsTimeout {
			return Timeout
		}
		return NameNotFound
	case isTimeout:
		return Timeout
	case errors.Is(err, errRubbish):
		return Rubbish
	case errors.Is(err, errTLSNeeded):
		return TLSNeeded
	case inTLS:
		return TLSFailed
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH),
		errors.Is(err, syscall.EHOSTDOWN), errors.Is(err, syscall.ENETDOWN):
		return Unreachable
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED),
		errors.Is(err, redis.ErrClosed), errors.Is(err, errSpent):
		return Hangup
	case strings.HasPrefix(err.Error(), "redis: can't parse"), strings.HasPrefix(err.Error(), "redis: invalid reply"):
		return Rubbish
	}
	return Other
}
