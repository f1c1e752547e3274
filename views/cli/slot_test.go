package cli

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"slotdeck/keyslot"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSlotPrintsWhatCounts(t *testing.T) {
	got := run(t, "", nil, "slot", "123456789", "{user:7}:cart", "foo{}{bar}")
	want := "12739  123456789\n 2780  {user:7}:cart  tag user:7\n 8363  foo{}{bar}\n"
	if got.code != Fine || !strings.HasPrefix(got.out, want) {
		t.Errorf("it prints %q; want %q first", got.out, want)
	}
}

func TestTheEmptyKeyIsSeen(t *testing.T) {
	if got := run(t, "", nil, "slot", ""); got.out != "    0  (the empty key)\n" {
		t.Errorf("it prints %q", got.out)
	}
}

func TestSlotTellsWhetherKeysGoTogether(t *testing.T) {
	for _, c := range []struct{ keys, last string }{
		{"{a}1 {a}2", "same slot: one command can use all 2 keys"},
		{"user:7:cart log:user:7", "CROSSSLOT: no single command can use all 2 keys; with the tag {user:7} they would share slot 2780"},
		{"a b c", "CROSSSLOT: no single command can use all 3 keys"},
	} {
		got := run(t, "", nil, append([]string{"slot"}, strings.Fields(c.keys)...)...)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		if last := lines[len(lines)-1]; last != c.last {
			t.Errorf("%s: the last line is %q; want %q", c.keys, last, c.last)
		}
	}
}

func TestSlotReadsKeysFromTheInput(t *testing.T) {
	got := run(t, "a\r\n\nlast", nil, "slot", "-o", "json", "first", "-")
	var answers []keyAnswer
	if err := json.Unmarshal([]byte(got.out), &answers); err != nil {
		t.Fatalf("%v in %q", err, got.out)
	}
	keys := make([]string, len(answers))
	for i, a := range answers {
		keys[i] = a.Key
		if a.Slot != keyslot.Of(a.Key) {
			t.Errorf("%q is told to live in %d", a.Key, a.Slot)
		}
	}
	if want := []string{"first", "a\r", "", "last"}; strings.Join(keys, "|") != strings.Join(want, "|") {
		t.Errorf("it read %q; want %q: keys are bytes", keys, want)
	}
	if got := run(t, "x\n", nil, "slot", "--", "-"); got.out != run(t, "", nil, "slot", "--", "-").out {
		t.Error("behind -- a dash is a key, not the input")
	}
	if got := run(t, "", nil, "slot", "-o", "json", "-"); strings.TrimSpace(got.out) != "[]" {
		t.Errorf("no keys are no answers, and still JSON: %q", got.out)
	}
}

func TestBinaryKeysSurviveJSONAndDoNotReachTheTerminal(t *testing.T) {
	key := "\x1b[2J\xff{t\xfe}"
	got := run(t, "", nil, "slot", "-o", "json", key)
	var answers []keyAnswer
	if err := json.Unmarshal([]byte(got.out), &answers); err != nil {
		t.Fatal(err)
	}
	exact, err := base64.StdEncoding.DecodeString(answers[0].KeyBase64)
	if err != nil || string(exact) != key {
		t.Errorf("the key came back as %q, %v", exact, err)
	}
	if a := answers[0]; key[a.TagStart:a.TagEnd] != "t\xfe" {
		t.Errorf("what counts is %d to %d", a.TagStart, a.TagEnd)
	}
	if text := run(t, "", nil, "slot", key).out; strings.Contains(text, "\x1b") || !utf8.ValidString(text) {
		t.Errorf("raw bytes of the key were printed: %q", text)
	}
}

func TestTagsFoundLiveWhereTheyWereWanted(t *testing.T) {
	got := run(t, "", nil, "tag", "0-10", "16383", "--count", "50", "--prefix", "u:", "-o", "json")
	var answers []tagAnswer
	if err := json.Unmarshal([]byte(got.out), &answers); err != nil || len(answers) != 50 {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	for _, a := range answers {
		if s := keyslot.Of("x{" + a.Tag + "}"); s != a.Slot || s > 10 && s != 16383 || !strings.HasPrefix(a.Tag, "u:") {
			t.Errorf("{%s} lives in %d, told as %d", a.Tag, s, a.Slot)
		}
	}
}
