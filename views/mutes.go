package views

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// muteBook is what the App knows of findings that are muted.
type muteBook struct {
	list  []doctor.Mute
	asked bool
}

type (
	// mutesLoaded is what was kept from before.
	mutesLoaded struct{ list []doctor.Mute }
	// muteWanted asks to mute a finding, or with no time to tell of it again.
	muteWanted struct {
		finding doctor.Finding
		reason  string
		long    time.Duration
	}
	// mutesKept is the list as it was written, or why it was not.
	mutesKept struct {
		list []doctor.Mute
		said string
		err  error
	}
)

// loadMutes reads once, as soon as the cluster is known, what was muted before.
func (a *App) loadMutes() tea.Cmd {
	if a.cfg.Mutes == nil || a.snap == nil || len(a.snap.Nodes) == 0 || a.mutes.asked {
		return nil
	}
	a.mutes.asked = true
	book, snap := a.cfg.Mutes, a.snap
	return func() tea.Msg { return mutesLoaded{book.Load(snap)} }
}

// mute changes the list, in the file first. Others may have changed it meanwhile:
// it is read anew.
func (a *App) mute(msg muteWanted) tea.Cmd {
	if a.cfg.Mutes == nil || a.snap == nil {
		return warn("this console has nowhere to keep what is muted")
	}
	book, snap, now := a.cfg.Mutes, a.snap, a.now
	return func() tea.Msg {
		list := slices.DeleteFunc(slices.Clone(book.Load(snap)), func(m doctor.Mute) bool {
			return !now.Before(m.Until) || m.Covers(msg.finding, now)
		})
		said := "it is told again"
		if msg.long > 0 {
			list = append(list, doctor.MuteOf(msg.finding, msg.reason, now, msg.long))
			said = "muted until " + now.Add(msg.long).Format(muteTime)
		}
		return mutesKept{list, said, book.Keep(snap, list)}
	}
}

func (a *App) mutesAre(msg mutesKept) tea.Cmd {
	if msg.err != nil {
		return warn("what is muted cannot be kept: " + ui.Clean(msg.err.Error()))
	}
	a.mutes.list = msg.list
	a.showAll()
	return say(msg.said)
}

// muteTime is how the end of a mute is written.
const muteTime = "2006-01-02 15:04"
