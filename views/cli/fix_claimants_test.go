package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/proof/damage"
	"slotdeck/keyslot"
)

// barred is how long nodes of Redis 7.0 do not hear of each other once they have
// forgotten each other, with a bit left over.
const barred = 58 * time.Second

// whileBarred damages a cluster by nodes that forget each other, and repairs it
// before they hear of each other again. On a machine so busy that this took too
// long it is tried on another cluster: then the servers have settled it their way.
// What is found is judged only then.
func whileBarred(t *testing.T, primaries int, act func(p *patient) (judge func())) {
	t.Helper()
	for range 4 {
		p := patientOf(t, "redis-7.0", lab.Config{Primaries: primaries}) // newer servers pass a FORGET on
		p.remember()
		began := time.Now()
		judge := act(p)
		if took := time.Since(began); took > barred {
			t.Logf("the nodes have found each other by themselves: it took %v", took)
			if err := p.Stop(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		judge()
		p.whole()
		return
	}
	t.Fatal("the nodes have found each other by themselves every time")
}

func (p *patient) forget(each ...*lab.Node) {
	p.t.Helper()
	for _, n := range each {
		for _, other := range each {
			if n != other {
				asked(p.t, n, "CLUSTER", "FORGET", string(other.ID))
			}
		}
	}
}

// TestFixSettlesClaimantsOnlyWhenThatIsSaid: two primaries that have forgotten
// each other call the same slots their own, the newer epoch without the keys. A
// repair that is killed once the loser has given them up is finished by the next.
func TestFixSettlesClaimantsOnlyWhenThatIsSaid(t *testing.T) {
	t.Parallel()
	whileBarred(t, 3, func(p *patient) func() {
		a, b := p.Nodes()[0], p.Nodes()[1]
		p.forget(a, b)
		asked(t, b, "CLUSTER", "ADDSLOTSRANGE", 10, 29)
		dry := run(t, "", nil, "fix", p.Nodes()[2].Addr, "--dry-run", "--search-multiple-owners")
		words := []string{"fix", p.Nodes()[2].Addr, "--yes", "--owner", "10-29=" + a.Addr}
		killed := p.killedAt(1, words...)
		got := run(t, "", nil, words...)
		return func() {
			if dry.code != No || !strings.Contains(dry.out, "claimed by") || strings.Contains(dry.out, "DELSLOTSRANGE") {
				t.Errorf("without a word: %+v", dry)
			}
			if got.code != Fine || !killed {
				t.Errorf("killed: %v, then %+v", killed, got)
			}
		}
	})
}

// TestFixSettlesThreeClaimantsByEpochAndKeys: three primaries call the same slots
// their own, and each holds keys of them. The one with most keys wins only once
// its epoch is the newest, too; and the server's own tool tells of the three in
// the same lines.
func TestFixSettlesThreeClaimantsByEpochAndKeys(t *testing.T) {
	t.Parallel()
	whileBarred(t, 4, func(p *patient) func() {
		if err := damage.Scatter(t.Context(), p.Cluster); err != nil {
			t.Fatal(err)
		}
		nodes := p.Nodes()
		a, b, c, witness := nodes[0], nodes[1], nodes[2], nodes[3]
		p.forget(a, b, c)
		for _, n := range []*lab.Node{b, c} {
			asked(t, n, "CLUSTER", "ADDSLOTSRANGE", 10, 29)
		}
		told := theirs(t, labtest.Only(t, "redis-7.0"), "check", witness.Addr, "--cluster-search-multiple-owners")
		check := run(t, "", nil, "check", witness.Addr, "--search-multiple-owners")
		unclear := run(t, "", nil, "fix", witness.Addr, "--dry-run", "--search-multiple-owners")
		asked(t, b, "CLUSTER", "BUMPEPOCH")
		got := run(t, "", nil, "fix", witness.Addr, "--yes", "--search-multiple-owners")
		return func() {
			owners := 0
			for i, line := range told {
				if strings.Contains(line, "has 3 owners") {
					owners++
					for _, line := range told[i : i+4] { // the slot and its owners, in any order
						if !strings.Contains("\n"+check.out, "\n"+line+"\n") {
							t.Errorf("%q is not in what check says:\n%s", line, check.out)
						}
					}
				}
			}
			if owners != 20 || strings.Count(check.out, "has 3 owners") != owners || check.code != No {
				t.Errorf("the tool tells of %d slots:\n%s\nand check:\n%s", owners, strings.Join(told, "\n"), check.out)
			}
			if unclear.code != No || strings.Contains(unclear.out, "DELSLOTSRANGE") {
				t.Errorf("an owner is chosen though epochs and keys do not agree: %+v", unclear)
			}
			for _, n := range []*lab.Node{a, b, c} {
				if !strings.Contains(unclear.out, n.Addr+" (epoch ") {
					t.Errorf("%s is not told as a claimant:\n%s", n.Addr, unclear.out)
				}
			}
			if got.code != Fine || !strings.Contains(got.out, fmt.Sprintf("let B %s own 20 slots (10-29)", b.Addr)) {
				t.Errorf("%+v", got)
			}
			for _, n := range nodes {
				m, _ := sees(t, n).Member(b.ID)
				if owned := keyslot.SetOf(m.Slots...); !damage.Slots.Minus(owned).Empty() {
					t.Errorf("%s does not name %s as the owner", n.Addr, b.Addr)
				}
			}
		}
	})
}

// TestFixLetsANodeHearOfAnOwnerThatItHasForgotten: it says that nobody owns the
// slots, for 60 s at least, while all others name their owner.
func TestFixLetsANodeHearOfAnOwnerThatItHasForgotten(t *testing.T) {
	t.Parallel()
	whileBarred(t, 3, func(p *patient) func() {
		owner, forgetful := p.Nodes()[0], p.Nodes()[2]
		asked(t, forgetful, "CLUSTER", "FORGET", string(owner.ID))
		got := run(t, "", nil, "fix", p.Nodes()[1].Addr, "--yes")
		return func() {
			if got.code != Fine || !strings.Contains(got.out, "let all nodes hear that") || !strings.Contains(got.out, "CLUSTER MEET") {
				t.Errorf("%+v", got)
			}
		}
	})
}
