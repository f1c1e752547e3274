package ui

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanMakesOutsideTextHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"user:1":               "user:1",
		"a\x1b[31mb":           `a\x1b[31mb`,
		"\x9b31m":              `\x9b31m`,
		"\u009b31m":            `\u{9b}31m`,
		"line\r\nnext\t":       `line\r\nnext\t`,
		"\xff\xfe":             `\xff\xfe`,
		"\x00":                 `\x00`,
		"schlüssel":            "schlüssel",
		"鍵":                    "鍵",
		"a\u202eb":             `a\u{202e}b`,
		"e\u0301":              `e\u{301}`,
		"\u200b":               `\u{200b}`,
		"\U0001f600":           `\u{1f600}`,
		"\x7f":                 `\x7f`,
		"ends cut \xe9\x8d":    `ends cut \xe9\x8d`,
		"\ufffd is a real one": "\ufffd is a real one",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a", "\x1b]0;x\x07", "\xff", "\u202e", "鍵\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Clean(s)
		if !utf8.ValidString(c) {
			t.Fatalf("Clean(%q) = %q is not UTF-8", s, c)
		}
		if strings.ContainsFunc(c, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) {
			t.Fatalf("Clean(%q) = %q holds control characters", s, c)
		}
		if again := Clean(c); again != c {
			t.Fatalf("Clean is not stable: %q, then %q", c, again)
		}
	})
}

func TestLeftAndRightFillExactly(t *testing.T) {
	th := NewTheme(Look{Depth: Colours256})
	for _, s := range []string{"", "abc", "鍵鍵鍵", th.Bad.Text("painted"), strings.Repeat("x", 50)} {
		for w := range 20 {
			if got := Width(th.Left(s, w)); got != w {
				t.Errorf("Left(%q, %d) is %d wide", s, w, got)
			}
			if got := Width(th.Right(s, w)); got != w {
				t.Errorf("Right(%q, %d) is %d wide", s, w, got)
			}
		}
	}
}

func TestApartKeepsTheRightEnd(t *testing.T) {
	th := NewTheme(Look{})
	if got := th.Apart("left side", "right", 12); got != "left … right" && Width(got) != 12 {
		t.Errorf("got %q", got)
	}
	for w := range 30 {
		if got := Width(th.Apart("left side", "right", w)); got > w {
			t.Errorf("at %d it is %d wide", w, got)
		}
	}
}

func TestArrowKeysHaveNamesWithoutUnicode(t *testing.T) {
	hints := []Hint{{Key: KeyName("left"), Label: "less"}, {Key: KeyName("right"), Label: "more"}}
	if got, want := NewTheme(Look{ASCII: true}).Footer(hints, 80), " left less  right more"; stripped(got) != want {
		t.Errorf("%q, not %q: > would be taken for a key", got, want)
	}
	if got, want := NewTheme(Look{}).Footer(hints, 80), " ← less  → more"; stripped(got) != want {
		t.Errorf("%q, not %q", got, want)
	}
}
