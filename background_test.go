package main

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/hinshun/vt10x"

	"slotdeck/cluster/fake"
)

// ground lets a terminal answer that it has a background of its own choice; empty:
// it does not answer for it, as many do not.
type ground struct {
	keyboard io.Writer
	colour   string
}

func (g ground) Write(answer []byte) (int, error) {
	if !strings.HasPrefix(string(answer), "\x1b]11;") {
		return g.keyboard.Write(answer)
	}
	if g.colour != "" {
		fmt.Fprintf(g.keyboard, "\x1b]11;rgb:%s\a", g.colour)
	}
	return len(answer), nil
}

// inked reports whether anything on the screen is written in a colour.
func (s *session) inked(colour vt10x.Color) bool {
	s.screen.Lock()
	defer s.screen.Unlock()
	cols, rows := s.screen.Size()
	for y := range rows {
		for x := range cols {
			if s.screen.Cell(x, y).FG == colour {
				return true
			}
		}
	}
	return false
}

// TestTheBackgroundThatIsGivenIsNotAskedFor: the operator's word goes first, then
// what the terminal answers, then what the environment tells.
func TestTheBackgroundThatIsGivenIsNotAskedFor(t *testing.T) {
	t.Parallel()
	const question = "\x1b]11;?"
	const white, black = "ffff/ffff/ffff", "0000/0000/0000"
	const redOnWhite, redOnBlack vt10x.Color = 160, 203
	broken, err := fake.Start(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broken.Close)
	broken.Change(func(topology *fake.Topology) { topology.Members[1].Slots = "" })
	for _, c := range []struct {
		flags, env []string
		terminal   string
		asked      bool
		light      bool
	}{
		{nil, nil, "", true, false},
		{nil, nil, white, true, true},
		{nil, []string{"COLORFGBG=0;15"}, "", true, true},
		{nil, []string{"COLORFGBG=0;15"}, black, true, false},
		{[]string{"--background", "light"}, nil, black, false, true},
		{[]string{"--background", "dark"}, []string{"COLORFGBG=0;15"}, white, false, false},
	} {
		cmd := exec.Command(program(), append(c.flags, broken.Addr(fake.ID(0)))...)
		cmd.Env = append(terminalEnv(), c.env...)
		s := startAnswered(t, usual, cmd, func(keyboard io.Writer) io.Writer { return ground{keyboard, c.terminal} })
		want, other := redOnBlack, redOnWhite
		if c.light {
			want, other = redOnWhite, redOnBlack
		}
		s.until(fmt.Sprintf("%v %v on %q: red for light %v", c.flags, c.env, c.terminal, c.light), func(text string) bool {
			return strings.Contains(text, "FINDINGS") && s.inked(want) && !s.inked(other) && (!c.asked || strings.Contains(s.sent(), question))
		})
		s.press("q")
		s.ends()
		if asked := strings.Contains(s.sent(), question); asked != c.asked {
			t.Errorf("%v %v: asked is %v", c.flags, c.env, asked)
		}
	}
}
