package cluster

import (
	"slices"
	"testing"
	"time"
)

func TestMatrixOfThoseWhoAgreeIsEmpty(t *testing.T) {
	m := threePairs().merge(nil, noon).Matrix()
	if len(m.Nodes) != 6 || len(m.Rows) != 0 || len(m.Dissenters()) != 0 {
		t.Errorf("%+v", m)
	}
	if m := (*Snapshot)(nil).Matrix(); len(m.Nodes) != 0 {
		t.Errorf("%+v", m)
	}
}

// contrary is a cluster in which one node has a picture of its own.
func contrary() *scene {
	return threePairs().says(7002, func(lines []Member) []Member {
		find(lines, 7001).Epoch += 9
		find(lines, 7001).Slots = nil
		find(lines, 7003).Flags |= PFail
		return lines
	})
}

func TestMatrixNamesWhoSaysWhatOfWhom(t *testing.T) {
	m := contrary().merge(nil, noon).Matrix()
	if got := m.Dissenters(); !slices.Equal(got, []NodeID{nodeID(7002)}) {
		t.Errorf("dissenters %v in %+v", got, m)
	}
	topics := map[Topic]NodeID{}
	for _, r := range m.Rows {
		topics[r.About] = r.Node
		if at := slices.Index(r.Dissent, true); m.Nodes[at] != nodeID(7002) || r.Says[at] == r.Most {
			t.Errorf("%+v", r)
		}
	}
	if len(topics) != 3 || topics[AboutEpoch] != nodeID(7001) || topics[AboutFlags] != nodeID(7003) {
		t.Errorf("%+v", m.Rows)
	}
}

func TestTheTimeToAgreeIsMeasured(t *testing.T) {
	first := threePairs().merge(nil, noon)
	if !first.Unsettled.IsZero() || first.Converged.Took != 0 {
		t.Fatalf("%v %v", first.Unsettled, first.Converged)
	}
	second := contrary().merge(first, noon.Add(2*time.Second))
	third := contrary().merge(second, noon.Add(3*time.Second))
	last := threePairs().merge(third, noon.Add(5*time.Second))
	if !third.Unsettled.Equal(noon.Add(2 * time.Second)) {
		t.Errorf("unsettled since %v", third.Unsettled)
	}
	if c := last.Converged; !last.Unsettled.IsZero() || !c.Began.Equal(third.Unsettled) || c.Took != 3*time.Second {
		t.Errorf("%v %+v", last.Unsettled, c)
	}
}
