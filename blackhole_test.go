package main

import (
	"net"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"slotdeck/cluster/fake"
)

// blackHole is a port of 127.0.0.1 at which connections neither open nor fail:
// its queue of connections to be accepted is full, and nobody accepts any.
func blackHole(t testing.TB) (port int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port = name.(*unix.SockaddrInet4).Port
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for range 300 { // one or two on Linux, some more elsewhere
		conn, err := net.DialTimeout("tcp", addr, 200*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Skip("a full queue does not keep this system from opening connections")
	return 0
}

// thirdBlackHoled is sixty pretended nodes, of which ten primaries and their
// replicas live where connections neither open nor fail.
func thirdBlackHoled(t testing.TB) (seed string) {
	t.Helper()
	const primaries, holes = 30, 10
	c, err := fake.Start(primaries, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var ports []int
	for range 2 * holes {
		ports = append(ports, blackHole(t))
	}
	c.Change(func(topology *fake.Topology) {
		for i := range holes {
			topology.Members[i].Port = ports[i]
			topology.Members[primaries+i].Port = ports[holes+i]
		}
	})
	return c.Addr(fake.ID(holes))
}

func TestAThirdOfTheNodesInABlackHoleIsToldAtOnce(t *testing.T) {
	s := start(t, thirdBlackHoled(t))
	s.shows("40/60 nodes", "10 shards have no serving primary")
	s.press("3")
	s.shows("no answer")
}

// BenchmarkThirdBlackHoled is how soon the first verdict comes, and a screen
// answers a key, while connections to a third of sixty nodes neither open nor
// fail.
func BenchmarkThirdBlackHoled(b *testing.B) {
	seed := thirdBlackHoled(b)
	var first, named, keys []float64
	for b.Loop() {
		s := start(b, seed)
		first = append(first, ms(s.shows("DEGRADED", "/60 nodes")))
		named = append(named, ms(s.shows("40/60 nodes", "10 shards have no serving primary")))
		s.press("3")
		s.rests()
		for i := range 100 {
			keys = append(keys, ms(s.answers([]string{"j", "k"}[i%2])))
		}
		s.kill()
	}
	report(b, keys, "ms-key")
	report(b, first, "ms-verdict")
	report(b, named, "ms-named")
}
