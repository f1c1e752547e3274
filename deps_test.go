package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows says which package may import which, one line each, in the manner of
// go/build/deps_test.go. Names without a dot in their first part are rooms of
// this module or packages of the standard library.
//
// "pure" on the left marks a room without input, output, clocks and goroutines;
// it may import the standard library but for what stands in impure. A new room
// needs a line here before it needs anything else.
const arrows = `
keyslot pure          < github.com/sigurn/crc16
cluster pure          < keyslot
cluster/quorum pure   < cluster
cluster/recorder pure < cluster cluster/quorum
cluster/plan pure     < cluster cluster/quorum keyslot
cluster/keyspace pure < cluster keyslot
cluster/doctor pure   < cluster cluster/quorum cluster/plan keyslot
cluster/dump pure     <

cluster/spawn         <

cluster/jump          < cluster/spawn github.com/kevinburke/ssh_config golang.org/x/crypto
cluster/reach pure    < cluster

cluster/wire          < cluster cluster/spawn keyslot github.com/redis/go-redis
cluster/audit         < cluster cluster/wire
cluster/watch         < cluster cluster/quorum cluster/recorder cluster/wire cluster/spawn keyslot
cluster/keys          < cluster cluster/keyspace cluster/wire cluster/spawn keyslot
cluster/backup        < cluster cluster/plan cluster/wire cluster/spawn keyslot
cluster/run           < cluster cluster/dump cluster/quorum cluster/plan cluster/wire cluster/spawn keyslot
cluster/lab           < cluster cluster/spawn keyslot github.com/redis/go-redis
cluster/lab/labtest   < cluster/lab testing golang.org/x/crypto
cluster/fake          < cluster cluster/spawn keyslot
cluster/proof         < cluster keyslot github.com/redis/go-redis
cluster/proof/bigkeys < cluster/lab github.com/redis/go-redis
cluster/proof/mover   < cluster cluster/audit cluster/lab cluster/plan cluster/run cluster/watch cluster/wire keyslot github.com/redis/go-redis
cluster/proof/chaos   < cluster cluster/lab cluster/plan cluster/proof cluster/proof/mover cluster/run keyslot github.com/redis/go-redis
cluster/proof/damage  < cluster cluster/lab keyslot
cluster/proof/failover < cluster cluster/doctor cluster/lab cluster/plan cluster/proof cluster/run cluster/watch
cluster/proof/repair  < cluster/lab cluster/proof cluster/proof/damage keyslot
cluster/proof/membership < cluster cluster/lab
cluster/proof/reshard < cluster cluster/lab cluster/plan cluster/proof cluster/proof/mover cluster/run keyslot

ui pure               < keyslot charm.land github.com/charmbracelet
views pure            < ui cluster cluster/doctor cluster/keyspace cluster/plan cluster/quorum cluster/recorder keyslot charm.land github.com/charmbracelet
views/cli/settings    < cluster cluster/doctor cluster/reach github.com/pelletier/go-toml
views/cli             < views views/cli/settings ui cluster cluster/audit cluster/jump cluster/reach cluster/backup cluster/doctor cluster/fake cluster/keys cluster/keyspace cluster/lab cluster/plan cluster/quorum cluster/recorder cluster/run cluster/spawn cluster/watch cluster/wire keyslot charm.land github.com/charmbracelet github.com/spf13 github.com/muesli/cancelreader golang.org/x/sys

.                     < views/cli
`

// impure is what a pure room may not import. Its net/netip and net/url are
// values, and net itself is let through for joining addresses only.
var impure = []string{"os", "syscall", "log", "io/ioutil", "net/http", "net/rpc", "sync", "testing", "plugin", "runtime", "time/tzdata"}

// nowhere is what no room may import.
var nowhere = []string{"github.com/charmbracelet/ultraviolet", "reflect", "unsafe"}

// effects are the calls that a pure room may not make, by import path.
var effects = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
	"net":  {"Dial", "DialTimeout", "Listen", "ListenPacket", "LookupHost", "LookupIP", "LookupAddr", "ResolveTCPAddr"},
}

type room struct {
	pure    bool
	imports []string
}

func rooms(t *testing.T) map[string]room {
	t.Helper()
	all := map[string]room{}
	for line := range strings.Lines(arrows) {
		left, right, found := strings.Cut(line, "<")
		if !found {
			continue
		}
		words := strings.Fields(left)
		if _, twice := all[words[0]]; twice {
			t.Fatalf("the room %s has two lines", words[0])
		}
		all[words[0]] = room{pure: slices.Contains(words[1:], "pure"), imports: strings.Fields(right)}
	}
	return all
}

