package keyslot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestEverySlotHasAShortTag(t *testing.T) {
	const upToFour = 23 * (1 + 31 + 31*31 + 31*31*31)
	tags, err := FindTag(Full(), TagSearch{Count: upToFour})
	if err != nil || len(tags) != upToFour || len(tags[upToFour-1]) != 4 {
		t.Fatalf("%d tags, %v", len(tags), err)
	}
	reached := Set{}
	for _, tag := range tags {
		reached.Add(Of(tag))
	}
	if reached != Full() {
		t.Errorf("no tag of up to four characters lands in %q", Full().Minus(reached))
	}
}

func TestFoundTagLandsInTheOneSlotWanted(t *testing.T) {
	for slot := Slot(0); slot < Count; slot += 97 {
		tags, err := FindTag(SetOf(Range{slot, slot}), TagSearch{})
		if err != nil || len(tags) != 1 || len(tags[0]) > 4 {
			t.Fatalf("slot %d: %q, %v", slot, tags, err)
		}
		if got := Slot(bitwise([]byte("x{" + tags[0] + "}y"))); got != slot {
			t.Fatalf("the tag %q lands in %d, want %d", tags[0], got, slot)
		}
	}
}

func TestFoundTagsLandInTheSet(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 50 {
		first := Slot(random.IntN(Count - 20))
		want := SetOf(Range{first, first + 20})
		for _, prefix := range []string{"", "cart-", "{", "\x00"} {
			search := TagSearch{Prefix: prefix, Count: 10}
			tags, err := FindTag(want, search)
			if err != nil || len(tags) != 10 {
				t.Fatalf("%d tags, %v", len(tags), err)
			}
			again, _ := FindTag(want, search)
			if !slices.Equal(tags, again) {
				t.Fatalf("asked twice: %q, then %q", tags, again)
			}
			for i, tag := range tags {
				if !strings.HasPrefix(tag, prefix) || slices.Contains(tags[:i], tag) || i > 0 && len(tag) < len(tags[i-1]) {
					t.Fatalf("tags %q", tags)
				}
				if slot := Of("{" + tag + "}"); !want.Has(slot) {
					t.Fatalf("%q lands in %d, not in %q", tag, slot, want)
				}
			}
		}
	}
}

func TestPrefixThatLandsThereIsTheFirstAnswer(t *testing.T) {
	slot := Of("user:7")
	tags, err := FindTag(SetOf(Range{slot, slot}), TagSearch{Prefix: "user:7", Count: 2})
	if err != nil || len(tags) != 2 || tags[0] != "user:7" {
		t.Errorf("%q, %v", tags, err)
	}
}

func TestNoTagForNothingWanted(t *testing.T) {
	if tags, err := FindTag(Set{}, TagSearch{Count: 5}); err != nil || tags != nil {
		t.Errorf("%q, %v", tags, err)
	}
}

func TestPrefixCannotEndTheTag(t *testing.T) {
	if _, err := FindTag(Full(), TagSearch{Prefix: "a}b"}); !errors.Is(err, ErrTagPrefix) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkFindTag(b *testing.B) {
	slot := Slot(0)
	for b.Loop() {
		if tags, _ := FindTag(SetOf(Range{slot, slot}), TagSearch{}); len(tags) != 1 {
			b.Fatal("no tag")
		}
		slot = (slot + 4099) % Count
	}
}

func ExampleFindTag() {
	tags, _ := FindTag(SetOf(Range{0, 0}), TagSearch{Count: 2})
	for _, tag := range tags {
		fmt.Println(tag, Of("user:{"+tag+"}"))
	}
	tags, _ = FindTag(SetOf(Range{0, 5460}), TagSearch{Prefix: "shard-a-"})
	fmt.Println(tags)
	// Output:
	// afps 0
	// anyk 0
	// [shard-a-]
}
