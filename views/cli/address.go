package cli

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// DefaultPort is where a node is looked for when no port is given.
const DefaultPort = 6379

// addresses reads the nodes named on the command line: HOST:PORT, HOST PORT,
// [IPV6]:PORT, IPV6 PORT, HOST, :PORT or a port alone. What lacks a port gets
// the given one; 0 stands for none given, then it is DefaultPort. The answers
// are fit to be dialled.
func addresses(words []string, port int) ([]string, error) {
	var found []string
	for i := 0; i < len(words); i++ {
		word := words[i]
		if i+1 < len(words) && isPort(words[i+1]) && !isPort(word) && !hasPort(word) {
			n, err := parsePort(words[i+1])
			if err != nil {
				return nil, err
			}
			host, err := hostAlone(word)
			if err != nil {
				return nil, err
			}
			found = append(found, join(host, n))
			i++
			continue
		}
		addr, err := address(word, port)
		if err != nil {
			return nil, err
		}
		found = append(found, addr)
	}
	return found, nil
}

// address reads one node that stands in one word.
func address(word string, port int) (string, error) {
	fallback := port
	if fallback == 0 {
		fallback = DefaultPort
	}
	switch {
	case isPort(word):
		n, err := parsePort(word)
		return join("127.0.0.1", n), err
	case hasPort(word):
		colon := strings.LastIndexByte(word, ':')
		n, err := parsePort(word[colon+1:])
		if err != nil {
			return "", err
		}
		if colon == 0 {
			return join("127.0.0.1", n), nil
		}
		host, err := hostAlone(word[:colon])
		return join(host, n), err
	}
	if _, err := netip.ParseAddr(word); err == nil && port == 0 && strings.Contains(word, ":") {
		return "", usage("%q can be read in two ways; write [IPV6]:PORT, or IPV6 PORT", word)
	}
	host, err := hostAlone(word)
	return join(host, fallback), err
}

// hostAlone checks a host without a port, and takes the brackets off.
func hostAlone(word string) (string, error) {
	host, bracketed := strings.CutPrefix(word, "[")
	if bracketed {
		inner, closed := strings.CutSuffix(host, "]")
		if !closed {
			return "", usage("%q lacks its closing bracket; write [IPV6]:PORT", word)
		}
		host = inner
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if strings.IndexFunc(ip.Zone(), oddInHost) >= 0 {
			return "", usage("%q has a zone that no network interface is named; write [IPV6%%eth0]:PORT", word)
		}
		return ip.String(), nil
	}
	if bracketed || strings.ContainsAny(host, ":[]") {
		return "", usage("%q is not an IPv6 address; write [IPV6]:PORT, or IPV6 PORT", word)
	}
	if host == "" || len(host) > 253 || strings.IndexFunc(host, oddInHost) >= 0 {
		return "", usage("%q is not a host name; write HOST:PORT", word)
	}
	return host, nil
}

// oddInHost tells what neither a host name nor the name of an interface holds.
func oddInHost(r rune) bool {
	return r == ' ' || r == utf8.RuneError || !unicode.IsPrint(r) || strings.ContainsRune(`/\@?#&=%,;:'"()[]<>{}|*$!`, r)
}

// hasPort reports whether a word names a port behind a colon, other than by
// being an IPv6 address.
func hasPort(word string) bool {
	colon := strings.LastIndexByte(word, ':')
	if colon < 0 {
		return false
	}
	return strings.IndexByte(word, ':') == colon || strings.HasPrefix(word, "[") && colon > strings.IndexByte(word, ']')
}

func isPort(word string) bool {
	return word != "" && strings.Trim(word, "0123456789") == ""
}

func parsePort(digits string) (int, error) {
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 65535 {
		return 0, usage("%q is not a port; ports are 1 to 65535", digits)
	}
	return n, nil
}

func join(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
