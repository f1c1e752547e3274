package cli

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

const aclPassword = "s3cret-of-the-acl-test"

// documentedRules are the ACL lines of docs/acl.md that are meant for a server.
func documentedRules(t *testing.T, server lab.Server) (rules [][]any) {
	t.Helper()
	text, err := os.ReadFile("../../docs/acl.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```acl(.*?)\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		if !meantFor(t, strings.Fields(block[1]), server) {
			continue
		}
		for line := range strings.Lines(block[2]) {
			var words []any
			for _, w := range strings.Fields(strings.ReplaceAll(line, "PASSWORD", aclPassword)) {
				words = append(words, w)
			}
			rules = append(rules, words)
		}
	}
	return rules
}

// meantFor reads conditions such as "redis>=8.4": none is every server.
func meantFor(t *testing.T, conditions []string, server lab.Server) bool {
	t.Helper()
	number := func(version string) float64 {
		n, err := strconv.ParseFloat(regexp.MustCompile(`\d+\.\d+`).FindString(version), 64)
		if err != nil {
			t.Fatalf("version %q: %v", version, err)
		}
		return n
	}
	for _, c := range conditions {
		flavour, version, ok := strings.Cut(c, ">=")
		if !ok {
			t.Fatalf("docs/acl.md: what is %q?", c)
		}
		if strings.HasPrefix(server.Name, flavour+"-") && number(server.Name) >= number(version) {
			return true
		}
	}
	return len(conditions) == 0
}

// acting runs slotdeck as one of the documented users.
type acting struct {
	t     *testing.T
	nodes []*lab.Node
	env   map[string]string
}

func (a acting) as(user, args string) outcome {
	a.t.Helper()
	got := run(a.t, "", a.env, append(strings.Fields(args), "--user", user)...)
	if strings.Contains(got.out+got.err, aclPassword) {
		a.t.Errorf("%s: the password was told: %+v", args, got)
	}
	return got
}

func (a acting) fine(user, args string) {
	a.t.Helper()
	if got := a.as(user, args); got.code != Fine {
		a.t.Errorf("%s: %s: code %d\n%s\n%s", user, args, got.code, got.out, got.err)
	}
	a.wantNothingProvoked(user + ": " + args)
}

// wantNothingProvoked makes sure that no node has refused anything.
func (a acting) wantNothingProvoked(after string) {
	a.t.Helper()
	for _, n := range a.nodes {
		for _, entry := range refusals(a.t, n) {
			a.t.Errorf("%s: %s refused %v", after, n.Addr, entry)
		}
	}
}

// refusals empties a node's ACL LOG.
func refusals(t *testing.T, n *lab.Node) []any {
	t.Helper()
	log, err := n.Do(t.Context(), "ACL", "LOG").Slice()
	if err != nil {
		t.Fatal(err)
	}
	asked(t, n, "ACL", "LOG", "RESET")
	return log
}

func TestDocumentedRightsAreEnough(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
		members := c.Nodes()
		spare := addSpares(t, c, 1)[0]
		all := append(members[:6:6], spare)
		if err := c.Fill(t.Context(), 3000); err != nil {
			t.Fatal(err)
		}
		asked(t, members[0], "FUNCTION", "LOAD", library)
		for _, rule := range documentedRules(t, server) {
			for _, n := range all {
				asked(t, n, rule...)
			}
		}
		a := acting{t, all, map[string]string{"REDISCLI_AUTH": aclPassword, "XDG_STATE_HOME": t.TempDir()}}
		seed, source, target := c.Seed(), string(members[0].ID), string(members[1].ID)
		move := "reshard " + seed + " --from " + source + " --to " + target + " --slots 100 --yes"

		for _, look := range []string{"info", "status", "check", "scan --count", "scan --limit 20 --ttl --memory --elements --encoding", "bigkeys"} {
			name, flags, _ := strings.Cut(look, " ")
			a.fine("watcher", name+" "+seed+" "+flags)
		}
		for _, change := range []string{move, "failover " + members[3].Addr + " --yes", "set-timeout " + seed + " 2500 --yes",
			"add-node " + spare.Addr + " " + seed + " --yes", "del-node " + seed + " " + string(members[5].ID) + " --yes"} {
			a.refused(change, members, spare)
		}

		key := torn(t, c, 5000, "{"+keyOf(5000)+"}same")
		a.fine("operator", "resume "+seed+" --finish --yes --on-conflict target")
		if asked(t, members[1], "GET", key) != "theirs" {
			t.Error("the conflict was not settled")
		}
		carried(t, c, 5001)
		a.fine("operator", move+" --driver migrate --durable")
		logIn := func(user, password string) { // for Valkey's own migration
			for _, n := range members[:2] {
				asked(t, n, "CONFIG", "SET", "masteruser", user, "masterauth", password)
			}
		}
		if strings.HasPrefix(server.Name, "valkey-") {
			logIn("mover", aclPassword)
		}
		a.fine("operator", move)
		logIn("", "")
		a.fine("operator", "set-timeout "+seed+" 2500 --yes")
		a.fine("operator", "add-node "+spare.Addr+" "+seed+" --yes")
		oneCluster(t, all)
		a.fine("operator", "del-node "+seed+" "+string(spare.ID)+" --yes --watch 1s")
		oneCluster(t, members)
		a.fine("operator", "failover "+members[3].Addr+" --yes")
		a.wantNothingIdle(server)
	})
}

