package cli

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestAddressesAreReadInEveryUsualForm(t *testing.T) {
	for _, c := range []struct {
		words string
		port  int
		want  string
	}{
		{"10.0.0.1:7000", 0, "10.0.0.1:7000"},
		{"10.0.0.1 7000", 0, "10.0.0.1:7000"},
		{"redis-1.example:7000", 0, "redis-1.example:7000"},
		{"redis-1", 0, "redis-1:6379"},
		{"redis-1", 7005, "redis-1:7005"},
		{"[::1]:7000", 0, "[::1]:7000"},
		{"::1 7000", 0, "[::1]:7000"},
		{"[::1] 7000", 0, "[::1]:7000"},
		{"::1", 7000, "[::1]:7000"},
		{"[fe80::1%eth0]:7000", 0, "[fe80::1%eth0]:7000"},
		{"[::1]", 0, "[::1]:6379"},
		{":7000", 0, "127.0.0.1:7000"},
		{"7000", 0, "127.0.0.1:7000"},
		{"a:1 b:2 c 3 d", 0, "a:1 b:2 c:3 d:6379"},
		{"a:1 7000", 0, "a:1 127.0.0.1:7000"},
		{"7000 7001", 0, "127.0.0.1:7000 127.0.0.1:7001"},
		{"a b 7001", 7000, "a:7000 b:7001"},
	} {
		got, err := addresses(strings.Fields(c.words), c.port)
		if err != nil || !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%q with -p %d: got %q, %v; want %q", c.words, c.port, got, err, c.want)
		}
	}
}

func TestBadAddressesAreRefusedWithASentence(t *testing.T) {
	for _, c := range []struct{ words, says string }{
		{"host:0", "ports are 1 to 65535"},
		{"host:65536", "ports are 1 to 65535"},
		{"host:port", "not a port"},
		{"host:", "not a port"},
		{"host 99999", "ports are 1 to 65535"},
		{"::1:7000", "two ways"},
		{"::1", "two ways"},
		{"[::1", "closing bracket"},
		{"[zz]:7000", "not an IPv6 address"},
		{"[1:2]:7000", "not an IPv6 address"},
		{"ho\x1bst:1", "not a host name"},
		{"a@b:1", "not a host name"},
		{"http://x:1", "is not an IPv6 address"},
		{"[fe80::1%]]:7000", "has a zone"},
		{"[fe80::1%e:0]:7000", "has a zone"},
		{"ho\u202est:1", "not a host name"},
	} {
		got, err := addresses(strings.Fields(c.words), 0)
		if ExitOf(err) != Usage {
			t.Errorf("%q: got %q, %v; want a usage error", c.words, got, err)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%q: it says %q; want %q", c.words, err, c.says)
		}
	}
}

// FuzzAddresses: what is taken for an address can be dialled, and is the same
// when it is read again; and a URI that is refused does not have its password
// repeated.
func FuzzAddresses(f *testing.F) {
	for _, text := range []string{"10.0.0.1:7000", "[::1]:7000", "::1", ":7000", "7000", "cache", "[a", "a]b", "h:0", "redis://u:hunter2@h:1/0", "rediss://:hunter2@[::1]", "valkey://hunter2@"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if addr, err := address(text, 0); err == nil {
			dialled(t, text, addr)
			if again, err := address(addr, 0); err != nil || again != addr {
				t.Fatalf("%q is %q, and again %q, %v", text, addr, again, err)
			}
		}
		n, err := parseURI(text)
		switch {
		case err == nil:
			dialled(t, text, n.addr)
		case strings.Contains(text, "hunter2@") && strings.Contains(text, "://") && strings.Contains(err.Error(), "hunter2"):
			t.Fatalf("%q: the password is in %q", text, err)
		}
	})
}

func dialled(t *testing.T, text, addr string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if n, wrong := strconv.Atoi(port); err != nil || host == "" || wrong != nil || n < 1 || n > 65535 {
		t.Fatalf("%q is %q, which cannot be dialled: %v", text, addr, err)
	}
}
