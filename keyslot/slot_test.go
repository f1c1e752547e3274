package keyslot

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// bitwise computes the slot from the definition of the checksum and of the hash tag alone, bit by bit,
// sharing nothing with the code under test.
func bitwise(key []byte) uint16 {
	open := -1
	for i, c := range key {
		if open < 0 && c == '{' {
			open = i
		} else if open >= 0 && c == '}' {
			if i > open+1 {
				key = key[open+1 : i]
			}
			break
		}
	}
	var register uint32
	for _, c := range append(append([]byte{}, key...), 0, 0) {
		for bit := 7; bit >= 0; bit-- {
			register = register<<1 | uint32(c>>bit&1)
			if register&0x10000 != 0 {
				register ^= 0x11021
			}
		}
	}
	return uint16(register & 0x3fff)
}

// vectors were answered by a real server's CLUSTER KEYSLOT.
var vectors = []struct {
	key  string
	slot Slot
	tag  string
	real bool
}{
	{"", 0, "", false},
	{"123456789", 12739, "123456789", false},
	{"foo", 12182, "foo", false},
	{"{}foo", 9500, "{}foo", false},
	{"foo{}", 5542, "foo{}", false},
	{"foo{}{bar}", 8363, "foo{}{bar}", false},
	{"{user1000}.following", 3443, "user1000", true},
	{"{user1000}.followers", 3443, "user1000", true},
	{"foo{{bar}}zap", 4015, "{bar", true},
	{"foo{bar}{zap}", 5061, "bar", true},
	{"{}x", 10595, "{}x", false},
	{"x{}", 2608, "x{}", false},
	{"{{a}}", 10276, "{a", true},
	{"}{", 12793, "}{", false},
	{"{a", 10276, "{a", false},
	{"}a{b}", 3300, "b", true},
	{"\x00\xff{\x00}\n", 0, "\x00", true},
}

func TestSlotsOfKnownKeys(t *testing.T) {
	for _, v := range vectors {
		if got := Of(v.key); got != v.slot {
			t.Errorf("Of(%q) = %d, want %d", v.key, got, v.slot)
		}
		tag := TagOf(v.key)
		if got := tag.In(v.key); got != v.tag || tag.Real != v.real {
			t.Errorf("TagOf(%q) = %q, real %v; want %q, %v", v.key, got, tag.Real, v.tag, v.real)
		}
	}
}

func TestSlotAgreesWithTheDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		key := randomKey(random)
		if got, want := Of(key), Slot(bitwise([]byte(key))); got != want {
			t.Fatalf("Of(%q) = %d, want %d", key, got, want)
		}
	}
}

// randomKey is full of braces and any other bytes.
func randomKey(random *rand.Rand) string {
	key := make([]byte, random.IntN(24))
	for i := range key {
		switch random.IntN(6) {
		case 0:
			key[i] = '{'
		case 1:
			key[i] = '}'
		default:
			key[i] = byte(random.Uint32())
		}
	}
	return string(key)
}

func TestSlotOfTheTagAloneIsTheSlotOfTheKey(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 50_000 {
		key := randomKey(random)
		tag := TagOf(key)
		if !tag.Real {
			if tag.In(key) != key {
				t.Fatalf("%q has no tag, yet not all of it counts", key)
			}
			continue
		}
		if key[tag.Start-1] != '{' || key[tag.End] != '}' {
			t.Fatalf("the tag %q of %q does not stand in braces", tag.In(key), key)
		}
		if Of("any{"+tag.In(key)+"}thing") != Of(key) {
			t.Fatalf("the tag of %q does not decide its slot", key)
		}
	}
}

func TestSlotDoesNotAllocate(t *testing.T) {
	key := strings.Repeat("long ", 100) + "{" + strings.Repeat("tag ", 100) + "}"
	if n := testing.AllocsPerRun(100, func() { Of(key) }); n != 0 {
		t.Errorf("Of allocates %v times", n)
	}
}

func FuzzOf(f *testing.F) {
	for _, v := range vectors {
		f.Add([]byte(v.key))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		if got, want := Of(string(key)), Slot(bitwise(key)); got != want {
			t.Errorf("Of(%q) = %d, want %d", key, got, want)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	for b.Loop() {
		Of("cart:{user:1000}:items")
	}
}

func ExampleOf() {
	fmt.Println(Of("user:1000"), Of("{user:1000}:cart"))
	// Output: 1649 1649
}

func ExampleTagOf() {
	key := "cart:{user:1000}:items"
	tag := TagOf(key)
	fmt.Println(tag.In(key), tag.Real, tag.Start, tag.End)
	// Output: user:1000 true 6 15
}
