package keyspace

import (
	"slices"
	"testing"
)

func FuzzCommands(f *testing.F) {
	for _, s := range []string{"GET a", "EVAL x 2 a b", "MIGRATE h 1 '' 0 5 KEYS a b", "XREAD STREAMS a b 0 0", "MEMORY USAGE", "ZUNIONSTORE d 99999999999999999999 a", "SORT a STORE", "\"\\x0", "MSET a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Words(line)
		if err != nil {
			return
		}
		keys, _ := KeysOf(words)
		for _, k := range keys {
			if !slices.Contains(words, k) {
				t.Errorf("%q: the key %q stands nowhere in it", line, k)
			}
		}
	})
}

func FuzzReadError(f *testing.F) {
	for _, s := range []string{"MOVED 5 10.0.0.1:7000", "ASK 16383 ?:1", "MOVED -1 :", "MOVED 99999 a:1", "TRYAGAIN", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := ReadError(text)
		if r.Slot > 16383 || (r.Outcome == Moved || r.Outcome == Ask) != (r.To != "") {
			t.Errorf("%q: %+v", text, r)
		}
		_ = r.Outcome.String()
	})
}
