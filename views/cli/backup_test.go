package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/backup"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
)

// checkerOf is the program beside a server that reads copies.
func checkerOf(s lab.Server) string {
	return filepath.Join(filepath.Dir(s.Path), s.Flavor+"-check-rdb")
}

func TestBackupIsWholeAndReadByTheServersOwnChecker(t *testing.T) {
	onVersions(t, memberVersions(), func(t *testing.T, server lab.Server) {
		config := lab.Config{Binary: server.Path, Password: "p 4 ss"}
		if server.Name == "redis-7.0" { // a file first, whose length is told; the others send at once
			config.Extra = []string{"repl-diskless-sync no"}
		}
		c := labtest.Start(t, config)
		if err := c.Fill(t.Context(), 3000); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "monday")
		env := map[string]string{"REDISCLI_AUTH": "p 4 ss"}
		host, port, _ := strings.Cut(c.Seed(), ":")
		got := run(t, "", env, "backup", host, port, dir, "--yes", "-o", "json", "--checker", checkerOf(server))
		if got.code != Fine {
			t.Fatalf("code %d: %s%s", got.code, got.out, got.err)
		}
		l := decode[backup.Listing](t, got.out)
		if len(l.Copies) != 3 {
			t.Fatalf("%d copies: %+v", len(l.Copies), l)
		}
		for _, copied := range l.Copies {
			text, err := os.ReadFile(filepath.Join(dir, copied.File))
			sum := sha256.Sum256(text)
			if err != nil || hex.EncodeToString(sum[:]) != copied.SHA256 || int64(len(text)) != copied.Bytes {
				t.Errorf("%s is not what the listing says (%v)", copied.File, err)
			}
			if copied.Checksum != "ok" || copied.Checker != "ok" || copied.Slots == "" || len(copied.ReplID) != 40 {
				t.Errorf("%+v", copied)
			}
		}
		entries, _ := os.ReadDir(dir)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if all := strings.Join(names, " "); len(names) != 6 || strings.Contains(all, "INCOMPLETE") || strings.Contains(all, ".part") {
			t.Errorf("the folder holds %s", all)
		}
		if got := run(t, "", env, "backup", c.Seed(), dir, "--yes"); got.code != No || !strings.Contains(got.err, "is not empty") {
			t.Errorf("over a backup: code %d, %s", got.code, got.err)
		}
	})
}

// halfway is a way to the nodes that breaks after so many bytes from any of
// them, as when a primary is killed while it sends.
type halfway struct {
	net.Conn
	left int
}

func (h *halfway) Read(p []byte) (int, error) {
	if h.left <= 0 {
		h.Close()
		return 0, io.EOF
	}
	n, err := h.Conn.Read(p[:min(len(p), h.left)])
	h.left -= n
	return n, err
}

func TestBackupCutOffIsNotTakenForOne(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	if err := c.Fill(t.Context(), 3000); err != nil {
		t.Fatal(err)
	}
	crew := engine.NewMemberCrew(wire.Options{})
	defer crew.Close()
	look := func(ctx context.Context) (*cluster.Snapshot, error) { return crew.Look(ctx, c.Seed()) }
	snap, err := look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "cut")
	p, err := backup.NewPlan(snap, dir)
	if err != nil {
		t.Fatal(err)
	}
	o := backup.Options{Look: look, Tell: func(backup.Progress) {}}
	o.Wire.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &halfway{conn, 20000}, err
	}
	if _, err := backup.Take(t.Context(), p, o); err == nil || !strings.Contains(err.Error(), "the backup is not complete") {
		t.Errorf("cut off, it says %v", err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 || entries[0].Name() != "INCOMPLETE" {
		t.Errorf("left in the folder: %v", entries)
	}
	expect(t, Fine, "backup", c.Seed(), dir, "--yes")
	if _, err := os.Stat(filepath.Join(dir, "INCOMPLETE")); err == nil {
		t.Error("the next backup is not complete either")
	}
}

func TestBackupSaysWhoWasKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Extra: []string{"rdb-key-save-delay 2000"}}) // microseconds a key: a copy takes seconds
	if err := c.Fill(t.Context(), 3000); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "killed")
	victim := c.Nodes()[0]
	ended := make(chan outcome, 1)
	go func() { ended <- run(t, "", nil, "backup", c.Nodes()[1].Addr, dir, "--yes") }()
	labtest.Until(t, time.Minute, "the copy of the first primary is on its way", func() bool {
		parts, _ := filepath.Glob(filepath.Join(dir, "A-*.part"))
		return len(parts) > 0
	})
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	got := <-ended
	if got.code != No || !strings.Contains(got.err, victim.Addr) || !strings.Contains(got.err, "not complete") {
		t.Errorf("code %d: %s", got.code, got.err)
	}
	if whole, _ := filepath.Glob(filepath.Join(dir, "A-*")); len(whole) > 0 {
		t.Errorf("of the killed primary there is %v", whole)
	}
	if got := run(t, "", nil, "backup", c.Nodes()[1].Addr, dir, "--yes"); got.code == Fine {
		t.Error("a backup without a shard passes for one")
	}
}

func TestBackupWhoseProcessIsKilledIsNotTakenForOneAndTheSameCommandFinishesIt(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Extra: []string{"rdb-key-save-delay 1000"}}) // microseconds a key
	if err := c.Fill(t.Context(), 3000); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "killed")
	for _, moment := range []string{"INCOMPLETE", "A-*.part", "B-*.part", "C-*.part"} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SLOTDECK_TEST_FIX=backup "+c.Seed()+" "+dir+" --yes", "XDG_STATE_HOME="+t.TempDir())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		labtest.Until(t, time.Minute, moment+" is there", func() bool {
			found, _ := filepath.Glob(filepath.Join(dir, moment))
			return len(found) > 0
		})
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if _, err := os.Stat(filepath.Join(dir, "INCOMPLETE")); err != nil {
			t.Errorf("killed at %s, it passes for whole: %v", moment, err)
		}
	}
	for _, n := range c.Nodes() {
		asked(t, n, "CONFIG", "SET", "rdb-key-save-delay", "0")
	}
	expect(t, Fine, "backup", c.Seed(), dir, "--yes")
	for _, left := range []string{"INCOMPLETE", "*.part"} {
		if found, _ := filepath.Glob(filepath.Join(dir, left)); len(found) > 0 {
			t.Errorf("left behind: %v", found)
		}
	}
	if copies, _ := filepath.Glob(filepath.Join(dir, "*.rdb")); len(copies) != 3 {
		t.Errorf("copies: %v", copies)
	}
}

func TestBackupRefusesWhatCannotBeWhole(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"backup", "backup 127.0.0.1:1", "backup 127.0.0.1:1 dir --checker /nonexistent"} {
		if got := run(t, "", nil, strings.Fields(args)...); got.code != Usage {
			t.Errorf("%s: code %d: %s", args, got.code, got.err)
		}
	}
	expect(t, Unreachable, "backup", "127.0.0.1:1", t.TempDir(), "--yes")
}
