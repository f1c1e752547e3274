package lab

import (
	"net"
	"testing"
)

// A server that was killed listens on nothing: its ports must stay its own.
func TestPortsAreKeptFromOtherLabsUntilTheEnd(t *testing.T) {
	l, err := net.Listen("tcp", net.JoinHostPort(keeper, "0"))
	if err != nil {
		t.Skipf("this system has no %s, and so nothing to keep ports with: %v", keeper, err)
	}
	l.Close()
	mine, others := newPorts("127.0.0.1", 0), newPorts("127.0.0.1", 0)
	defer others.close()
	port, bus, err := mine.pair()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []int{port, bus} {
		if others.take(p) || mine.take(p) {
			t.Errorf("port %d was given twice", p)
		}
	}
	mine.close()
	for _, p := range []int{port, bus} {
		if !others.take(p) {
			t.Errorf("port %d is not free after the end", p)
		}
	}
}
