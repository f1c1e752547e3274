package ui

// Glyphs are the signs in use, every one a single cell wide.
type Glyphs struct {
	OK, Lag, Suspect, Fail, Silent, Idle string // states
	Cursor, Sorted, Reverse, Arrow, Both string
	Rule, Bullet, Ellipsis, None         string
	Refresh, Pause, Lock                 string
	Up, Down                             string
	Half                                 string // upper half block; empty without UTF-8
	Full                                 string
	Eighths                              [9]string // a bar's last cell, from empty to full
	Track                                string    // the empty part of a bar
	Spark                                [8]string
	Unassigned, Failing, Out, In         string // on the slot map
}

func glyphsOf(ascii bool) Glyphs {
	if ascii {
		return Glyphs{
			OK: "*", Lag: "~", Suspect: "!", Fail: "X", Silent: "?", Idle: "o",
			Cursor: ">", Sorted: "v", Reverse: "^", Arrow: "->", Both: "<>",
			Rule: "-", Bullet: "-", Ellipsis: "~", None: "-",
			Refresh: "@", Pause: "=", Lock: "#", Up: "^", Down: "v",
			Full:    "#",
			Eighths: [9]string{" ", ".", ".", ":", ":", "=", "=", "#", "#"},
			Track:   ".", Spark: [8]string{"_", ".", ".", "-", "-", "=", "=", "#"},
			Unassigned: ".", Failing: "X", Out: ">", In: "<",
		}
	}
	return Glyphs{
		OK: "●", Lag: "◐", Suspect: "▲", Fail: "✖", Silent: "◌", Idle: "○",
		Cursor: "▸", Sorted: "▾", Reverse: "▴", Arrow: "→", Both: "↔",
		Rule: "─", Bullet: "·", Ellipsis: "…", None: "–",
		Refresh: "⟳", Pause: "‖", Lock: "⚿", Up: "↑", Down: "↓",
		Half: "▀", Full: "█",
		Eighths: [9]string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
		Track:   "─", Spark: [8]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		Unassigned: "·", Failing: "✖", Out: "»", In: "«",
	}
}
