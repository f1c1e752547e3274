package cli

import (
	"net/url"
	"strings"
)

// node is what a URI says.
type node struct {
	addr           string
	user, password string
	tls            bool
}

const letters = "abcdefghijklmnopqrstuvwxyz"

// parseURI reads redis://, rediss://, valkey:// and valkeys:// URIs as
// redis-cli does: a lone word before the @ is the password. What is wrong is
// told without repeating the URI, since it may hold a password.
func parseURI(text string) (node, error) {
	var n node
	scheme, _, _ := strings.Cut(text, "://")
	switch scheme = strings.ToLower(scheme); scheme {
	case "redis", "valkey":
	case "rediss", "valkeys":
		n.tls = true
	default:
		const begins = "a URI begins with redis://, rediss://, valkey:// or valkeys://"
		if strings.Trim(scheme, letters) != "" { // a password may have gone astray
			return n, usage(begins)
		}
		return n, usage(begins+", not with %q", scheme+"://")
	}
	u, err := url.Parse(text)
	if err != nil {
		return n, usage("the %s:// URI cannot be read; write %s://user:password@host:port, with odd characters as %%XX", scheme, scheme)
	}
	if db := strings.Trim(u.Path, "/"); db != "" && db != "0" {
		return n, usage("a cluster is looked at as a whole: leave the database, what stands after the host, out of the URI")
	}
	host, port := u.Hostname(), DefaultPort
	if host == "" {
		host = "127.0.0.1"
	}
	// After a password with an odd character these two are parts of it.
	if u.Port() != "" {
		if port, err = parsePort(u.Port()); err != nil {
			return n, usage("the port of the %s:// URI is none; ports are 1 to 65535, and odd characters of a password are written as %%XX", scheme)
		}
	}
	if host, err = hostAlone(host); err != nil {
		return n, usage("the host of the %s:// URI is none; write %s://user:password@host:port, with odd characters as %%XX", scheme, scheme)
	}
	n.addr = join(host, port)
	if u.User != nil {
		n.user = u.User.Username()
		var both bool
		if n.password, both = u.User.Password(); !both {
			n.user, n.password = "", n.user
		}
	}
	return n, nil
}
