package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/term"

	"slotdeck/cluster"
	"slotdeck/cluster/reach"
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
	proposed bool     // propose has spoken

	screen  bool     // it is the console, which has a keeper of its own
	secrets []string // that are known so far

	secretNames []string // of variables that hold passwords, besides those of secretName
	ends        []func() // what has to be done before the program ends
}

// atEnd has something done before the program ends, last things first.
func (w *World) atEnd(do func()) { w.ends = append(w.ends, do) }

// leave is the end of the program.
func (w *World) leave() {
	w.end()
	standby.Load().dismiss()
}

func (w *World) end() {
	for i := len(w.ends) - 1; i >= 0; i-- {
		w.ends[i]()
	}
	w.ends = nil
}

// Warn says something on the side that does not end the program.
func (w *World) Warn(sentence string) { fmt.Fprintln(w.Err, "slotdeck: "+sentence) }

// propose says, once, what address rule may lead to the nodes when none is where
// it says that it is.
func (w *World) propose(s *cluster.Snapshot) {
	if _, why, ok := reach.Propose(s); ok && !w.proposed {
		w.proposed = true
		w.Warn(clean(why))
	}
}

// proposing is a look that proposes by what it sees.
func (w *World) proposing(look func(context.Context) (*cluster.Snapshot, error)) func(context.Context) (*cluster.Snapshot, error) {
	return func(ctx context.Context) (*cluster.Snapshot, error) {
		s, err := look(ctx)
		w.propose(s)
		return s, err
	}
}

// environ is what programs that are started get of the environment: no passwords.
func (w *World) environ() []string {
	out := []string{} // nil would be all of it
	for _, entry := range w.Environ {
		if name, _, _ := strings.Cut(entry, "="); !secretName(name) && !slices.Contains(w.secretNames, name) {
			out = append(out, entry)
		}
	}
	return out
}

// terminal returns the stream when it is a terminal.
func terminal(stream any) (term.File, bool) {
	f, ok := stream.(term.File)
	return f, ok && term.IsTerminal(f.Fd())
}

// theme is how plain answers are painted: not at all unless they go to a
// terminal.
func (w *World) theme() *ui.Theme {
	look := ui.Look{ASCII: !utf8Locale(w.Env), Light: lightByEnv(w.Env)}
	if _, ok := terminal(w.Out); !ok {
		return &ui.Theme{Look: look, Glyph: ui.NewTheme(look).Glyph}
	}
	look.Depth = ui.DepthOf(profile(w))
	return ui.NewTheme(look)
}
