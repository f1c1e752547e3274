package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
)

// mistake is a way to start the program that cannot work.
type mistake struct {
	name string
	args []string
	env  []string
	code int
	says string
}

// tell checks a mistake without a terminal (info) and with one (the console):
// a sentence in the shell, and no screen.
func (m mistake) tell(t *testing.T) {
	t.Run(m.name, func(t *testing.T) {
		code, out, errs := plain(t, m.env, append([]string{"info"}, m.args...)...)
		if code != m.code || !strings.Contains(errs, m.says) || out != "" {
			t.Errorf("info: code %d, %q, says %q; want %d and %q", code, out, errs, m.code, m.says)
		}
		if strings.Count(errs, "\n") != 1 {
			t.Errorf("info: not one sentence: %q", errs)
		}
		s := startWith(t, usual, m.env, m.args...)
		if code := s.ends(); code != m.code {
			t.Errorf("console: code %d; want %d", code, m.code)
		}
		if text := strings.ReplaceAll(s.text(), "\n", ""); !strings.Contains(text, m.says) {
			t.Errorf("console: it says %q; want %q", text, m.says)
		}
		if strings.Contains(s.sent(), "\x1b[?1049h") {
			t.Error("console: the screen was opened for a plain mistake")
		}
	})
}

func TestUnreachableNodesAreCode3(t *testing.T) {
	silent := listen(t, "127.0.0.1:0", func(net.Conn) {})
	for _, m := range []mistake{
		{"refused", []string{"127.0.0.1:1"}, nil, 3, "nothing listens there"},
		{"name", []string{"no-such-host.invalid:7000"}, nil, 3, "no such host"},
		{"silent", []string{silent}, nil, 3, "no answer in time"},
		{"all of several", []string{"127.0.0.1:1", silent}, nil, 3, "none of 127.0.0.1:1"},
	} {
		m.tell(t)
	}
}

func TestDeniedIsCode4(t *testing.T) {
	c := labtest.Start(t, lab.Config{Primaries: 3, Password: "right"})
	for _, n := range c.Nodes() {
		if err := n.Do(t.Context(), "ACL", "SETUSER", "weak", "on", ">weak", "+ping").Err(); err != nil {
			t.Fatal(err)
		}
	}
	seed := []string{c.Seed()}
	for _, m := range []mistake{
		{"no password", seed, nil, 4, "NOAUTH"},
		{"wrong password", seed, []string{"REDISCLI_AUTH=wrong"}, 4, "WRONGPASS"},
		{"no rights", append(seed, "--user", "weak"), []string{"REDISCLI_AUTH=weak"}, 4, "NOPERM"},
		{"tls against plain", append(seed, "--tls"), nil, 3, "may not speak TLS"},
	} {
		m.tell(t)
	}
	for _, env := range []string{"REDISCLI_AUTH=right", "VALKEYCLI_AUTH=right"} {
		if code, _, errs := plain(t, []string{env}, "info", c.Seed()); code != 0 {
			t.Errorf("%s: code %d, %s", env, code, errs)
		}
	}
}

func TestProtectedModeIsCode4(t *testing.T) {
	ip := outside(t)
	port := standalone(t, "--bind", "0.0.0.0", "--protected-mode", "yes")
	mistake{"protected", []string{fmt.Sprintf("%s:%d", ip, port)}, nil, 4, "DENIED"}.tell(t)
}

func TestWhatIsNoClusterIsCode5(t *testing.T) {
	web := listen(t, "127.0.0.1:0", func(c net.Conn) {
		fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n\x1b]0;title\a")
		c.Close()
	})
	mistake{"standalone", []string{fmt.Sprintf("127.0.0.1:%d", standalone(t))}, nil, 5, "cluster support disabled"}.tell(t)
	mistake{"web server", []string{web}, nil, 5, "is it a Redis or Valkey port?"}.tell(t)
}

func TestLoadingIsCode6(t *testing.T) {
	dir := t.TempDir()
	port := standalone(t, "--dir", dir)
	n := wire.Open(fmt.Sprintf("127.0.0.1:%d", port), wire.Options{})
	defer n.Close()
	for _, cmd := range [][]any{{"DEBUG", "POPULATE", 20000}, {"SAVE"}} {
		if _, err := n.Do(t.Context(), cmd...); err != nil {
			t.Fatal(err)
		}
	}
	slow := standalone(t, "--dir", dir, "--key-load-delay", "3000", "--loading-process-events-interval-bytes", "1024", "--cluster-enabled", "no")
	mistake{"loading", []string{fmt.Sprintf("127.0.0.1:%d", slow)}, nil, 6, "LOADING"}.tell(t)
}

func TestConsoleWithoutATerminalIsCode7(t *testing.T) {
	code, out, errs := plain(t, nil, "127.0.0.1:1")
	if code != 7 || out != "" || !strings.Contains(errs, "slotdeck info") {
		t.Errorf("code %d, %q, says %q", code, out, errs)
	}
	s := startWith(t, usual, []string{"TERM=dumb"}, "127.0.0.1:1")
	if code := s.ends(); code != 7 {
		t.Errorf("TERM=dumb: code %d", code)
	}
}

func TestDemoWithoutAServerProgramIsCode8(t *testing.T) {
	code, _, errs := plain(t, []string{"PATH=/nonexistent", "XDG_CACHE_HOME=" + t.TempDir(), "SLOTDECK_SERVER="}, "demo", "--headless")
	if code != 8 || !strings.Contains(errs, "apt-get install") {
		t.Errorf("code %d, says %q", code, errs)
	}
	for _, named := range []string{"/nonexistent", "/bin/ls"} {
		if code, _, errs := plain(t, nil, "demo", "--headless", "--server", named); code != 8 || !strings.Contains(errs, named) {
			t.Errorf("--server %s: code %d, says %q", named, code, errs)
		}
	}
}

func TestInfoOfAClusterWithAHoleIsCode1(t *testing.T) {
	c := labtest.Start(t, lab.Config{Primaries: 3})
	for _, n := range c.Nodes() {
		if err := n.Do(t.Context(), "CLUSTER", "DELSLOTSRANGE", 0, 99).Err(); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs := plain(t, nil, "info", "-o", "json", c.Seed())
	if code != 1 || errs != "" || !strings.Contains(out, `"slots_unassigned": 100`) {
		t.Errorf("code %d, says %q, %s", code, errs, out)
	}
}

// listen serves connections until the test ends.
func listen(t *testing.T, addr string, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	var open []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open = append(open, c)
			serve(c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		for _, c := range open {
			c.Close()
		}
	})
	return l.Addr().String()
}

// standalone starts a real server that is not in cluster mode, and returns its
// port once it listens.
func standalone(t *testing.T, args ...string) int {
	t.Helper()
	server := labtest.Any(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	cmd := exec.Command(server.Path, append([]string{
		"--port", fmt.Sprint(port), "--save", "", "--dir", dir, "--enable-debug-command", "yes",
	}, args...)...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	labtest.Until(t, 20*time.Second, "the server listens", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
	return port
}

// outside is an address of this machine that is not loopback.
func outside(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback, for which protected mode does not apply")
	return ""
}
