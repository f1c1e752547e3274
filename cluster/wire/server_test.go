package wire_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
)

// lone starts one server by hand: these tests want it set up in ways no
// cluster is.
func lone(t *testing.T, server lab.Server, settings ...string) (addr string, cmd *exec.Cmd) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	_ = l.Close()
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, settings...)
	cmd = exec.Command(server.Path, args...)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	labtest.Until(t, 10*time.Second, "the server listens", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return addr, cmd
}

// try sends one command and returns the error.
func try(t *testing.T, addr string, o wire.Options, args ...any) error {
	t.Helper()
	_, err := open(t, addr, o).Do(context.Background(), args...)
	return err
}

func wantKind(t *testing.T, err error, kind wire.Kind) {
	t.Helper()
	if got := wire.KindOf(err); err == nil || got != kind {
		t.Errorf("%v: %v, want %v", got, err, kind)
	}
}

func TestRealServersErrorsHaveTheirKinds(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		password := wire.Options{Password: wire.NewSecret("right")}
		locked, _ := lone(t, server, "--requirepass", "right", "--cluster-enabled", "yes")
		if err := try(t, locked, password, "CLUSTER", "NODES"); err != nil {
			t.Errorf("with the right password: %v", err)
		}
		wantKind(t, try(t, locked, wire.Options{Password: wire.NewSecret("wrong")}, "PING"), wire.AuthWrong)
		wantKind(t, try(t, locked, wire.Options{Username: "who", Password: wire.NewSecret("right")}, "PING"), wire.AuthWrong)
		wantKind(t, try(t, locked, wire.Options{}, "PING"), wire.AuthMissing)

		if err := try(t, locked, password, "ACL", "SETUSER", "bob", "on", ">bobs", "+ping"); err != nil {
			t.Fatal(err)
		}
		bob := wire.Options{Username: "bob", Password: wire.NewSecret("bobs")}
		if err := try(t, locked, bob, "PING"); err != nil {
			t.Errorf("a user who may only PING: %v", err)
		}
		wantKind(t, try(t, locked, bob, "CLUSTER", "NODES"), wire.NoPermission)

		open, _ := lone(t, server)
		wantKind(t, try(t, open, wire.Options{}, "CLUSTER", "NODES"), wire.NotCluster)
		wantKind(t, try(t, open, wire.Options{}, "NONSENSE"), wire.Reply)
		full, _ := lone(t, server, "--maxclients", "1")
		holder, err := net.Dial("tcp", full)
		if err != nil {
			t.Fatal(err)
		}
		defer holder.Close()
		labtest.Until(t, 5*time.Second, "the server is full", func() bool {
			err := try(t, full, wire.Options{}, "PING")
			return err != nil && strings.Contains(err.Error(), "max number of clients")
		})
	})
}

func TestPlainPortSpokenToInTLS(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		addr, _ := lone(t, server)
		// #nosec: the server has no certificate at all
		o := wire.Options{TLS: &tls.Config{InsecureSkipVerify: true}, DialTimeout: 300 * time.Millisecond}
		for range 10 { // what the server makes of the handshake's random bytes differs
			err := try(t, addr, o, "PING")
			if k := wire.KindOf(err); k != wire.TLSFailed && k != wire.Timeout || !strings.Contains(err.Error(), "TLS") {
				t.Errorf("%v: %v", k, err)
			}
		}
	})
}

func TestFrozenServerEndsInATimeoutAndThawsInTime(t *testing.T) {
	c := labtest.Start(t, lab.Config{})
	node := c.Nodes()[0]
	n := open(t, node.Addr, wire.Options{})
	if _, err := n.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := node.Freeze(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // on the open connection, and on a fresh one
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		start := time.Now()
		_, err := n.Ping(ctx)
		cancel()
		wantKind(t, err, wire.Timeout)
		if took := time.Since(start); took > time.Second {
			t.Errorf("a time-out of 100ms took %v", took)
		}
	}
	if err := node.Thaw(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, 5*time.Second, "it answers again", func() bool {
		_, err := n.Ping(context.Background())
		return err == nil
	})
}

func TestRestartedServerIsMetWithoutAnError(t *testing.T) {
	c := labtest.Start(t, lab.Config{})
	node := c.Nodes()[0]
	n := open(t, node.Addr, wire.Options{})
	if _, err := n.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := node.Kill(); err != nil {
		t.Fatal(err)
	}
	_, err := n.Ping(context.Background())
	wantKind(t, err, wire.Refused)
	if err := node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took, err := n.Ping(context.Background()); err != nil || took <= 0 {
		t.Errorf("%v, %v", took, err)
	}
}

func TestNodesThatCannotBeReached(t *testing.T) {
	wantKind(t, try(t, "no-such-host.invalid:6379", wire.Options{}, "PING"), wire.NameNotFound)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	err = try(t, addr, wire.Options{}, "PING")
	wantKind(t, err, wire.Refused)
	if want := fmt.Sprintf("connecting to %s: nothing listens there; is the node running, and are host and port right?", addr); err.Error() != want {
		t.Errorf("%q", err)
	}
}
