package cli

import (
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
)

// suspension looks at the toolkit's messages about stopping and going on.
type suspension struct{ under atomic.Bool }

func (s *suspension) filter(msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.SuspendMsg:
		s.under.Store(true)
	case tea.ResumeMsg:
		s.under.Store(false)
	}
	return msg
}
