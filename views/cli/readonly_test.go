package cli

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
)

// everyCommand is a command and all below it that do something.
func everyCommand(c *cobra.Command) (out []*cobra.Command) {
	if c.Runnable() {
		out = append(out, c)
	}
	for _, below := range c.Commands() {
		out = append(out, everyCommand(below)...)
	}
	return out
}

// sendable is all that may leave a read-only slotdeck. It is written down here
// apart from the list that the program goes by.
const sendable = `PING|INFO|HELLO|AUTH|ROLE|DBSIZE|SCAN|TYPE|PTTL|GET|SELECT|TIME|STRLEN|HLEN|LLEN|SCARD|ZCARD|XLEN
CLUSTER INFO|CLUSTER NODES|CLUSTER SHARDS|CLUSTER SLOTS|CLUSTER MYID|CLUSTER LINKS|CLUSTER SLOT-STATS|CLUSTER COUNTKEYSINSLOT|CLUSTER GETKEYSINSLOT
CLUSTER COUNT-FAILURE-REPORTS|CLUSTER MIGRATION STATUS|CLUSTER GETSLOTMIGRATIONS|CLIENT LIST|CONFIG GET|COMMAND INFO|COMMAND GETKEYS|MEMORY USAGE|OBJECT ENCODING|OBJECT IDLETIME
OBJECT FREQ|FUNCTION LIST|FUNCTION DUMP|LATENCY LATEST|SLOWLOG GET|ACL GETUSER|ACL LIST|ACL DRYRUN|ACL LOG`

// wantOnlyReads looks at every command that went through the taps.
func wantOnlyReads(t *testing.T, taps []*labtest.Tap) {
	t.Helper()
	may := strings.FieldsFunc(sendable, func(r rune) bool { return r == '|' || r == '\n' })
	seen := map[string]bool{}
	for i, p := range taps {
		for command := range p.Commands() {
			seen[command] = true
			if !slices.Contains(may, strings.TrimSpace(command)) {
				t.Errorf("%s was sent to node %d", command, i)
			}
		}
	}
	if len(seen) < 8 {
		t.Errorf("only these were seen: %v; are the taps in between?", seen)
	}
}

