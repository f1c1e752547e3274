package jump

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kevinburke/ssh_config"
)

// Hop is one SSH server on the way, as the operator's ssh_config completes it.
type Hop struct {
	User       string
	Addr       string   // host:port
	Keys       []string // files of private keys, in the order they are tried
	OnlyKeys   bool     // of the agent's keys only those that are in Keys
	KnownHosts []string // files
}

// String is user@host:port.
func (h Hop) String() string { return h.User + "@" + h.Addr }

// Home is where the operator's own SSH files are.
type Home struct {
	Dir    string // the home folder
	User   string // the login name
	Config string // ssh_config; empty: .ssh/config in Dir, if it is there
}

// maxHops bounds a chain, so that a ProxyJump that names itself ends.
const maxHops = 8

// Resolve makes a chain of "user@bastion,user@inner": the nodes are dialled from
// the last. Names may be aliases of ssh_config, whose HostName, User, Port,
// IdentityFile, IdentitiesOnly, UserKnownHostsFile and ProxyJump count.
func Resolve(chain string, home Home) ([]Hop, error) {
	config, err := home.config()
	if err != nil {
		return nil, err
	}
	return resolve(chain, home, config, 0)
}

func resolve(chain string, home Home, config *ssh_config.Config, depth int) (hops []Hop, err error) {
	for i, text := range strings.Split(chain, ",") {
		user, name, port, err := split(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		get := func(key string) string {
			v, _ := config.Get(name, key) // its error is about Include files that were read already
			return v
		}
		// A chain that was written out needs no further hops but before its first.
		if before := get("ProxyJump"); i == 0 && before != "" && before != "none" {
			if depth >= maxHops {
				return nil, fmt.Errorf("the way to %s has more than %d jump hosts: does a ProxyJump name itself?", name, maxHops)
			}
			if hops, err = resolve(before, home, config, depth+1); err != nil {
				return nil, err
			}
		}
		hop := home.hop(user, name, port, get, config)
		if host, _, err := net.SplitHostPort(hop.Addr); err != nil || host == "" {
			return nil, fmt.Errorf("%q, which the ssh_config gives for %q, is no host with a port", hop.Addr, name)
		}
		hops = append(hops, hop)
	}
	return hops, nil
}

func split(text string) (user, host, port string, err error) {
	text = strings.TrimPrefix(text, "ssh://")
	host = text
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		user, host = text[:at], text[at+1:]
	}
	if h, p, err := net.SplitHostPort(host); err == nil {
		host, port = h, p
	}
	host = strings.Trim(host, "[]")
	if n, bad := strconv.ParseUint(port, 10, 16); port != "" && (bad != nil || n == 0) || host == "" || strings.HasPrefix(host, "-") ||
		strings.ContainsAny(user+host, " \t/\\") || strings.Contains(user, ":") {
		return "", "", "", fmt.Errorf("%q is no jump host; write user@host, user@host:port, or a name from ssh_config", text)
	}
	return user, host, port, nil
}

func (home Home) hop(user, name, port string, get func(string) string, config *ssh_config.Config) Hop {
	h := Hop{User: first(user, get("User"), home.User), OnlyKeys: strings.EqualFold(get("IdentitiesOnly"), "yes")}
	host := strings.ReplaceAll(first(get("HostName"), name), "%h", name)
	h.Addr = net.JoinHostPort(host, first(port, get("Port"), "22"))
	files, _ := config.GetAll(name, "IdentityFile")
	for _, f := range files {
		if f != "" && f != "none" {
			h.Keys = append(h.Keys, home.path(f, h))
		}
	}
	if len(h.Keys) == 0 {
		for _, f := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			h.Keys = append(h.Keys, filepath.Join(home.Dir, ".ssh", f))
		}
	}
	known := strings.Fields(get("UserKnownHostsFile"))
	if len(known) == 0 {
		known = []string{"~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts"}
	}
	for _, f := range known {
		h.KnownHosts = append(h.KnownHosts, home.path(f, h))
	}
	return h
}

// path is a file name with the marks that ssh_config allows in it.
func (home Home) path(name string, h Hop) string {
	name = strings.Trim(name, `"`)
	if rest, tilde := strings.CutPrefix(name, "~/"); tilde {
		name = filepath.Join(home.Dir, rest)
	}
	host, port, _ := net.SplitHostPort(h.Addr)
	return strings.NewReplacer("%d", home.Dir, "%u", home.User, "%r", h.User, "%h", host, "%p", port, "%%", "%").Replace(name)
}

func (home Home) config() (*ssh_config.Config, error) {
	path := home.Config
	if path == "none" {
		return new(ssh_config.Config), nil
	}
	if path == "" {
		path = filepath.Join(home.Dir, ".ssh", "config")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && home.Config == "" {
		return new(ssh_config.Config), nil
	}
	if err != nil {
		return nil, fmt.Errorf("the ssh_config cannot be read: %w", err)
	}
	defer f.Close()
	config, err := ssh_config.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be understood: %w; another file can be given with --ssh-config, or none", path, err)
	}
	return config, nil
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
