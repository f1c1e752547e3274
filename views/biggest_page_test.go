package views

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"slotdeck/ui"
)

func biggest(s *stage, d *fakeDesk) {
	d.state = SurveyState{Tally: sampleTally(), Met: 600, Total: 600, Nodes: 3, Took: 1200 * time.Millisecond, Done: true}
	s.press("ctrl+left", "ctrl+left", "enter")
	p := s.app.screens[onKeys].(*KeyPages).pages[3].(*biggestPage)
	s.send(surveyLooked{p.nr, d.state})
}

func TestTheListInFrontIsAlwaysAmongTheNamesThatAreSeen(t *testing.T) {
	p := &biggestPage{}
	for i := range 30 {
		p.lists = append(p.lists, bigList{title: fmt.Sprintf("module-type-%d", i)})
	}
	for p.list = range p.lists {
		theme := ui.NewTheme(ui.Look{})
		if seen := ansi.Strip(theme.Cut(p.names(theme, 76), 76)); !slices.Contains(strings.Fields(strings.TrimSuffix(seen, theme.Glyph.Ellipsis)), theme.Glyph.Cursor+p.lists[p.list].title) {
			t.Fatalf("%s is not seen in %q", p.lists[p.list].title, seen)
		}
	}
}
