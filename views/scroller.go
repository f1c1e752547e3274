package views

import "slotdeck/ui"

// stepOf is how far a key moves in a list or a text of so many lines, of which a
// page is shown. Known is false for keys that do not move.
func stepOf(key string, page, lines int) (by int, known bool) {
	page = max(2, page)
	switch key {
	case "j", "down":
		return 1, true
	case "k", "up":
		return -1, true
	case "g", "home":
		return -lines, true
	case "G", "end":
		return lines, true
	case "ctrl+d":
		return page / 2, true
	case "ctrl+u":
		return -page / 2, true
	case "pgdown":
		return page - 1, true
	case "pgup":
		return 1 - page, true
	}
	return 0, false
}

// scroller is a text that may be longer than its place.
type scroller struct {
	top, lines, room int // the first line shown, how many there are, how many fit
}

// scroll reports whether the key was for scrolling.
func (s *scroller) scroll(key string) bool {
	by, known := stepOf(key, s.room, s.lines)
	s.to(s.top + by)
	return known
}

// to scrolls to a line, or as near as can be.
func (s *scroller) to(line int) { s.top = max(0, min(line, s.lines-s.room)) }

// measure is told how long the text is now, and how much of it there is room for.
func (s *scroller) measure(lines, room int) {
	s.lines, s.room = lines, max(0, room)
	s.to(s.top)
}

// window is what is shown of the text, always room lines.
func (s *scroller) window(text []string, room int) []string {
	s.measure(len(text), room)
	return ui.Fill(text[s.top:], room)
}
