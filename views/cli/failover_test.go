package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestFailoverOnTheCommandLineIsVerifiedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	nodes := c.Nodes()
	primary, replica := nodes[0], nodes[3]
	accepted := func() int { return strings.Count(replica.LogTail(500), "anual failover user request accepted") }

	got := run(t, "", nil, "failover", primary.Addr, "--replica", string(replica.ID), "--dry-run")
	if got.code != Fine || !strings.Contains(got.out, "> graceful") || !strings.Contains(got.out, "sends: "+replica.Addr+": CLUSTER FAILOVER\n") {
		t.Errorf("dry run: %+v", got)
	}
	got = run(t, "y\n", nil, "failover", replica.Addr)
	if got.code != Usage || !strings.Contains(got.err, "say --yes") {
		t.Errorf("without a terminal: %+v", got)
	}
	got = run(t, "", nil, "failover", primary.Addr, "--yes")
	if got.code != No || !strings.Contains(got.err, "is not a replica") {
		t.Errorf("of a primary: %+v", got)
	}
	if got = run(t, "", nil, "failover", replica.Addr, "--force", "--takeover", "--yes"); got.code != Usage {
		t.Errorf("two ways at once: %+v", got)
	}
	if n := accepted(); n != 0 {
		t.Fatalf("a failover was sent %d times without a confirmation", n)
	}

	got = run(t, "", nil, "failover", replica.Addr, "--yes", "-o", "json")
	var answer struct {
		Plan   struct{ Shard, Addr, From string }
		Kind   string
		Report struct {
			Outcome string
			To      string
			Epoch   int
			Stages  []struct{ Stage string }
		}
	}
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil || got.code != Fine {
		t.Fatalf("code %d, %v: %s%s", got.code, err, got.out, got.err)
	}
	if answer.Report.Outcome != "complete" || answer.Report.To != replica.Addr || answer.Report.Epoch == 0 || answer.Plan.From != primary.Addr || len(answer.Report.Stages) < 8 {
		t.Errorf("got %s", got.out)
	}
	for _, stage := range []string{"accepted", "won", "holds", "everyone agrees"} {
		if !strings.Contains(got.err, stage) {
			t.Errorf("no progress line tells %q:\n%s", stage, got.err)
		}
	}
	if role := replica.Do(t.Context(), "ROLE").String(); !strings.Contains(role, "master") || accepted() != 1 {
		t.Errorf("%s after %d commands", role, accepted())
	}
}

func TestFailoverThatCannotWorkIsNotSent(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	primary, replica := c.Nodes()[0], c.Nodes()[3]
	if err := primary.Do(t.Context(), "CLIENT", "SETNAME", "slotdeck-move-0123abcd").Err(); err != nil {
		t.Fatal(err)
	}
	busy := run(t, "", nil, "failover", replica.Addr, "--yes")
	if busy.code != No || !strings.Contains(busy.err, "a job of another slotdeck that moves slots (0123abcd) is running on the shard") {
		t.Errorf("while slots move: %+v", busy)
	}
	if err := primary.Do(t.Context(), "CLIENT", "SETNAME", "").Err(); err != nil {
		t.Fatal(err)
	}
	if err := primary.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer primary.Thaw()
	got := run(t, "", nil, "failover", replica.Addr, "--yes")
	if got.code != No || !strings.Contains(got.err, "nothing was sent") {
		t.Errorf("graceful, from a frozen primary: %+v", got)
	}
	if log := replica.LogTail(500); strings.Contains(log, "anual failover user request accepted") {
		t.Error("it was sent all the same")
	}
}
