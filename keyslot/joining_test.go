package keyslot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTagJoining(t *testing.T) {
	for _, c := range []struct {
		keys []string
		tag  string
		want []string
	}{
		{[]string{"user:7:name", "user:7:cart"}, "user:7", []string{"{user:7}:name", "{user:7}:cart"}},
		{[]string{"user:7:cart", "log:user:7"}, "user:7", []string{"{user:7}:cart", "log:{user:7}"}},
		{[]string{"user:7", "user:77"}, "user", []string{"{user}:7", "{user}:77"}},
		{[]string{"{a}:1", "b"}, "a", []string{"{a}:1", "{a}:b"}},
		{[]string{"b:a:c", "{a}:1"}, "a", []string{"b:{a}:c", "{a}:1"}},
		{[]string{"{}user:1", "user:2"}, "user", []string{"{user}:{}user:1", "{user}:2"}},
		{[]string{"same", "same"}, "same", []string{"{same}", "{same}"}},
		{[]string{"{a}", "{b}"}, "", nil},
		{[]string{"user", "users"}, "", nil},
		{[]string{"one"}, "", nil},
		{[]string{"", ""}, "", nil},
		{[]string{"", "{a}"}, "a", []string{"{a}:", "{a}"}},
		{nil, "", nil},
	} {
		got, ok := TagJoining(c.keys...)
		if ok != (c.want != nil) || got.Tag != c.tag || !slices.Equal(got.Keys, c.want) {
			t.Errorf("TagJoining(%q) = %q, %q, %v; want %q, %q", c.keys, got.Tag, got.Keys, ok, c.tag, c.want)
		}
	}
}

func TestJoinedKeysShareTheSlot(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	word := func() string { return []string{"a", "b:", "{", "}", ":", "{a}", "user:1", "."}[random.IntN(8)] }
	joined := 0
	for range 50_000 {
		keys := make([]string, 2+random.IntN(3))
		for i := range keys {
			for range random.IntN(5) {
				keys[i] += word()
			}
		}
		j, ok := TagJoining(keys...)
		if !ok {
			continue
		}
		joined++
		for i, key := range j.Keys {
			if Of(key) != j.Slot || TagOf(key).In(key) != j.Tag || !TagOf(key).Real {
				t.Fatalf("%q becomes %q in slot %d, want tag %q in slot %d", keys[i], key, Of(key), j.Tag, j.Slot)
			}
		}
	}
	if joined < 1000 {
		t.Errorf("only %d joined: the test shows too little", joined)
	}
}

func ExampleTagJoining() {
	j, ok := TagJoining("user:7:cart", "sessions:user:7")
	fmt.Println(j.Keys, ok)
	// Output: [{user:7}:cart sessions:{user:7}] true
}
