package cluster

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func thousand(b testing.TB, distinct int) Inputs {
	in := Inputs{At: noon, Interval: time.Second}
	text := manyNodes(1000)
	base, err := ParseNodes(text)
	if err != nil {
		b.Fatal(err)
	}
	for i, m := range base.Members {
		v := *base
		v.Myself = m.ID
		if i < distinct {
			v.Members = slices.Clone(base.Members)
			v.Members[(i+500)%1000].Flags |= PFail
			v.topology, v.config = digests(v.Members)
		}
		n := Node{ID: m.ID, Health: Answering}
		n.View = n.View.Succeed(&v, noon)
		in.Nodes = append(in.Nodes, n)
	}
	return in
}

func BenchmarkMerge1000(b *testing.B) {
	for _, distinct := range []int{0, 20, 1000} {
		b.Run(fmt.Sprintf("distinct=%d", distinct), func(b *testing.B) {
			in := thousand(b, distinct)
			prev := Merge(nil, in)
			b.ReportAllocs()
			for b.Loop() {
				Merge(prev, in)
			}
		})
	}
}

func BenchmarkDiff1000(b *testing.B) {
	in := thousand(b, 0)
	prev := Merge(nil, in)
	next := Merge(prev, in)
	for b.Loop() {
		if len(Diff(prev, next)) != 0 {
			b.Fatal("events")
		}
	}
}
