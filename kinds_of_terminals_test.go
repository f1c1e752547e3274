package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestEveryKindOfTerminalGetsWhatItKnows: no more colours than its name promises
// (what knows none ignores the sixteen), and everything on the screen all the same.
func TestEveryKindOfTerminalGetsWhatItKnows(t *testing.T) {
	t.Parallel()
	rgb, indexed := regexp.MustCompile(`[34]8[;:]2[;:]`), regexp.MustCompile(`[34]8[;:]5[;:]`)
	basic := regexp.MustCompile(`\x1b\[(?:[0-9]+;)*(?:3[1-7]|9[0-7])[;m]`)
	for env, most := range map[string]*regexp.Regexp{
		"TERM=xterm-256color COLORTERM=truecolor": rgb, "TERM=xterm-256color": indexed, "TERM=screen-256color": indexed, "TERM=screen": indexed,
		"TERM=xterm": basic, "TERM=linux": basic, "TERM=vt100": basic,
	} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			s := startWith(t, usual, strings.Fields(env), pretended(t))
			s.shows(whole...)
			for _, key := range screens {
				s.turn(key)
			}
			s.press("q")
			if code := s.ends(); code != 0 {
				t.Errorf("it ended with code %d", code)
			}
			s.restored()
			sent := s.sent()
			if rgb.MatchString(sent) && most != rgb || indexed.MatchString(sent) && most == basic {
				t.Error("it gets colours that it does not know")
			}
			if !indexed.MatchString(sent) && !basic.MatchString(sent) {
				t.Error("it gets no colours")
			}
		})
	}
}
