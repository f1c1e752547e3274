package views

import (
	"strings"
	"testing"
)

func TestScrollerShowsEveryLineAndNothingBeyond(t *testing.T) {
	t.Parallel()
	text := strings.Fields("a b c d e f g h i")
	var s scroller
	shown := func() string { return strings.Join(s.window(text, 4), "") }
	for i, step := range []struct{ key, want string }{
		{"", "abcd"}, {"up", "abcd"}, {"j", "bcde"}, {"pgdown", "efgh"}, {"pgdown", "fghi"}, {"down", "fghi"},
		{"g", "abcd"}, {"ctrl+d", "cdef"}, {"G", "fghi"}, {"pgup", "cdef"}, {"home", "abcd"},
	} {
		if known := s.scroll(step.key); known != (step.key != "") {
			t.Errorf("step %d: is %q for scrolling? %v", i, step.key, known)
		}
		if got := shown(); got != step.want {
			t.Errorf("step %d, %q: %s is shown, not %s", i, step.key, got, step.want)
		}
	}
	s.scroll("G")
	if text = text[:2]; shown() != "ab" {
		t.Errorf("when the text gets shorter %q is shown", shown())
	}
	for _, room := range []int{0, -3} {
		if got := s.window(text, room); len(got) != 0 {
			t.Errorf("%d lines where there is room for %d", len(got), room)
		}
	}
}
