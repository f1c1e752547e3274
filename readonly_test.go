package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// seen is what a read-only console may send, whatever is pressed.
const seen = `PING|INFO|HELLO|ROLE|DBSIZE|SCAN|TYPE|PTTL|GET|EXISTS|STRLEN|HLEN|LLEN|SCARD|ZCARD|XLEN|GETRANGE|READONLY|SELECT
CLUSTER INFO|CLUSTER NODES|CLUSTER SHARDS|CLUSTER SLOTS|CLUSTER LINKS|CLUSTER SLOT-STATS|CLUSTER COUNTKEYSINSLOT|CLUSTER GETKEYSINSLOT|CLUSTER COUNT-FAILURE-REPORTS
CLUSTER MIGRATION STATUS|CLUSTER GETSLOTMIGRATIONS|CLIENT LIST|CONFIG GET|COMMAND INFO|COMMAND GETKEYS|MEMORY USAGE|OBJECT ENCODING|OBJECT IDLETIME|OBJECT FREQ
FUNCTION LIST|LATENCY LATEST|SLOWLOG GET|ACL GETUSER`

// escape is the key as terminals with the newer protocol send it: what follows
// at once is no part of it.
const escape = "\x1b[27u"

func TestAReadOnlyConsoleSendsNothingThatChangesAnythingWhateverIsPressed(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	if err := c.Fill(t.Context(), 200); err != nil {
		t.Fatal(err)
	}
	var taps []*labtest.Tap
	args := []string{"--readonly", "--zone", "127.0.0.1=a"}
	for _, n := range c.Nodes() {
		p := labtest.NewTap(t, n.Addr)
		taps = append(taps, p)
		args = append(args, "--map", n.Addr+"="+p.Addr)
	}
	cmd := exec.Command(program(), append(args, taps[0].Addr)...)
	cmd.Dir = t.TempDir() // some keys write files
	cmd.Env = append(terminalEnv(), "XDG_STATE_HOME="+t.TempDir())
	s := startCommand(t, usual, cmd)
	s.shows("6/6 nodes", "READ-ONLY")
	for _, screen := range strings.Split("1 2 3 4 5 6 7 ! H T", " ") {
		for key := '!'; key <= '~'; key++ {
			if key != 'q' && key != 'Q' {
				s.press(screen + string(key) + "\ry\r" + escape + escape + escape)
			}
		}
		s.press(escape + escape + "1")
		s.shows("FINDINGS")
	}
	for _, verb := range strings.Fields("reshard rebalance drain failover add-node remove replace replicate forget reset create repair-addresses fix set backup import hosts rolling-restart health resume") {
		s.press(":" + verb + " 127.0.0.1:1\ryes\ry\r" + escape + escape + escape)
	}
	s.press(escape + escape + "1")
	s.shows("FINDINGS")
	if s.over() {
		t.Fatal("the console has ended")
	}
	s.press("q")
	if code := s.ends(); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	may := strings.FieldsFunc(seen, func(r rune) bool { return r == '|' || r == '\n' })
	kinds := map[string]bool{}
	for i, p := range taps {
		for command := range p.Commands() {
			kinds[command] = true
			if !slices.Contains(may, command) {
				t.Errorf("%s was sent to node %d", command, i)
			}
		}
	}
	if len(kinds) < 10 {
		t.Errorf("only these were seen: %v; are the taps in between?", kinds)
	}
	t.Log(kinds)
}
