package keyslot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// plain is a set as a map: slow, and too simple to be wrong.
type plain map[Slot]bool

func randomSets(random *rand.Rand) (Set, plain) {
	var s Set
	p := plain{}
	for range random.IntN(12) {
		a, b := Slot(random.IntN(Count)), Slot(random.IntN(Count))
		if random.IntN(2) == 0 {
			b = min(a+Slot(random.IntN(130)), Count-1)
		}
		r := Range{min(a, b), max(a, b)}
		remove := random.IntN(3) == 0
		if remove {
			s.RemoveRange(r)
		} else {
			s.AddRange(r)
		}
		for slot := r.First; slot <= r.Last; slot++ {
			if remove {
				delete(p, slot)
			} else {
				p[slot] = true
			}
		}
	}
	return s, p
}

func same(s Set, want func(Slot) bool) error {
	n := 0
	for slot := range Slot(Count) {
		if s.Has(slot) != want(slot) {
			return fmt.Errorf("slot %d: %v", slot, s.Has(slot))
		}
		if want(slot) {
			n++
		}
	}
	if s.Len() != n || s.Empty() != (n == 0) {
		return fmt.Errorf("Len %d, Empty %v, want %d", s.Len(), s.Empty(), n)
	}
	return nil
}

func TestSetBehavesLikeASetOfNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		a, pa := randomSets(random)
		b, pb := randomSets(random)
		for name, err := range map[string]error{
			"itself":    same(a, func(s Slot) bool { return pa[s] }),
			"Union":     same(a.Union(b), func(s Slot) bool { return pa[s] || pb[s] }),
			"Minus":     same(a.Minus(b), func(s Slot) bool { return pa[s] && !pb[s] }),
			"Intersect": same(a.Intersect(b), func(s Slot) bool { return pa[s] && pb[s] }),
		} {
			if err != nil {
				t.Fatalf("%s of %q and %q: %v", name, a, b, err)
			}
		}
	}
}

func TestSetSurvivesItsRangesItsTextAndItsSlots(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		s, _ := randomSets(random)
		if SetOf(s.Ranges()...) != s {
			t.Fatalf("ranges of %q make another set", s)
		}
		for i, r := range s.Ranges() {
			if r.First > r.Last || i > 0 && r.First <= s.Ranges()[i-1].Last+1 {
				t.Fatalf("ranges %v are not the fewest in rising order", s.Ranges())
			}
		}
		if back, err := ParseSet(s.String()); err != nil || back != s {
			t.Fatalf("text %q makes another set: %v", s, err)
		}
		var one Set
		last := -1
		for slot := range s.All() {
			if int(slot) <= last {
				t.Fatalf("slot %d after %d", slot, last)
			}
			last = int(slot)
			one.Add(slot)
		}
		if one != s {
			t.Fatalf("slots of %q make another set", s)
		}
		for slot := range s.All() {
			one.Remove(slot)
		}
		if !one.Empty() {
			t.Fatalf("%q is left after removing every slot", one)
		}
	}
}

func TestAllStopsWhenTold(t *testing.T) {
	var got []Slot
	for slot := range Full().All() {
		if got = append(got, slot); slot == 2 {
			break
		}
	}
	if !slices.Equal(got, []Slot{0, 1, 2}) {
		t.Errorf("got %v", got)
	}
}

func TestSetIgnoresSlotsThatDoNotExist(t *testing.T) {
	var s Set
	s.Add(Count)
	s.Remove(Count)
	s.AddRange(Range{65000, 65535})
	s.AddRange(Range{9, 3})
	if !s.Empty() || s.Has(Count) || s.Has(65535) {
		t.Errorf("set holds %q", s)
	}
	s.AddRange(Range{16000, 65535})
	if s != SetOf(Range{16000, Count - 1}) {
		t.Errorf("set holds %q", s)
	}
	if full := Full(); full.Len() != Count || full.String() != "0-16383" {
		t.Errorf("the full set is %q", full)
	}
}

func TestParseSetReadsWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		" ,\n":                 "",
		"5":                    "5",
		"0-99,200 300-310":     "0-99,200,300-310",
		"300-310, 0-99, 0-120": "0-120,300-310",
		"1,2,3\t4\r\n5":        "1-5",
		"16383":                "16383",
		"007":                  "7",
	} {
		got, err := ParseSet(text)
		if err != nil || got.String() != want {
			t.Errorf("ParseSet(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestParseSetSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"16384":                  `"16384" is beyond the last slot, 16383`,
		"0-99999999999999999999": `"0-99999999999999999999" is beyond the last slot, 16383`,
		"9-3":                    `the range "9-3" runs backwards; write 3-9`,
		"1,x":                    `"x" is not a slot (0 to 16383) or a range of slots such as 0-99`,
		"-5":                     `"-5" is not a slot`,
		"5-":                     `"5-" is not a slot`,
		"1-2-3":                  `"1-2-3" is not a slot`,
		"+5":                     `"+5" is not a slot`,
		"\x1b[31m":               `"\x1b[31m" is not a slot`,
		strings.Repeat("é", 999): `…`,
	} {
		got, err := ParseSet(text)
		if err == nil || !got.Empty() {
			t.Errorf("ParseSet(%q) accepts: %q", text, got)
		} else if !strings.Contains(err.Error(), want) || len(err.Error()) > 250 {
			t.Errorf("ParseSet(%q): %v; want %s", text, err, want)
		}
	}
}

func FuzzParseSet(f *testing.F) {
	for _, seed := range []string{"", "0-99,200 300-310", "9-3", "16384", "1--2", "\x00", "0-16383"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSet(text)
		if err != nil {
			if len(err.Error()) > 300 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("the error is not fit to print: %q", err)
			}
			return
		}
		if back, err := ParseSet(s.String()); err != nil || back != s {
			t.Errorf("%q makes %q, which makes %q: %v", text, s, back, err)
		}
	})
}

func TestSetKeepsItsTextInJSON(t *testing.T) {
	var s Set
	if err := s.UnmarshalText([]byte("1-3")); err != nil || s.String() != "1-3" {
		t.Fatal(s, err)
	}
	if err := s.UnmarshalText([]byte("3-1")); err == nil || s.String() != "1-3" {
		t.Errorf("a wrong text changed the set to %q, or was no error", s)
	}
	if text, _ := s.MarshalText(); string(text) != "1-3" {
		t.Errorf("got %q", text)
	}
}

func BenchmarkSetAlgebra(b *testing.B) {
	s, t := SetOf(Range{0, 9000}), SetOf(Range{5000, 16383})
	for b.Loop() {
		if s.Union(t).Minus(s).Len() != 16383-9000 {
			b.Fatal("wrong")
		}
	}
}

func ExampleParseSet() {
	s, err := ParseSet("0-99,200 50-150")
	fmt.Println(s, s.Len(), err)
	_, err = ParseSet("99-0")
	fmt.Println(err)
	// Output:
	// 0-150,200 152 <nil>
	// the range "99-0" runs backwards; write 0-99
}

func ExampleSet_Minus() {
	fmt.Println(Full().Minus(SetOf(Range{100, 199}, Range{16000, 16383})))
	// Output: 0-99,200-15999
}
