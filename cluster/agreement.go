package cluster

// Agreement tells how far the nodes that answer agree about who owns which
// slots at which epoch.
type Agreement struct {
	Known   int // nodes in the picture
	Asked   int // nodes whose newest view is at hand
	Agree   int // the most of them that say the same
	Answers int // how many different answers there are
}

// Full reports whether all that could be asked say the same; false when
// nobody could.
func (a Agreement) Full() bool { return a.Asked > 0 && a.Agree == a.Asked }

// Agreement compares the newest views of the nodes that answer.
func (s *Snapshot) Agreement() Agreement {
	var a Agreement
	if s == nil {
		return a
	}
	a.Known = len(s.Nodes)
	backing := map[uint64]int{}
	for i := range s.Nodes {
		v := &s.Nodes[i].View
		if !v.Known() || v.Err != nil || v.Value == nil {
			continue
		}
		config := v.Value.Config()
		backing[config]++
		a.Asked++
		a.Agree = max(a.Agree, backing[config])
	}
	a.Answers = len(backing)
	return a
}
