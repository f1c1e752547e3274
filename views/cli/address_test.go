package cli

import (
	"slices"
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