// sources are the files that go into the program, parsed, by room.
func sources(t *testing.T, files *token.FileSet) map[string][]*ast.File {
	t.Helper()
	found := map[string][]*ast.File{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && name != "." && (base == "testdata" || strings.HasPrefix(base, ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(name))
		found[dir] = append(found[dir], file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestArrowsPointOneWay(t *testing.T) {
	all, files := rooms(t), token.NewFileSet()
	found := sources(t, files)
	if len(found) < 5 {
		t.Fatalf("only %d rooms were found: the test looks in the wrong place", len(found))
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		r, known := all[name]
		if !known {
			t.Errorf("the room %s has no line in the arrows of deps_test.go", name)
			continue
		}
		for _, file := range found[name] {
			for _, spec := range file.Imports {
				target, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if why := r.refuses(target); why != "" {
					t.Errorf("%s: %s imports %s, %s", files.Position(spec.Pos()), name, target, why)
				}
			}
			if r.pure {
				for _, call := range effectsOf(file) {
					t.Errorf("%s: %s is a pure room: it takes times as arguments, starts nothing and calls nobody", files.Position(call.Pos()), name)
				}
			}
		}
	}
}

// refuses says why a room may not import a package, or nothing.
func (r room) refuses(target string) string {
	first, _, _ := strings.Cut(target, "/")
	switch {
	case slices.ContainsFunc(nowhere, under(target)):
		return "which no room may"
	case slices.ContainsFunc(r.imports, func(allowed string) bool {
		return target == "slotdeck/"+allowed || strings.Contains(allowed, ".") && under(target)(allowed) || target == allowed
	}):
		return ""
	case first == "slotdeck" || strings.Contains(first, "."):
		return "for which there is no arrow"
	case target == "testing":
		return "which is for tests"
	case r.pure && slices.ContainsFunc(impure, under(target)):
		return "and a pure room does no input or output"
	}
	return ""
}

// under reports whether target is a package or lies below it.
func under(target string) func(string) bool {
	return func(parent string) bool { return target == parent || strings.HasPrefix(target, parent+"/") }
}

// effectsOf finds clocks, sockets and goroutines in a file.
func effectsOf(file *ast.File) []ast.Node {
	forbidden := map[string][]string{}
	for _, spec := range file.Imports {
		target, _ := strconv.Unquote(spec.Path.Value) // the parser let it through
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		forbidden[name] = effects[target]
	}
	var found []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, n)
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && slices.Contains(forbidden[pkg.Name], n.Sel.Name) {
				found = append(found, n)
			}
		}
		return true
	})
	return found
}

// TestEveryGoroutineHandsItsPanicOn: what is in the program starts none but by
// cluster/spawn, and lets nobody else call back in one. Programs for measuring and
// the helpers of tests are their own.
func TestEveryGoroutineHandsItsPanicOn(t *testing.T) {
	files := token.NewFileSet()
	looked := 0
	for name, list := range sources(t, files) {
		if name == "cluster/spawn" || name == "cluster/lab/labtest" || under(name)("cluster/proof") {
			continue
		}
		for _, file := range list {
			looked++
			for _, bad := range unguarded(file) {
				t.Errorf("%s: a goroutine of its own: use spawn.Go, spawn.Group or spawn.Caught", files.Position(bad.Pos()))
			}
		}
	}
	if looked < 100 {
		t.Errorf("only %d files were looked at", looked)
	}
	file, err := parser.ParseFile(files, "x.go", `package x
func f() { go f(); var wg sync.WaitGroup; context.AfterFunc(ctx, f); context.AfterFunc(ctx, spawn.Caught(f)) }`, 0)
	if err != nil || len(unguarded(file)) != 3 {
		t.Errorf("what it shall find: %d, %v", len(unguarded(file)), err)
	}
}

// unguarded finds what starts goroutines whose panics nobody catches.
func unguarded(file *ast.File) (found []ast.Node) {
	named := func(n ast.Node, pkg, name string) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		left, ok := sel.X.(*ast.Ident)
		return ok && sel.Sel.Name == name && (pkg == "" || left.Name == pkg)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, n)
		case *ast.SelectorExpr:
			if named(n, "sync", "WaitGroup") {
				found = append(found, n)
			}
		case *ast.CallExpr:
			if !named(n.Fun, "", "AfterFunc") {
				break
			}
			if call, ok := n.Args[len(n.Args)-1].(*ast.CallExpr); !ok || !named(call.Fun, "spawn", "Caught") {
				found = append(found, n)
			}
		}
		return true
	})
	return found
}

func TestArrowsSeeWhatTheyForbid(t *testing.T) {
	all := rooms(t)
	for _, c := range []struct {
		room, target string
		allowed      bool
	}{
		{"keyslot", "github.com/sigurn/crc16", true},
		{"keyslot", "slotdeck/cluster", false},
		{"cluster", "os/exec", false},
		{"cluster/wire", "github.com/redis/go-redis/v9", true},
		{"cluster/wire", "slotdeck/cluster/watch", false},
		{"cluster/fake", "testing", false},
		{"ui", "slotdeck/cluster", false},
		{"ui", "github.com/charmbracelet/ultraviolet", false},
		{"views", "github.com/redis/go-redis/v9", false},
		{"views", "slotdeck/cluster/wire", false},
		{"views/cli", "slotdeck/views", true},
		{".", "slotdeck/cluster", false},
	} {
		if got := all[c.room].refuses(c.target) == ""; got != c.allowed {
			t.Errorf("%s imports %s: allowed %v, want %v", c.room, c.target, got, c.allowed)
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
import clock "time"
import "net"
func f() { _ = clock.Now(); go f(); net.Dial("", ""); _ = net.JoinHostPort("", "") }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(effectsOf(file)); got != 3 {
		t.Errorf("%d effects were seen, want 3", got)
	}
}
