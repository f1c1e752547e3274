package wire

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestErrorsAreSortedByWhatTheyMean(t *testing.T) {
	dial := func(err error) error {
		return &stageError{stage: "connecting to", err: &net.OpError{Op: "dial", Err: err}}
	}
	for _, c := range []struct {
		err  error
		kind Kind
		code string
	}{
		{dial(syscall.ECONNREFUSED), Refused, ""},
		{dial(syscall.EHOSTUNREACH), Unreachable, ""},
		{dial(syscall.ENETUNREACH), Unreachable, ""},
		{dial(os.ErrDeadlineExceeded), Timeout, ""},
		{dial(&net.DNSError{Err: "no such host", IsNotFound: true}), NameNotFound, ""},
		{dial(&net.DNSError{Err: "timeout", IsTimeout: true}), Timeout, ""},
		{context.DeadlineExceeded, Timeout, ""},
		{context.Canceled, Canceled, ""},
		{io.EOF, Hangup, ""},
		{fmt.Errorf("read: %w", syscall.ECONNRESET), Hangup, ""},
		{&stageError{stage: "the TLS handshake with", tls: true, err: x509.UnknownAuthorityError{}}, TLSFailed, ""},
		{&stageError{stage: "the TLS handshake with", tls: true, err: os.ErrDeadlineExceeded}, Timeout, ""},
		{errTLSNeeded, TLSNeeded, ""},
		{rubbish("x"), Rubbish, ""},
		{errors.New("redis: can't parse \"x\""), Rubbish, ""},
		{replyError("WRONGPASS invalid username-password pair or user is disabled."), AuthWrong, "WRONGPASS"},
		{replyError("NOAUTH Authentication required."), AuthMissing, "NOAUTH"},
		{replyError("DENIED Redis is running in protected mode"), Protected, "DENIED"},
		{replyError("NOPERM this user has no permissions"), NoPermission, "NOPERM"},
		{replyError("LOADING Redis is loading the dataset in memory"), Loading, "LOADING"},
		{replyError("ERR This instance has cluster support disabled"), NotCluster, "ERR"},
		{replyError("CLUSTERDOWN Hash slot not served"), ClusterDown, "CLUSTERDOWN"},
		{replyError("MOVED 12 127.0.0.1:7001"), Reply, "MOVED"},
		{replyError("NOREPLICAS Not enough good replicas to write."), Reply, "NOREPLICAS"},
		{errors.New("something else"), Other, ""},
	} {
		e := explain(c.err, "h:1", "PING")
		if e.Kind != c.kind || e.Code != c.code {
			t.Errorf("%v: %v %q, want %v %q", c.err, e.Kind, e.Code, c.kind, c.code)
		}
		if text := e.Error(); !strings.Contains(text, "h:1: ") || strings.HasSuffix(text, "; ") || strings.Contains(text, ".;") {
			t.Errorf("not a sentence: %q", text)
		}
	}
}

func TestErrorsShowServerTextHarmlessAndBounded(t *testing.T) {
	e := explain(replyError(clean("ERR \x1b[2J\r\n\u202e"+strings.Repeat("x", 5000), maxQuote)), "h:1", "PING")
	if text := e.Error(); len(text) > 700 || strings.ContainsAny(text, "\x1b\r\n\u202e") || !strings.Contains(text, `\x1b[2J`) {
		t.Errorf("%q", text)
	}
	if !errors.Is(fmt.Errorf("w: %w", e), e) || KindOf(fmt.Errorf("w: %w", e)) != Reply {
		t.Error("the kind is lost when wrapped")
	}
}

func TestMarksOfControlBytesAreNotMarkedAgain(t *testing.T) {
	f := new(frames)
	f.renew()
	text := explain(f.pass([]byte("HTTP/1.1 400 Bad\r\n\x1b[31m")), "h:1", "PING").Error()
	if !strings.Contains(text, `"HTTP/1.1 400 Bad\x0d\x0a\x1b[31m"`) {
		t.Error(text)
	}
}

func TestAServersLessonAboutProtectedModeIsCutShort(t *testing.T) {
	said := replyError("DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable")
	if text := explain(said, "h:1", "PING").Error(); len(text) > 200 || !strings.Contains(text, "protected mode") {
		t.Error(text)
	}
}
