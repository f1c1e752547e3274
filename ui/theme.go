package ui

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Depth is how many colours the terminal has.
type Depth uint8

// From nothing to plenty. With 256 and more the same palette serves: short
// escape sequences are worth more over a slow line than finer shades.
const (
	NoColour Depth = iota
	Colours16
	Colours256
)

// DepthOf translates what the terminal toolkit found.
func DepthOf(p colorprofile.Profile) Depth {
	switch p {
	case colorprofile.TrueColor, colorprofile.ANSI256:
		return Colours256
	case colorprofile.ANSI:
		return Colours16
	default:
		return NoColour
	}
}

// Look is what a theme is made from.
type Look struct {
	Depth Depth
	Light bool // a light background
	ASCII bool // no UTF-8: plain glyphs only
}

// Theme is the one visual language of all screens. Text in the terminal's own
// colour is the rule; a token exists only where a colour means something.
type Theme struct {
	Look
	Glyph Glyphs

	Plain  Paint
	Strong Paint // what the eye should find first
	Dim    Paint // structure: rules, units, labels
	Accent Paint // the selection, the active tab
	Head   Paint // headings of sections

	Good Paint
	Note Paint // worth a look
	Warn Paint
	Bad  Paint

	BadFill  Paint // a filled cell that nobody can miss
	WarnFill Paint
	Mark     Paint // under-lined: the part of a key that counts
	Cursor   Paint // the one cell under the cursor

	shards []Shade
	named  map[string]Paint
}

// Shade is the hue of a shard: as text, as a filled cell, and as a raw colour
// for cells that show two shards at once.
type Shade struct {
	Text  Paint
	Fill  Paint
	Color color.Color // nil without colour
}

// NewTheme makes the theme for a look.
func NewTheme(l Look) *Theme {
	t := &Theme{Look: l, Glyph: glyphsOf(l.ASCII)}
	pick := func(dark, light, basic string) color.Color {
		switch {
		case l.Depth == NoColour:
			return nil
		case l.Depth == Colours16 && l.Light:
			return lipgloss.Color(onLight(basic))
		case l.Depth == Colours16:
			return lipgloss.Color(basic)
		case l.Light:
			return lipgloss.Color(light)
		default:
			return lipgloss.Color(dark)
		}
	}
	style := func(c color.Color) lipgloss.Style {
		s := lipgloss.NewStyle()
		if c != nil {
			s = s.Foreground(c)
		}
		return s
	}
	fill := func(bg color.Color) lipgloss.Style {
		if bg == nil {
			return lipgloss.NewStyle().Reverse(true)
		}
		ink := lipgloss.Color("16")
		switch {
		case l.Depth == Colours16:
			ink = lipgloss.Color("0")
		case l.Light: // the light palette is dark enough to carry white
			ink = lipgloss.Color("231")
		}
		return lipgloss.NewStyle().Foreground(ink).Background(bg)
	}
	red, amber := pick("203", "160", "1"), pick("221", "136", "3")
	t.Strong = paintOf(lipgloss.NewStyle().Bold(true))
	t.Dim = paintOf(style(pick("245", "243", "8")))
	t.Accent = paintOf(style(pick("81", "26", "6")).Bold(true))
	t.Head = paintOf(style(pick("250", "239", "")).Bold(true))
	if l.Depth != Colours256 {
		t.Head = t.Strong
	}
	if l.Depth == NoColour {
		t.Dim = Paint{} // faint is unreadable on many terminals without colour
	}
	t.Good = paintOf(style(pick("114", "28", "2")))
	t.Note = paintOf(style(pick("110", "25", "4")))
	t.Warn = paintOf(style(amber).Bold(l.Depth == NoColour))
	if l.Depth == Colours16 && l.Light {
		t.Warn = paintOf(style(lipgloss.Color("5")).Bold(true)) // yellow is lost on white
	}
	t.Bad = paintOf(style(red).Bold(true))
	t.BadFill = paintOf(fill(red).Bold(true))
	t.WarnFill = paintOf(fill(amber).Bold(true))
	t.Mark = paintOf(style(pick("81", "26", "6")).Underline(true).Bold(true))
	t.Cursor = paintOf(lipgloss.NewStyle().Reverse(true).Bold(true))
	t.named = map[string]Paint{}
	for _, n := range namedColours {
		t.named[n.name] = paintOf(fill(pick(n.dark, n.light, n.basic)).Bold(true))
	}
	for _, h := range hues {
		c := pick(h.dark, h.light, h.basic)
		t.shards = append(t.shards, Shade{Text: paintOf(style(c)), Fill: paintOf(fill(c)), Color: c})
	}
	return t
}

// onLight is the one of 16 colours that stands in for another as text on white:
// the bright ones and white are lost there.
func onLight(basic string) string {
	switch basic {
	case "7", "15":
		return "8"
	case "10", "11", "12", "13", "14":
		return string(basic[1] + 2)
	}
	return basic
}

// namedColours are what an operator may give a cluster, so that production is
// never taken for something else.
var namedColours = [...]struct{ name, dark, light, basic string }{
	{"red", "203", "160", "1"}, {"yellow", "221", "136", "3"}, {"green", "114", "28", "2"},
	{"blue", "75", "26", "4"}, {"magenta", "176", "127", "5"}, {"cyan", "44", "30", "6"},
}

// Named is how the name of a cluster is painted that was given a colour: red,
// yellow, green, blue, magenta or cyan. Without one it is the accent.
func (t *Theme) Named(colour string) Paint {
	if p, ok := t.named[colour]; ok {
		return p
	}
	return t.Accent
}

// hues of the shards: told apart by lightness as well as by hue, so that they
// survive the common kinds of colour blindness; red and bright yellow are kept
// for trouble. With 16 colours they repeat sooner and the letters decide.
var hues = [...]struct{ dark, light, basic string }{
	{"75", "26", "12"},   // A blue
	{"180", "130", "11"}, // B sand
	{"71", "28", "2"},    // C green
	{"176", "127", "5"},  // D orchid
	{"44", "30", "6"},    // E teal
	{"147", "62", "4"},   // F lavender
	{"150", "64", "10"},  // G pale green
	{"173", "94", "3"},   // H copper
	{"117", "31", "14"},  // I sky
	{"139", "96", "13"},  // J mauve
	{"109", "66", "7"},   // K slate
	{"187", "101", "15"}, // L straw
}

// Shard is the shade of a shard by its hue number; hues repeat.
func (t *Theme) Shard(hue int) Shade {
	if hue < 0 {
		hue = 0
	}
	return t.shards[hue%len(t.shards)]
}
