package jump

import (
	"path/filepath"
	"strings"
	"testing"

	"slotdeck/cluster/lab/labtest"
)

func TestAliasesAreCompletedFromSSHConfig(t *testing.T) {
	dir := t.TempDir()
	labtest.WriteIn(t, dir, ".ssh/config", `
Host gate
  HostName gate.example
  User op
  Port 2222
  IdentityFile ~/.ssh/gate_%r
  IdentitiesOnly yes
  UserKnownHostsFile ~/.ssh/gate_hosts
Host inner
  HostName 10.0.0.5
  ProxyJump gate
Host circle
  ProxyJump circle
`)
	home := Home{Dir: dir, User: "ann"}
	hops, err := Resolve("inner", home)
	if err != nil || len(hops) != 2 {
		t.Fatal(hops, err)
	}
	gate := hops[0]
	if gate.String() != "op@gate.example:2222" || !gate.OnlyKeys || gate.Keys[0] != filepath.Join(dir, ".ssh/gate_op") ||
		gate.KnownHosts[0] != filepath.Join(dir, ".ssh/gate_hosts") {
		t.Errorf("%+v", gate)
	}
	if hops[1].String() != "ann@10.0.0.5:22" || !strings.HasSuffix(hops[1].Keys[0], "id_ed25519") {
		t.Errorf("%+v", hops[1])
	}
	for chain, want := range map[string]string{
		"bob@h": "bob@h:22", "bob@h:5": "bob@h:5", "h": "ann@h:22", "bob@[::1]:5": "bob@[::1]:5", "ssh://bob@h:5": "bob@h:5",
		"a@h,b@i": "a@h:22 b@i:22", "gate,inner": "op@gate.example:2222 ann@10.0.0.5:22",
	} {
		hops, err := Resolve(chain, home)
		var got []string
		for _, h := range hops {
			got = append(got, h.String())
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", chain, got, err)
		}
	}
	for _, chain := range []string{"", "@", "h:0", "h:x:y@", "-oProxyCommand=x", "a b", "h,", "u:pw@h", "circle"} {
		if hops, err := Resolve(chain, home); err == nil {
			t.Errorf("%q was taken as %v", chain, hops)
		}
	}
	labtest.WriteIn(t, dir, ".ssh/config", "Host x\n  Match exec foo\n")
	if _, err := Resolve("h", home); err == nil || !strings.Contains(err.Error(), "--ssh-config") {
		t.Error(err)
	}
	home.Config = "none"
	if _, err := Resolve("h", home); err != nil {
		t.Error(err)
	}
}
