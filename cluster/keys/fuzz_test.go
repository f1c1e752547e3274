package keys

import (
	"testing"

	"slotdeck/cluster/fake"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
)

// FuzzReplies reads one reply as everything that is asked about keys and slots.
func FuzzReplies(f *testing.F) {
	for _, s := range []string{
		`["17",["k","l"]]`, `[[3,["key-count",5,"cpu-usec",7,"network-bytes-in",1]],[16384,["key-count",-1]]]`,
		`[["tracking-active",1,"by-cpu-time-us",["k",5,"l",9]]]`, `["99999999999999999999999",[]]`, `"hash"`, `-2`, `9223372036854775807`, `[[1,[]]]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reply, ok := fake.Value(text)
		if !ok {
			return
		}
		n := wire.Open("127.0.0.1:1", wire.Options{})
		defer n.Close()
		answer := wire.Answer{Value: reply}
		if cursor, _, err := scanned(n, answer); err == nil && (cursor == "" || len(cursor) > 20) {
			t.Errorf("the cursor %q", cursor)
		}
		if slot, count, ok := statistic(reply); ok && (count < 0 || int(slot) > 16383) {
			t.Errorf("%d keys in slot %d", count, slot)
		}
		for _, l := range loadsIn(reply) {
			if l.Slot > 16383 || l.Keys < keyspace.Unknown || l.CPU < keyspace.Unknown {
				t.Errorf("%+v", l)
			}
			l.Since(l)
		}
		listBehind(reply, "by-cpu-time-us")
		all := keyspace.OfType | keyspace.OfTTL | keyspace.OfBytes | keyspace.OfEncoding | keyspace.OfFreq | keyspace.OfIdle
		list := make([]keyspace.Entry, 1)
		if err := takeAnswers(list, []wire.Answer{answer, answer, answer, answer, answer, answer, answer}, all); err == nil {
			keyspace.NewTally(10).Add(&list[0])
		}
	})
}
