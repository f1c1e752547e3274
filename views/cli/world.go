package cli

import (
	"fmt"
	"io"

	"github.com/charmbracelet/x/term"

	"slotdeck/ui"
)

// World is what the program was started with.
type World struct {
	Args     []string // without the program's name
	Env      func(name string) string
	Environ  []string
	In       io.Reader
	Out, Err io.Writer
	Self     string // the file of this program; empty: it is not started a second time

	guarding guarding // what the chosen context forbids
	ends     []func() // what has to be done before the program ends
}

// atEnd has something done before the program ends, last things first.
func (w *World) atEnd(do func()) { w.ends = append(w.ends, do) }

func (w *World) end() {
	for i := len(w.ends) - 1; i >= 0; i-- {
		w.ends[i]()
	}
	w.ends = nil
}

// Warn says something on the side that does not end the program.
func (w *World) Warn(sentence string) { fmt.Fprintln(w.Err, "slotdeck: "+sentence) }

// terminal returns the stream when it is a terminal.
func terminal(stream any) (term.File, bool) {
	f, ok := stream.(term.File)
	return f, ok && term.IsTerminal(f.Fd())
}

// theme is how plain answers are painted: not at all unless they go to a
// terminal.
func (w *World) theme() *ui.Theme {
	look := ui.Look{ASCII: !utf8Locale(w.Env)}
	if _, ok := terminal(w.Out); !ok {
		return &ui.Theme{Look: look, Glyph: ui.NewTheme(look).Glyph}
	}
	look.Depth = ui.DepthOf(profile(w))
	return ui.NewTheme(look)
}
