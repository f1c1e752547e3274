package plan

import (
	"fmt"
	"strings"
	"testing"
	"testing/quick"
	"time"
)

// sixOn are six nodes on so many hosts, and what is usual else.
func sixOn(hosts int, data, machine int64) ConfigRequest {
	r := ConfigRequest{Replicas: 1, Data: data, Machine: machine, Persistence: PersistAOF, Policy: "noeviction",
		NodeTimeout: 15 * time.Second, Dir: ".", Password: true}
	for i := range 6 {
		r.Nodes = append(r.Nodes, fmt.Sprintf("10.0.0.%d:%d", 1+i%hosts, 7001+i/hosts))
	}
	return r
}

const gib = 1 << 30

func TestConfigKeepsTheHeadroom(t *testing.T) {
	for _, c := range []struct {
		name                      string
		r                         ConfigRequest
		maxMemory, perNode, holds float64 // GiB
	}{
		{"data alone", sixOn(6, 12*gib, 0), 5, 5 / .75, 12},
		{"memory alone, a node a host", sixOn(6, 0, 8*gib), 6, 8, 14.4},
		{"memory alone, two nodes a host", sixOn(3, 0, 8*gib), 3, 4, 7.2},
		{"both: what is left over is used", sixOn(6, 3*gib, 8*gib), 6, 8, 14.4},
	} {
		p, err := PlanConfig(c.r)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, n := range []struct {
			what string
			got  int64
			want float64
		}{{"maxmemory", p.MaxMemory, c.maxMemory}, {"memory", p.PerNode, c.perNode}, {"holds", p.Holds, c.holds}} {
			if off := float64(n.got)/gib - n.want; off > .01 || off < -.01 {
				t.Errorf("%s: %s %.3f GiB, want %.3f", c.name, n.what, float64(n.got)/gib, n.want)
			}
		}
	}
}

func TestConfigNeverPromisesMoreThanThereIs(t *testing.T) {
	claim := func(data, machine uint32, hosts uint8) bool {
		r := sixOn(1+int(hosts%6), int64(data)<<12, int64(machine)<<12)
		p, err := PlanConfig(r)
		if reason, refused := ReasonOf(err); err != nil {
			return refused && (reason == NoRoom || reason == BadRequest)
		}
		if p.MaxMemory*100 > p.PerNode*configShare || p.PerShard*100 > p.MaxMemory*configFill+1<<20 {
			return false
		}
		for _, h := range p.Hosts {
			if r.Machine > 0 && h.Memory > r.Machine+int64(h.Nodes)<<21 {
				return false
			}
		}
		return true
	}
	if err := quick.Check(claim, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

func TestConfigRefuses(t *testing.T) {
	with := func(change func(*ConfigRequest)) ConfigRequest {
		r := sixOn(3, gib, 0)
		change(&r)
		return r
	}
	for _, c := range []struct {
		r      ConfigRequest
		reason Reason
		says   string
	}{
		{with(func(r *ConfigRequest) { r.Data = 0 }), BadRequest, "how much data"},
		{with(func(r *ConfigRequest) { r.Replicas = 2 }), BadRequest, "it takes 9 nodes"},
		{with(func(r *ConfigRequest) { r.Nodes[1] = r.Nodes[0] }), BadRequest, "both need port 7001"},
		{with(func(r *ConfigRequest) { r.Nodes[1] = "10.0.0.1:17001" }), BadRequest, "both need port 17001"},
		{with(func(r *ConfigRequest) { r.Nodes[1] = "10.0.0.1:60000" }), BadRequest, "no room for the cluster bus"},
		{with(func(r *ConfigRequest) { r.Nodes[1] = "a\nrequirepass x:7000" }), BadRequest, "is not a host"},
		{with(func(r *ConfigRequest) { r.Password = false }), BadRequest, "without a password"},
		{with(func(r *ConfigRequest) { r.Policy = "lru" }), BadRequest, "no eviction policy"},
		{with(func(r *ConfigRequest) { r.Persistence = "tape" }), BadRequest, "no way to persist"},
		{with(func(r *ConfigRequest) { r.Data, r.Machine = 40*gib, 16*gib }), NoRoom, "it takes 9 primaries"},
	} {
		_, err := PlanConfig(c.r)
		if reason, ok := ReasonOf(err); !ok || reason != c.reason || !strings.Contains(err.Error(), c.says) {
			t.Errorf("refused with %v (%v), want %v and %q", reason, err, c.reason, c.says)
		}
	}
}

func TestConfigQuotesWhatItWrites(t *testing.T) {
	p, err := PlanConfig(sixOn(3, gib, 0))
	if err != nil {
		t.Fatal(err)
	}
	text := p.File(p.Nodes[0], "a \"b\"\n\\é")
	if want := `requirepass "a \"b\"\x0a\\\xc3\xa9"`; !strings.Contains(text, want+"\n") {
		t.Errorf("the password is not written as %s:\n%s", want, text)
	}
	if bind := "bind 10.0.0.1 -127.0.0.1 -::1\n"; !strings.Contains(text, bind) {
		t.Errorf("no %q in\n%s", bind, text)
	}
	if strings.Contains(strings.Join(p.Lines(), "\n"), "é") {
		t.Error("the password stands in the plan")
	}
}
