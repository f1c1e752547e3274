package cli

import (
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
)

// suspension looks at the toolkit's messages about stopping, going on and ending.
type suspension struct {
	under  atomic.Bool
	leaves atomic.Bool // what is drawn now is the last thing before the terminal is given back
}

// screenEmptied comes before the console stops: the toolkit draws nothing more
// between being told to stop and stopping.
type screenEmptied struct{}

func (s *suspension) filter(msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.SuspendMsg:
		if !s.leaves.Swap(true) {
			return screenEmptied{}
		}
		s.under.Store(true)
	case tea.ResumeMsg:
		s.under.Store(false)
		s.leaves.Store(false)
	case tea.QuitMsg:
		s.leaves.Store(true)
	}
	return msg
}
