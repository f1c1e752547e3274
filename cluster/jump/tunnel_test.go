package jump

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"slotdeck/cluster/lab/labtest"
)

// echo is a server that says everything back.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	return l.Addr().String()
}

func openTo(t *testing.T, home Home, chain string) *Tunnel {
	t.Helper()
	hops, err := Resolve(chain, home)
	if err != nil {
		t.Fatal(err)
	}
	tunnel := Open(hops, "")
	t.Cleanup(tunnel.Close)
	return tunnel
}

func says(t *testing.T, tunnel *Tunnel, addr string) error {
	t.Helper()
	conn, err := tunnel.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := bytes.Repeat([]byte("0123456789"), 50_000)
	go func() { _, _ = conn.Write(sent) }()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("through the tunnel came something else (%v)", err)
	}
	return nil
}

func TestConnectionsGoThroughEveryHop(t *testing.T) {
	home, public := operator(t)
	outer, inner := labtest.StartBastion(t, public), labtest.StartBastion(t, public)
	labtest.Know(t, home.Dir, outer, inner)
	tunnel := openTo(t, home, "ann@"+outer.Addr+",bob@"+inner.Addr)
	for range 3 {
		if err := says(t, tunnel, echo(t)); err != nil {
			t.Fatal(err)
		}
	}
	if outer.Logins() != 1 || inner.Logins() != 1 {
		t.Errorf("%d and %d logins for three connections", outer.Logins(), inner.Logins())
	}
}

func TestABrokenTunnelIsOpenedAgain(t *testing.T) {
	home, public := operator(t)
	b := labtest.StartBastion(t, public)
	labtest.Know(t, home.Dir, b)
	tunnel, far := openTo(t, home, b.Addr), echo(t)
	conn, err := tunnel.DialContext(t.Context(), "tcp", far)
	if err != nil {
		t.Fatal(err)
	}
	b.Cut()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection through a broken tunnel goes on")
	}
	if !conn.(interface{ Gone() bool }).Gone() {
		t.Error("a connection through a broken tunnel seems to be usable")
	}
	if err := says(t, tunnel, far); err != nil {
		t.Error(err)
	}
}

func TestConnectionsThroughATunnelHaveDeadlines(t *testing.T) {
	home, public := operator(t)
	b := labtest.StartBastion(t, public)
	labtest.Know(t, home.Dir, b)
	conn, err := openTo(t, home, b.Addr).DialContext(t.Context(), "tcp", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

func TestWhatCannotBeReachedOrTrustedIsSaid(t *testing.T) {
	home, public := operator(t)
	b, other := labtest.StartBastion(t, public), labtest.StartBastion(t, public)
	stranger, _ := operator(t)
	labtest.Know(t, home.Dir, b)
	labtest.Know(t, stranger.Dir, b)

	changedHome, public2 := operator(t)
	b2 := labtest.StartBastion(t, public2)
	labtest.Know(t, changedHome.Dir, &labtest.Bastion{Addr: b2.Addr, Key: b.Key}) // another server's key under this address

	empty := Home{Dir: t.TempDir(), User: "ann"}
	labtest.Know(t, empty.Dir, b)

	for _, c := range []struct {
		name  string
		home  Home
		chain string
		to    string
		want  string
	}{
		{"a jump host that is not known", home, other.Addr, "127.0.0.1:1", "is not known (ssh-ed25519 SHA256:"},
		{"a jump host with another key", changedHome, b2.Addr, "127.0.0.1:1", "HAS CHANGED"},
		{"a key that is not let in", stranger, b.Addr, "127.0.0.1:1", "the login to ann@" + b.Addr + " failed"},
		{"no key at all", empty, b.Addr, "127.0.0.1:1", "there is no key to log in"},
		{"a node that refuses", home, b.Addr, "127.0.0.1:1", "cannot connect to it: connect failed"},
		{"a jump host that is not there", home, "127.0.0.1:1", "127.0.0.1:1", "the jump host ann@127.0.0.1:1 cannot be reached"},
	} {
		err := says(t, openTo(t, c.home, c.chain), c.to)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestALoginThatTakesLongDoesNotHoldItsCallers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	home, _ := operator(t)
	labtest.Know(t, home.Dir)
	tunnel := openTo(t, home, silent.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := tunnel.DialContext(ctx, "tcp", "127.0.0.1:1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func operator(t *testing.T) (Home, ssh.PublicKey) {
	t.Helper()
	dir, public := labtest.SSHHome(t)
	return Home{Dir: dir, User: "ann"}, public
}
