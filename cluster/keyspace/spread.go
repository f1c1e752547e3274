package keyspace

// SpreadBar is how many slots hold about as much as the middle one, or so many
// times that.
type SpreadBar struct {
	Name               string
	Slots, Keys, Bytes int64
}

var spreadBounds = [...]struct {
	times float64 // of the mean, less than that
	name  string
}{{0.25, "under a quarter"}, {0.5, "a quarter to half"}, {1, "half to the mean"}, {2, "1 to 2 times"}, {4, "2 to 4 times"}, {10, "4 to 10 times"}}

// Spread sorts the slots that hold keys by how much they hold, against the mean of
// them: memory where that was asked, else keys.
func (t *Tally) Spread() []SpreadBar {
	weight, sum := &t.Slots.Keys, int64(0)
	if t.Bytes > 0 {
		weight = &t.Slots.Bytes
	}
	slots := 0
	for s := range weight {
		if weight[s] > 0 {
			slots, sum = slots+1, sum+weight[s]
		}
	}
	out := make([]SpreadBar, len(spreadBounds)+1)
	for i, b := range spreadBounds {
		out[i].Name = b.name
	}
	out[len(spreadBounds)].Name = "over 10 times"
	for s := range weight {
		if weight[s] == 0 {
			continue
		}
		times, at := float64(weight[s])*float64(slots)/float64(sum), 0
		for at < len(spreadBounds) && times >= spreadBounds[at].times {
			at++
		}
		out[at].Slots++
		out[at].Keys += t.Slots.Keys[s]
		out[at].Bytes += t.Slots.Bytes[s]
	}
	return out
}
