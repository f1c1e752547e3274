package lab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the ranges that Linux and macOS use for outgoing
// connections, so that only another server can get in between.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// ports hands out loopback ports on which nothing listens, each only once.
// Between handing out and the server's bind another program can take the port:
// whoever starts the server has to try again with another.
type ports struct {
	ip    string
	first int // where to begin; 0: anywhere
	next  int
	given map[int]bool
}

func newPorts(ip string, first int) *ports {
	p := &ports{ip: ip, first: first, next: first, given: map[int]bool{}}
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
		if p.free(port) && p.free(bus) {
			p.given[port], p.given[bus] = true, true
			return port, bus, nil
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

func (p *ports) free(port int) bool {
	if p.given[port] || port > 65535 {
		return false
	}
	l, err := net.Listen("tcp", net.JoinHostPort(p.ip, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