func TestReadOnlySendsNothingThatChangesAnythingWhateverIsAsked(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	if err := c.Fill(t.Context(), 500); err != nil {
		t.Fatal(err)
	}
	spare := addSpares(t, c, 1)[0]
	source := standalone(t, labtest.Any(t)).Options().Addr
	taps, with := tapped(t, c)
	for _, addr := range []string{spare.Addr, source} {
		p := labtest.NewTap(t, addr)
		taps, with = append(taps, p), append(with, "--map", addr+"="+p.Addr)
	}
	with = append(with, "--readonly")
	seed, from := taps[0].Addr, taps[len(taps)-1].Addr
	node := c.Nodes()
	a, b, replica := string(node[0].ID), string(node[1].ID), string(node[3].ID)
	// A slot that waits to be settled.
	asked(t, node[0], "CLUSTER", "SETSLOT", 1, "MIGRATING", b)
	asked(t, node[1], "CLUSTER", "SETSLOT", 1, "IMPORTING", a)

	saved, kept := filepath.Join(t.TempDir(), "saved.jsonl"), wire.Open(node[0].Addr, wire.Options{})
	defer kept.Close()
	asked(t, node[0], "SET", keyOf(7), "v")
	if _, err := saveValues(t.Context(), kept, cluster.NodeID(a), []string{keyOf(7)}, saved); err != nil {
		t.Fatal(err)
	}
	if err := node[0].Do(t.Context(), "DEL", keyOf(7)).Err(); err != nil {
		t.Fatal(err)
	}

	const fine, refused, either = 1, 2, 3
	type trial struct {
		words []string
		is    int
	}
	say := func(is int, words ...string) trial { return trial{words, is} }
	// By command; a new one has to be written down here.
	trials := map[string][]trial{
		"add-node":         {say(refused, spare.Addr, seed, "--yes"), say(refused, spare.Addr, seed, "--replica", "--yes")},
		"backup":           {say(refused, seed, filepath.Join(t.TempDir(), "b"), "--yes")},
		"bigkeys":          {say(fine, seed, "--memory")},
		"call":             {say(refused, seed, "FLUSHALL", "--yes"), say(refused, seed, "--yes", "ACL", "LOG", "RESET"), say(fine, seed, "DBSIZE")},
		"check":            {say(either, seed)},
		"context add":      nil, // it connects to nothing
		"create":           {say(refused, spare.Addr, seed, "--yes")},
		"del-node":         {say(refused, seed, replica, "--yes")},
		"drain":            {say(refused, seed, "--node", a, "--yes")},
		"drift":            {say(either, seed)},
		"exec":             {say(refused, seed, "SET", "k", "v", "--yes"), say(refused, seed, "EVAL", "return redis.call('del', KEYS[1])", "1", "k", "--yes"), say(fine, seed, "GET", "k")},
		"failover":         {say(refused, taps[3].Addr, "--yes"), say(refused, taps[3].Addr, "--takeover", "--yes")},
		"fix":              {say(refused, seed, "--yes")},
		"forget":           {say(refused, seed, replica, "--yes")},
		"hot":              {say(fine, seed, "--window", "100ms"), say(either, seed, "--window", "100ms", "--hotkeys", "--yes")},
		"import":           {say(refused, seed, "--from", from, "--yes")},
		"info":             {say(fine, seed)},
		"rebalance":        {say(refused, seed, "--weight", a+"=3", "--yes")},
		"repair-addresses": {say(refused, seed, spare.Addr, "--yes")},
		"replace":          {say(refused, seed, replica, spare.Addr, "--yes")},
		"replicate":        {say(refused, seed, replica, b, "--yes")},
		"reset":            {say(refused, spare.Addr, "--yes")},
		"reshard":          {say(refused, seed, "--from", a, "--to", b, "--slots", "10", "--yes"), say(either, seed, "--from", a, "--to", b, "--slots", "10", "--dry-run")},
		"restore":          {say(refused, seed, saved, "--yes")},
		"resume":           {say(refused, seed, "--finish", "--yes"), say(refused, seed, "--roll-back", "--yes")},
		"rolling-restart":  {say(refused, seed, "--hook", "true", "--yes")},
		"scan":             {say(fine, seed, "--ttl", "--memory", "--encoding")},
		"set":              {say(refused, seed, "maxmemory-samples", "6", "--yes")},
		"set-timeout":      {say(refused, seed, "4000", "--yes")},
		"spread":           {say(either, seed, "--yes")},
		"status":           {say(either, seed, "-o", "json")},
		"trace":            {say(refused, seed, "--yes", "SET", "k", "v"), say(fine, seed, "GET", "k")},
		"watch":            {say(either, seed)},
		"":                 nil, // the console: a test of its own
	}
	var all []string
	for _, cmd := range everyCommand(newRoot(&World{Env: func(string) string { return "" }})) {
		if cmd.Flags().Lookup("readonly") == nil {
			continue
		}
		name := strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), "slotdeck"))
		if _, known := trials[name]; !known {
			t.Errorf("what does %q do with --readonly? Nobody has tried", name)
		}
		all = append(all, name)
	}
	configured := func() (out []string) {
		for _, n := range node {
			out = append(out, fmt.Sprint(sees(t, n).Config(), " ", n.Do(t.Context(), "DBSIZE").Val()))
		}
		return out
	}
	before := configured()
	t.Run("commands", func(t *testing.T) {
		for _, name := range all {
			for _, one := range trials[name] {
				t.Run(strings.Join(append(strings.Fields(name), one.words[1:]...), " "), func(t *testing.T) {
					got := runOnce(t, append(append(strings.Fields(name), with...), one.words...)...)
					if one.is == fine && got.code != Fine || one.is == refused && got.code == Fine {
						t.Errorf("code %d\n%s\n%s", got.code, got.out, got.err)
					}
				})
			}
		}
	})
	wantOnlyReads(t, taps)
	if after := configured(); !slices.Equal(before, after) {
		t.Errorf("the cluster was\n%s\nand is\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// runOnce runs a command; one that would go on for ever, until it has told something.
func runOnce(t *testing.T, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs bytes.Buffer
	out := &telltale{told: func() {}}
	if args[0] == "watch" {
		out.told = cancel
	}
	state := t.TempDir()
	code := Run(ctx, &World{Args: args, In: strings.NewReader(""), Out: out, Err: &errs, Env: func(name string) string {
		if name == "XDG_STATE_HOME" {
			return state
		}
		return ""
	}})
	return outcome{code, out.String(), errs.String()}
}

// telltale is a buffer that tells when something is written to it.
type telltale struct {
	bytes.Buffer
	told func()
}

func (w *telltale) Write(p []byte) (int, error) {
	defer w.told()
	return w.Buffer.Write(p)
}
