package cli

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
)

func TestCheckTellsFitFromUnfit(t *testing.T) {
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, Extra: []string{"maxmemory 64mb"}})
		nodes := c.Nodes()
		labtest.Until(t, lookFor*2, "a fit cluster", func() bool { return run(t, "", nil, "check", c.Seed()).code == Fine })
		got := expect(t, Fine, "check", c.Seed())
		for _, line := range []string{"[OK] All nodes agree about slots configuration.\n", "[OK] All 16384 slots covered.\n", "[OK] 0 keys in 3 "} {
			if !strings.Contains(got.out, line) {
				t.Errorf("%q is not in\n%s", line, got.out)
			}
		}
		tag, err := keyslot.FindTag(keyslot.SetOf(keyslot.Range{First: 5, Last: 5}), keyslot.TagSearch{Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		asked(t, nodes[0], "SET", "{"+tag[0]+"}", "1")
		asked(t, nodes[0], "CLUSTER", "SETSLOT", "5", "MIGRATING", string(nodes[1].ID))
		asked(t, nodes[1], "CLUSTER", "SETSLOT", "5", "IMPORTING", string(nodes[0].ID))
		// Keys are counted now and then: the first look may be older than the open slot.
		labtest.Until(t, lookFor*2, "the keys of the open slot are told", func() bool {
			open := decode[checkAnswer](t, expect(t, No, "check", c.Seed(), "-o", "json", "--rule", "slots-open").out)
			return len(open.Findings) == 1 && strings.HasPrefix(strings.Join(open.Findings[0].Evidence, ""), nodes[0].Addr+" held 1 key of it ")
		})
		got = expect(t, No, "check", c.Seed())
		if !strings.Contains(got.out, "  slot 5: migrating on "+nodes[0].Addr+", importing on "+nodes[1].Addr) {
			t.Errorf("the open slot is not told:\n%s", got.out)
		}
		asked(t, nodes[0], "CLUSTER", "SETSLOT", "5", "STABLE")
		asked(t, nodes[1], "CLUSTER", "SETSLOT", "5", "STABLE")
		asked(t, nodes[2], "CLUSTER", "DELSLOTS", "16383")
		answer := decode[checkAnswer](t, expect(t, No, "check", c.Seed(), "-o", "json", "--rule", "slots-disputed").out)
		if answer.Fit || answer.Agree || len(answer.Disputes) == 0 || answer.Disputes[0].Slots != "16383" {
			t.Errorf("%+v", answer)
		}
		for _, f := range answer.Findings {
			if f.ID != "slots-disputed" {
				t.Errorf("a finding that was not asked for: %+v", f)
			}
		}
	})
}

// theirs is what the servers' own tool prints, a line each, without colours.
func theirs(t *testing.T, server lab.Server, args ...string) []string {
	t.Helper()
	tool := filepath.Join(filepath.Dir(server.Path), server.Flavor+"-cli")
	out, _ := exec.CommandContext(t.Context(), tool, append([]string{"--cluster"}, args...)...).Output() // its exit status is 1 where something is wrong
	text := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(string(out), "")
	if !strings.Contains(text, "keys in") {
		t.Fatalf("%s %v says %q", tool, args, out)
	}
	return strings.Split(strings.TrimSpace(text), "\n")
}

// Scripts look for lines of the servers' own tool: every one that it prints is
// printed here, too, byte for byte, of the same cluster.
func TestCheckAndInfoPrintTheLinesOfTheServersOwnTool(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
		nodes := c.Nodes()
		asked(t, nodes[0], "SET", "{b}x", "1")
		same := func(what, command string, code Exit, more ...string) {
			t.Helper()
			var missing []string
			var got outcome
			labtest.Until(t, time.Minute, what+" is told as the tool tells it", func() bool { // the two do not look at the same moment
				their := append([]string{command, c.Seed()}, more...)
				if len(more) > 0 {
					their[2] = "--cluster-" + strings.TrimPrefix(more[0], "--")
				}
				want := theirs(t, server, their...)
				got = run(t, "", nil, append([]string{command, c.Seed()}, more...)...)
				missing = nil
				for _, line := range want {
					if !strings.Contains("\n"+got.out, "\n"+line+"\n") {
						missing = append(missing, line)
					}
				}
				ended := len(missing) == 0 && got.code == code
				if !ended {
					t.Logf("%s, exit %d: not in\n%s\nare %q", what, got.code, got.out, missing)
				}
				return ended
			})
		}
		same("a sound cluster", "check", Fine)
		same("a sound cluster", "info", Fine)
		same("a sound cluster and owners", "check", Fine, "--search-multiple-owners")
		asked(t, nodes[0], "CLUSTER", "SETSLOT", "5", "MIGRATING", string(nodes[1].ID))
		asked(t, nodes[1], "CLUSTER", "SETSLOT", "5", "IMPORTING", string(nodes[0].ID))
		same("an open slot", "check", No)
		for _, n := range nodes[:2] {
			asked(t, n, "CLUSTER", "SETSLOT", "5", "STABLE")
		}
		for _, n := range nodes {
			if err := n.Do(t.Context(), "CLUSTER", "DELSLOTS", "7").Err(); err != nil {
				t.Fatal(err)
			}
		}
		same("a slot without owner", "check", No)
		same("a slot without owner", "info", No)
		asked(t, nodes[0], "CLUSTER", "ADDSLOTS", "7")
		asked(t, nodes[2], "CLUSTER", "DELSLOTS", "16383")
		same("nodes that disagree", "check", No)
	})
}
