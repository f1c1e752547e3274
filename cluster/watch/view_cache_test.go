package watch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
)

// nodesText is what node self of 20 says; change alters one line.
func nodesText(self, pong int, change func(i int, line string) string) string {
	var b strings.Builder
	for k := range 20 {
		i := (k + pong) % 20 // in another order each time
		own := ""
		if i == self {
			own = "myself,"
		}
		line := fmt.Sprintf("%040d 127.0.0.1:%d@%d %smaster - %d %d %d connected %d", i, 7000+i, 17000+i, own, pong%3, pong, i, i)
		if change != nil {
			line = change(i, line)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func TestEqualViewsAreParsedAndKeptOnce(t *testing.T) {
	c, now := newViewCache(), time.Unix(1000, 0)
	first, err := c.parse(nodesText(0, 111, nil), now)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := c.parse(nodesText(0, 222, nil), now.Add(time.Second))
	if again != first {
		t.Error("only ping times changed, and it was parsed again")
	}
	other, _ := c.parse(nodesText(7, 333, nil), now.Add(time.Second))
	if &other.Members[0] != &first.Members[0] || other.Myself != cluster.NodeID(fmt.Sprintf("%040d", 7)) || other.Topology() != first.Topology() {
		t.Errorf("another node's equal view is not shared: %s", other.Myself)
	}
	if late, _ := c.parse(nodesText(0, 444, nil), now.Add(keepShared)); late == first {
		t.Error("ping times stay for ever")
	}
}

func TestViewsThatDifferAreNeverShared(t *testing.T) {
	c, now := newViewCache(), time.Unix(1000, 0)
	first, _ := c.parse(nodesText(0, 1, nil), now)
	for name, pair := range map[string][2]string{
		"a flag":      {"master", "master,fail?"},
		"an epoch":    {" 5 connected", " 6 connected"},
		"a link":      {"connected", "disconnected"},
		"slots":       {"connected 5", "connected 5 900"},
		"an open one": {"connected 5", "connected 5 [5->-" + strings.Repeat("a", 40) + "]"},
		"an address":  {"127.0.0.1:7005", "127.0.0.1:7999"},
		"a primary":   {"master -", "slave " + strings.Repeat("a", 40)},
	} {
		view, err := c.parse(nodesText(0, 2, func(i int, line string) string {
			if i != 5 {
				return line
			}
			return strings.Replace(line, pair[0], pair[1], 1)
		}), now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if view == first || &view.Members[0] == &first.Members[0] {
			t.Errorf("%s changed, and the old view was given", name)
		}
	}
}

func TestViewCacheStaysSmall(t *testing.T) {
	c := newViewCache()
	for k := range 10 * maxShared {
		at := time.Unix(int64(k), 0)
		if _, err := c.parse(nodesText(0, 1, func(_ int, line string) string { return line + fmt.Sprintf(" %d", 100+k) }), at); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.parsed) > maxShared {
		t.Errorf("%d views kept", len(c.parsed))
	}
	if _, err := c.parse(strings.Repeat("rubbish\n", 20), time.Now()); err == nil {
		t.Error("rubbish was parsed")
	}
}

func TestSharesCoverEveryNodeWithinFiveRounds(t *testing.T) {
	for _, nodes := range []int{1, 6, 16, 17, 40, 100, 1000} {
		if share(nodes)*rounds < nodes || share(nodes) > max(everyRound, nodes/rounds+1) {
			t.Errorf("%d nodes: %d a round", nodes, share(nodes))
		}
		if allowance(nodes) < share(nodes) || allowance(nodes) > max(everyRound, 2*share(nodes)) {
			t.Errorf("%d nodes: at most %d a round", nodes, allowance(nodes))
		}
	}
}