// wantNothingIdle makes sure that the page grants nothing that nobody used. Left
// out is what only other kinds of values need, or a move that is broken off.
func (a acting) wantNothingIdle(server lab.Server) {
	a.t.Helper()
	used := ""
	for _, n := range a.nodes {
		used += asked(a.t, n, "INFO", "commandstats")
	}
	rare := []string{"lrange", "smembers", "zrange", "hgetall", "cluster|cancelslotmigrations", "@write", "@transaction"}
	for _, rule := range documentedRules(a.t, server) {
		for _, word := range rule {
			name, ok := strings.CutPrefix(word.(string), "+")
			if ok && !slices.Contains(rare, name) && !strings.Contains(used, "cmdstat_"+name+":") {
				a.t.Errorf("docs/acl.md gives %v the right to %s, and nobody used it", rule[2], name)
			}
		}
	}
}

// refused makes sure that a watcher's change is refused in a sentence, changes
// nothing, and is not tried on and on.
func (a acting) refused(change string, members []*lab.Node, spare *lab.Node) {
	a.t.Helper()
	owners := func() (out []string) {
		for _, n := range members {
			for _, m := range sees(a.t, n).Members {
				out = append(out, fmt.Sprint(m.ID, m.Flags, m.Primary, m.Slots, m.Epoch))
			}
			out = append(out, asked(a.t, n, "CLUSTER", "MYID")+fmt.Sprint(n.Do(a.t.Context(), "CONFIG", "GET", "cluster-node-timeout").Val()))
		}
		slices.Sort(out)
		return out
	}
	before := owners()
	got := a.as("watcher", change)
	if text := got.out + got.err; got.code == Fine || !strings.Contains(text, "NOPERM") && !strings.Contains(text, "the user may not use the command there") {
		a.t.Errorf("watcher: %s: code %d\n%s", change, got.code, text)
	}
	if after := owners(); !slices.Equal(before, after) || len(sees(a.t, spare).Members) != 1 {
		a.t.Errorf("watcher: %s changed the cluster:\n%v\n%v", change, before, after)
	}
	for _, n := range a.nodes {
		for _, entry := range refusals(a.t, n) {
			fields, _ := entry.([]any) // names and values
			if i := slices.Index(fields, any("count")); i < 0 || i+1 >= len(fields) || fmt.Sprint(fields[i+1]) > "2" {
				a.t.Errorf("watcher: %s: %s refused more than twice: %v", change, n.Addr, entry)
			}
		}
	}
}

// carried moves a key by hand, with the rights that MIGRATE's user is said to
// need on the target and no others.
func carried(t *testing.T, c *lab.Cluster, slot keyslot.Slot) {
	t.Helper()
	a, b := c.Nodes()[0], c.Nodes()[1]
	key := keyOf(slot)
	asked(t, a, "SET", key, "mine")
	asked(t, b, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(a.ID))
	asked(t, a, "MIGRATE", "127.0.0.1", b.Port, "", 0, 2000, "COPY", "AUTH2", "carrier", aclPassword, "KEYS", key)
	n := wire.Open(b.Addr, wire.Options{})
	defer n.Close()
	got := n.Pipeline(t.Context(), []any{"ASKING"}, []any{"GET", key}, []any{"ASKING"}, []any{"DEL", key})
	if got[1].Value != any("mine") || got[3].Err != nil {
		t.Errorf("the target holds %v, %v", got[1], got[3].Err)
	}
	asked(t, b, "CLUSTER", "SETSLOT", int(slot), "STABLE")
}
