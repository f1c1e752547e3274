package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// tapped is a cluster whose nodes are reached through taps alone, by a map.
func tapped(t *testing.T, c *lab.Cluster) (taps []*labtest.Tap, flags []string) {
	t.Helper()
	for _, n := range c.Nodes() {
		p := labtest.NewTap(t, n.Addr)
		taps = append(taps, p)
		flags = append(flags, "--map", n.Addr+"="+p.Addr)
	}
	return taps, flags
}

func TestContextsAreAddedListedTriedAndProtect(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Password: "s3cret"})
	_, rules := tapped(t, c)
	home := t.TempDir()
	env := map[string]string{"HOME": home}
	secret := filepath.Join(home, "secret")
	if err := os.WriteFile(secret, []byte("s3cret\nnot this line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add := append([]string{"context", "add", "prod", c.Seed(), "--pass-file", "~/secret", "--protected"}, rules...)
	if got := run(t, "", env, add...); got.code != Fine {
		t.Fatalf("%+v", got)
	}
	if got := run(t, "", env, add...); got.code != Usage || !strings.Contains(got.err, "already") {
		t.Errorf("added twice: %+v", got)
	}
	if got := run(t, "", env, "context", "add", "b", c.Seed(), "-a", "s3cret"); got.code != Usage {
		t.Errorf("a password was taken into the file: %+v", got)
	}
	if got := run(t, "", env, "context", "add", "b", "redis://:s3cret@"+c.Seed()); got.code != Usage || strings.Contains(got.err, "s3cret") {
		t.Errorf("a password was taken, or told: %+v", got)
	}
	path := filepath.Join(home, ".config", "slotdeck", "config.toml")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || strings.Contains(readFile(t, path), "s3cret") {
		t.Errorf("%v %v\n%s", info, err, readFile(t, path))
	}
	if got := run(t, "", env, "context", "list"); got.code != Fine || !strings.Contains(got.out, "* prod") || !strings.Contains(got.out, "protected") {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", env, "context", "test", "prod"); got.code != Fine || strings.Count(got.out, "dialled at") != 2 {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", env, "info", "--context", "prdo"); got.code != Usage || !strings.Contains(got.err, `did you mean "prod"?`) {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", env, "info"); got.code != Fine { // it is the default
		t.Errorf("%+v", got)
	}
	timeout := []string{"set-timeout", "--context", "prod", "4000", "--yes"}
	if got := run(t, "", env, timeout...); got.code != Usage || !strings.Contains(got.err, "--confirm prod") {
		t.Errorf("a protected context was changed: %+v", got)
	}
	if got := run(t, "", env, append(timeout, "--confirm", "lab")...); got.code != Usage {
		t.Errorf("a protected context was changed: %+v", got)
	}
	if got := run(t, "", env, append(timeout, "--confirm", "prod")...); got.code != Fine {
		t.Errorf("%+v", got)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "", env, "info"); got.code != Fine || !strings.Contains(got.err, "other users of this machine may read") {
		t.Errorf("%+v", got)
	}
}

func TestAUnixSocketServesAsSeed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	c := labtest.Start(t, lab.Config{ExtraAt: map[int][]string{0: {"unixsocket " + path}}})
	for _, words := range [][]string{{"info", "unix://" + path}, {"info", "-s", path}} {
		got := run(t, "", nil, append(words, "-o", "json")...)
		if got.code != Fine || decode[infoAnswer](t, got.out).NodesAnswering != 3 {
			t.Errorf("%v: %+v", words, got)
		}
	}
	_ = c
}

func TestReadersAndChangersLogInApart(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Extra: []string{
		"user watcher on >look ~* &* +@read +@connection +info +cluster|info +cluster|nodes +cluster|shards +config|get +role",
		"user op on >act ~* &* +@all",
	}})
	home := t.TempDir()
	config := filepath.Join(home, "c.toml")
	text := "default = \"x\"\n[contexts.x]\nseeds = [\"" + c.Seed() + "\"]\nuser = \"watcher\"\npassword = {env = \"LOOK\"}\n" +
		"change = {user = \"op\", password = {command = [\"echo\", \"act\"]}}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"LOOK": "look", "HOME": home}
	if got := run(t, "", env, "set-timeout", "--context", "x", "4000", "--config", config, "--yes"); got.code != Fine {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", env, "journal", "-o", "json"); strings.Contains(got.out, "act\"") || got.code != Fine {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", map[string]string{"HOME": home}, "info", "--config", config); got.code != Usage || !strings.Contains(got.err, "LOOK") {
		t.Errorf("%+v", got)
	}
}

// TestAClusterBehindABastionIsLookedAtAndChanged: the cluster announces names, and
// every connection goes through an SSH server.
func TestAClusterBehindABastionIsLookedAtAndChanged(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Hostnames: true})
		home, public := labtest.SSHHome(t)
		bastion := labtest.StartBastion(t, public)
		env := map[string]string{"HOME": home}
		with := func(words ...string) outcome {
			return run(t, "", env, append(words, "--ssh", "ann@"+bastion.Addr, "--ssh-config", "none")...)
		}
		if got := with("info", c.Seed()); got.code == Fine || !strings.Contains(got.err, "known_hosts") {
			t.Errorf("a bastion that nobody knows: %+v", got)
		}
		labtest.Know(t, home, bastion)
		if got := with("info", c.Seed(), "-o", "json"); got.code != Fine || decode[infoAnswer](t, got.out).NodesAnswering != 3 {
			t.Errorf("info: %+v", got)
		}
		a, b := string(c.Nodes()[0].ID), string(c.Nodes()[1].ID)
		if err := c.Fill(t.Context(), 200); err != nil {
			t.Fatal(err)
		}
		if got := with("reshard", c.Seed(), "--from", a, "--to", b, "--slots", "100", "--driver", "migrate", "--yes"); got.code != Fine {
			t.Errorf("reshard: %+v", got)
		}
		if bastion.Logins() == 0 {
			t.Error("nothing went through the bastion")
		}
	})
}
