package lab

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// Ports are taken from below the ranges that Linux and macOS use for outgoing
// connections, so that only another server can get in between.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// ports hands out loopback ports on which nothing listens, each only once, and
// keeps other labs from them until it is closed: a server that was killed gets
// its port back, whatever other tests start meanwhile. Between handing out and
// the server's bind another program can take the port: whoever starts the server
// has to try again with another.
type ports struct {
	ip    string
	first int // where to begin; 0: anywhere
	next  int
	given map[int]io.Closer // what keeps it
}

func newPorts(ip string, first int) *ports {
	p := &ports{ip: ip, first: first, next: first, given: map[int]io.Closer{}}
	if first == 0 {
		p.next = lowestPort + rand.IntN(highestPort-lowestPort)
	}
	return p
}

// pair is a client port and a bus port.
func (p *ports) pair() (port, bus int, err error) {
	for range 2000 {
		port = p.step()
		if p.first == 0 {
			bus = p.step()
		} else {
			bus = port + 10000
		}
		if p.take(port) {
			if p.take(bus) {
				return port, bus, nil
			}
			p.drop(port)
		}
	}
	return 0, 0, fmt.Errorf("no free pair of ports was found on %s in 2000 tries", p.ip)
}

func (p *ports) step() int {
	port := p.next
	p.next++
	if p.first == 0 && p.next > highestPort {
		p.next = lowestPort
	}
	return port
}

// keeper is a loopback address at which nobody serves. Whoever listens there on a
// port has that port on the others: a lock that leaves no file behind, and ends
// with its process. Where a system has only one loopback address there is none.
const keeper = "127.77.0.1"

// take keeps a port, when nothing listens on it and no other lab has it.
func (p *ports) take(port int) bool {
	if p.given[port] != nil || port > 65535 {
		return false
	}
	kept, err := net.Listen("tcp", net.JoinHostPort(keeper, strconv.Itoa(port)))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return false
	case err != nil:
		kept = nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort(p.ip, strconv.Itoa(port)))
	if err == nil {
		err = l.Close()
	}
	p.given[port] = nothing{}
	if kept != nil {
		p.given[port] = kept
	}
	if err != nil {
		p.drop(port)
	}
	return err == nil
}

type nothing struct{}

func (nothing) Close() error { return nil }

func (p *ports) drop(port int) {
	_ = p.given[port].Close()
	delete(p.given, port)
}

// close lets others have the ports.
func (p *ports) close() {
	for port := range p.given {
		p.drop(port)
	}
}
