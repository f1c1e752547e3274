package cluster

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Addr is host:port as a person writes and a dialler takes it, IPv6 in brackets. It is
// the IP, or the hostname when there is no IP; empty when the port was
// forgotten or neither is known.
func (e Endpoint) Addr() string {
	host := e.IP
	if host == "" {
		host = e.Hostname
	}
	if host == "" || e.Port == 0 {
		return ""
	}
	return JoinAddr(host, e.Port)
}

// JoinAddr writes host:port, with brackets around an IPv6 address.
func JoinAddr(host string, port int) string {
	if strings.IndexByte(host, ':') >= 0 {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}

// ParseAddr reads host:port in the ways people write it: "10.0.0.1:6379",
// "[::1]:6379", "::1:6379" as servers do, and with "@busport" and what follows
// it, as copied from CLUSTER NODES. The host is without brackets.
func ParseAddr(text string) (host string, port int, err error) {
	addr, _, _ := strings.Cut(text, "@")
	colon := strings.LastIndexByte(addr, ':')
	if colon < 0 {
		return "", 0, fmt.Errorf("the address %s has no port; write host:port", quote(text))
	}
	host = addr[:colon]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if host == "" || strings.ContainsAny(host, "[]/ \t\r\n") {
		return "", 0, fmt.Errorf("the address %s has no usable host; write host:port", quote(text))
	}
	if port, err = parsePort(addr[colon+1:]); err != nil || port == 0 {
		return "", 0, fmt.Errorf("the address %s has no usable port (1 to 65535)", quote(text))
	}
	return host, port, nil
}

var errPort = errors.New("a port is a number from 0 to 65535")

func parsePort(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, errPort
	}
	return int(n), nil
}

// parseEndpoint reads the second field of a CLUSTER NODES line:
// ip:port@busport[,hostname][,key=value…]. The IP may be an IPv6 address
// without brackets, or empty; Redis before 4 sent no bus port.
func parseEndpoint(text string) (Endpoint, error) {
	addr, rest, _ := strings.Cut(text, ",")
	var e Endpoint
	addr, bus, hasBus := strings.Cut(addr, "@")
	colon := strings.LastIndexByte(addr, ':')
	if colon < 0 {
		return Endpoint{}, errors.New("an address is ip:port@busport")
	}
	var err error
	e.IP = addr[:colon]
	if e.Port, err = parsePort(addr[colon+1:]); err != nil {
		return Endpoint{}, err
	}
	if hasBus {
		if e.BusPort, err = parsePort(bus); err != nil {
			return Endpoint{}, err
		}
	}
	name, aux, _ := strings.Cut(rest, ",")
	if strings.IndexByte(name, '=') >= 0 {
		name, aux = "", rest
	}
	e.Hostname, e.Aux = name, aux
	return e, nil
}
