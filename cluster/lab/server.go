package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Server is a server program found on this machine.
type Server struct {
	Name    string // "redis-7.0": flavor, major and minor
	Version string // "7.0.15"
	Flavor  string // "redis" or "valkey"
	Path    string // of the program
}

// String is the server as a person would say it: "redis 7.0.15".
func (s Server) String() string { return s.Flavor + " " + s.Version }

func (s Server) severalDatabases() bool {
	major, _, _ := strings.Cut(s.Version, ".")
	n, err := strconv.Atoi(major)
	return s.Flavor == "valkey" && err == nil && n >= 9
}

// programs are the names that a server program can have, best first.
func programs() []string { return []string{"redis-server", "valkey-server"} }

// FindServer returns the server to start: the given program (a path or a name
// on PATH), else $SLOTDECK_SERVER, else the first on PATH, else the newest that
// "make servers" put into the cache folder. The error is a NoServer when none
// of these exists.
func FindServer(ctx context.Context, binary string) (Server, error) {
	for _, named := range []string{binary, os.Getenv("SLOTDECK_SERVER")} {
		if named != "" {
			path, err := exec.LookPath(named)
			if err != nil {
				return Server{}, &NoServer{Named: named, Err: err}
			}
			server, err := identify(ctx, path)
			if err != nil && ctx.Err() == nil {
				return Server{}, &NoServer{Named: named, Err: err}
			}
			return server, err
		}
	}
	for _, name := range programs() {
		if path, err := exec.LookPath(name); err == nil {
			return identify(ctx, path)
		}
	}
	cache := CacheFolder()
	found := inFolder(ctx, cache)
	if len(found) == 0 {
		return Server{}, &NoServer{Looked: []string{"PATH", cache}}
	}
	return slices.MaxFunc(found, func(a, b Server) int { return compareVersions(a.Version, b.Version) }), nil
}

// Servers lists every server found, one for each name, sorted by name: those
// in $SLOTDECK_SERVERS (folders or programs, separated by colons), else those
// that "make servers" put into the cache folder, else those on PATH. The error
// is a NoServer when there is none at all.
func Servers(ctx context.Context) ([]Server, error) {
	var found []Server
	var looked []string
	if list := os.Getenv("SLOTDECK_SERVERS"); list != "" {
		looked = filepath.SplitList(list)
		for _, place := range looked {
			found = append(found, inFolder(ctx, place)...)
		}
	} else {
		looked = []string{CacheFolder(), "PATH"}
		found = inFolder(ctx, CacheFolder())
		if len(found) == 0 {
			found = onPath(ctx)
		}
	}
	if len(found) == 0 {
		return nil, &NoServer{Looked: looked}
	}
	slices.SortStableFunc(found, func(a, b Server) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(found, func(a, b Server) bool { return a.Name == b.Name }), nil
}

// CacheFolder is where "make servers" puts servers.
func CacheFolder() string {
	if cache := os.Getenv("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(cache, "slotdeck", "servers")
	}
	return filepath.Join(os.Getenv("HOME"), ".cache", "slotdeck", "servers")
}

func onPath(ctx context.Context) []Server {
	var found []Server
	for _, name := range programs() {
		if path, err := exec.LookPath(name); err == nil {
			if s, err := identify(ctx, path); err == nil {
				found = append(found, s)
			}
		}
	}
	return found
}

// inFolder finds the servers at a place: a program itself, or a folder that
// holds programs, or bin/, or one folder for each version with bin/ in it.
func inFolder(ctx context.Context, place string) []Server {
	if info, err := os.Stat(place); err != nil {
		return nil
	} else if !info.IsDir() {
		if s, err := identify(ctx, place); err == nil {
			return []Server{s}
		}
		return nil
	}
	var found []Server
	for _, name := range programs() {
		for _, below := range []string{"", "bin", "*/bin"} {
			paths, _ := filepath.Glob(filepath.Join(place, below, name)) // only a bad pattern is an error
			for _, path := range paths {
				if s, err := identify(ctx, path); err == nil {
					found = append(found, s)
				}
			}
		}
	}
	return found
}

var versionLine = regexp.MustCompile(`(?i)\b(redis|valkey) server v=(\d+\.\d+)(\.\d+)?`)

// identify asks a program for its version.
func identify(ctx context.Context, path string) (Server, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Server{}, fmt.Errorf("the folder of the server %s cannot be told: %w", path, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"} // what else is set is none of its business
	out, err := cmd.CombinedOutput()
	if err != nil {
		return Server{}, fmt.Errorf("%s --version does not run, so it cannot serve: %w", path, err)
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Server{}, fmt.Errorf("%s --version does not answer like a redis or valkey server", path)
	}
	flavor := strings.ToLower(m[1])
	return Server{Name: flavor + "-" + m[2], Version: m[2] + m[3], Flavor: flavor, Path: path}, nil
}

// compareVersions orders "7.0.15" before "8.0.2" by their numbers.
func compareVersions(a, b string) int {
	number := func(s string) []int {
		var ns []int
		for part := range strings.SplitSeq(s, ".") {
			n, _ := strconv.Atoi(part) // versionLine lets only digits through
			ns = append(ns, n)
		}
		return ns
	}
	return slices.Compare(number(a), number(b))
}

// NoServer says that no server program was found, or that the one that was
// named is none.
type NoServer struct {
	Looked []string // where
	Named  string   // the only one that was wanted; empty: any would do
	Err    error    // what is wrong with the one that was named
}

// Unwrap is what is wrong with the program that was named, if one was.
func (e *NoServer) Unwrap() error { return e.Err }

// Error says what is wrong with the program that was named, or else where was
// looked and how to get a server on each platform.
func (e *NoServer) Error() string {
	if e.Named != "" {
		return fmt.Sprintf("the server %s cannot be used: %v; name a redis-server or valkey-server, or let one be found", e.Named, e.Err)
	}
	return "no redis-server or valkey-server was found (looked in " + strings.Join(e.Looked, ", ") + "); install one:" +
		"\n  Debian, Ubuntu   sudo apt-get install redis-server" +
		"\n  Fedora           sudo dnf install valkey" +
		"\n  Alpine           sudo apk add valkey" +
		"\n  Arch             sudo pacman -S valkey" +
		"\n  macOS            brew install valkey" +
		"\nor name one that is elsewhere: SLOTDECK_SERVER=/path/to/redis-server"
}

// IsNoServer reports whether an error says that no server was found.
func IsNoServer(err error) bool {
	var none *NoServer
	return errors.As(err, &none)
}
