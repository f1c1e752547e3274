package views

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

func TestQuotedTextIsReadAsRedisCliDoes(t *testing.T) {
	for text, want := range map[string]typedKey{
		`plain`:              {key: "plain"},
		`a\xff`:              {key: `a\xff`},
		`"a\xfF\n\r\t\b\a"`:  {key: "a\xff\n\r\t\b\a", quoted: true},
		`"say \"hi\" \\ \q"`: {key: `say "hi" \ q`, quoted: true},
		`"\xg1"`:             {key: "xg1", quoted: true},
		`""`:                 {key: "", quoted: true},
		`"open`:              {key: `"open`, open: true},
		`"ends\"`:            {key: `"ends\"`, open: true},
		`"a"b`:               {key: `"a"b`, open: true},
		`"`:                  {key: `"`, open: true},
		` "a"`:               {key: ` "a"`},
		``:                   {},
	} {
		if got := readKey(text); got != want {
			t.Errorf("%s is read as %+v, want %+v", text, got, want)
		}
	}
}

func FuzzWrittenKeyIsReadBack(f *testing.F) {
	for _, s := range []string{"", "a", `"`, `"a"`, "\xff\x00", "schlüssel", "a\\x", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		text := writeKey(key)
		if got := readKey(text).key; got != key {
			t.Fatalf("%q is written as %q, which is read as %q", key, text, got)
		}
		if !utf8.ValidString(text) || ui.Clean(text) != text {
			t.Fatalf("%q is written as %q, which cannot be shown as it is", key, text)
		}
	})
}

func TestTagRuleExplainsWhatCounts(t *testing.T) {
	th := ui.NewTheme(ui.Look{})
	for key, want := range map[string]string{
		"user:1":      "no tag in braces: the whole key counts",
		"{user:1}:a":  "only the tag {user:1} counts: all keys with it share the slot",
		"foo{}{bar}":  "the first braces are empty, so there is no tag: the whole key counts",
		"foo{{bar}}":  "a tag ends at the first }, so a brace is part of it here: {{bar}",
		"{a}{b}":      "only the first tag {a} counts: all keys with it share the slot",
		"foo{bar":     "the brace is never closed, so there is no tag: the whole key counts",
		"foo}bar{":    "the brace is never closed, so there is no tag: the whole key counts",
		"foo}":        "a } without a { before it is no tag: the whole key counts",
		"":            "the empty key is a key, too: it lives in slot 0",
		"{\x1b[31m}x": `only the tag {\x1b[31m} counts: all keys with it share the slot`,
	} {
		if got := tagRule(th, key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}

func TestKeyCellKeepsTheTagInSight(t *testing.T) {
	th := ui.NewTheme(sampleLook)
	for _, key := range []string{
		"{user:1}:cart", strings.Repeat("before:", 9) + "{user:1}" + strings.Repeat(":after", 9), strings.Repeat("b", 40) + "{user:1}", "鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵{user:1}鍵",
	} {
		for w := 12; w < 60; w++ {
			cell := keyCell(th, key, w)
			if ui.Width(cell) != w {
				t.Fatalf("at %d the cell %q is %d wide", w, cell, ui.Width(cell))
			}
			if !strings.Contains(cell, th.Mark.Text("user:1")) {
				t.Fatalf("at %d the tag is not underlined in %q", w, cell)
			}
		}
	}
	if cell := keyCell(th, "a{}b", 10); strings.Contains(cell, "\x1b") {
		t.Errorf("a key without a tag has something underlined: %q", cell)
	}
}

func TestFieldEditsByteByByteWhereItMust(t *testing.T) {
	var f keyField
	f.insert("schlüssel:\xff鍵")
	steps := []struct{ key, text string }{
		{"backspace", "schlüssel:\xff"}, {"backspace", "schlüssel:"}, {"left", "schlüssel:"}, {"x", "schlüsselx:"},
		{"ctrl+w", ":"}, {"delete", ""}, {"a", "a"}, {"home", "a"}, {"b", "ba"}, {"ctrl+k", "b"}, {"ctrl+u", ""}, {"backspace", ""}, {"delete", ""},
		{"space", " "},
	}
	for _, s := range steps {
		if s.key == "home" {
			f.at = 0
			continue
		}
		f.press(pressOf(s.key))
		if f.text != s.text {
			t.Fatalf("after %s it is %q, want %q", s.key, f.text, s.text)
		}
	}
}

func TestFieldShowsItsCursorHoweverLongTheText(t *testing.T) {
	th := ui.NewTheme(ui.Look{})
	f := keyField{text: strings.Repeat("\x00 鍵 word ", 1800)}
	for _, at := range []int{0, 1, 5000, len(f.text)} {
		f.at = at
		for _, w := range []int{12, 40, 80, 200} {
			line := f.draw(th, keyslot.Tag{}, true, w)
			if ui.Width(line) > w || !strings.Contains(line, "\x1b[") {
				t.Fatalf("at byte %d, %d cells: %q is %d wide", at, w, line, ui.Width(line))
			}
		}
	}
	f.at = len(f.text)
	if line := f.draw(th, keyslot.Tag{}, false, 40); strings.Contains(line, "\x1b[") {
		t.Errorf("a cursor is shown in a field without the keyboard: %q", line)
	}
}

func TestPastedLinesEndInAnyWay(t *testing.T) {
	for text, want := range map[string][]string{
		"a": {"a"}, "a\nb": {"a", "b"}, "a\r\nb\r\n": {"a", "b"}, "a\rb": {"a", "b"}, "\n\n": nil, "": nil, " \n": {" "},
	} {
		lines, ended := pastedKeys(text)
		if !slices.Equal(lines, want) || ended != strings.HasSuffix(text, "\n") {
			t.Errorf("%q: %q, ended %v", text, lines, ended)
		}
	}
}
