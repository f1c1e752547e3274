package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/pflag"

	"slotdeck/cluster"
	"slotdeck/cluster/reach"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
	"slotdeck/ui"
	"slotdeck/views"
)

// consoleFlags are those about the screen.
type consoleFlags struct {
	interval time.Duration
	sync     syncMode
	ground   backgroundMode
	zones    zoneFlags
	ascii    bool
	notice   string // for the first moment of the next screen
}

func (f *consoleFlags) register(flags *pflag.FlagSet) {
	flags.DurationVar(&f.interval, "interval", watch.DefaultInterval, "`time` between two looks at the cluster")
	f.sync = syncAuto
	flags.Var(&f.sync, "sync", "synchronized output: `auto|on|off`; on may help when the screen tears")
	f.ground = backgroundAuto
	flags.Var(&f.ground, "background", "of the terminal: `auto|dark|light`; auto asks it, and goes by COLORFGBG when it does not say")
	f.zones.register(flags)
	flags.BoolVar(&f.ascii, "ascii", false, "plain ASCII signs only (default: as the locale says)")
}

// open runs the console on one cluster.
func (f *consoleFlags) open(ctx context.Context, w *World, t target) error {
	_, _, err := f.openOne(ctx, w, t, nil)
	return err
}

// visit runs the console, and after it those of the contexts that the operator
// goes to.
func (f *consoleFlags) visit(ctx context.Context, w *World, conn *connection, words []string) error {
	w.screen = true
	var came *connection // from where the operator came; nil: this is where it began
	var cameWords []string
	for {
		t, err := conn.resolve(ctx, w, words)
		var next, rule string
		if err == nil {
			next, rule, err = f.openOne(ctx, w, t, conn.contexts.names(w))
		}
		if code := ExitOf(err); err != nil && came != nil && code != Internal && code != Interrupted && ctx.Err() == nil {
			f.notice = "still here: " + err.Error()
			*conn, words, came = *came, cameWords, nil
			w.end()
			continue
		}
		if err != nil || next == "" && rule == "" {
			return err
		}
		f.notice = ""
		if rule != "" {
			conn.ways.rules = append(conn.ways.rules, rule)
			w.end()
			continue
		}
		before := *conn
		came, cameWords = &before, words
		*conn, words = connection{contexts: contextFlags{name: next, file: conn.contexts.file}, readOnly: conn.readOnly}, nil
		w.end()
	}
}

// openOne waits for the first picture, and then runs the console until the
// operator leaves. It returns the context to go to next, if any, or the rule of
// addresses to begin anew with.
func (f *consoleFlags) openOne(ctx context.Context, w *World, t target, contexts []string) (next, rule string, err error) {
	if err := f.check(w); err != nil {
		return "", "", err
	}
	zones, err := f.zones.or(t.Zones)
	if err != nil {
		return "", "", err
	}
	journal := wire.NewJournal()
	t.Options.Journal = journal
	// A signal ends the screen; the watch goes on until the job at work, if
	// there is one, has finished the slots in hand.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	secrets := t.secrets()
	faults := &fault{cancel: cancel, secrets: secrets}
	watching := watchOnScreen(context.WithoutCancel(ctx), t, f.interval)
	defer watching.stop()
	first, err := opening(ctx, watching.Updates(), w)
	if err != nil {
		return "", "", err
	}
	moves := newMover(watching.Watch, w.Env)
	moves.window = firstWindow
	defer moves.leave()
	failovers := newFailovers(watching, moves)
	defer failovers.leave()
	steps := newConductor(watching)
	defer steps.leave()
	nodes := newMembers(t.Options, t.Seeds)
	defer nodes.leave()
	colours := profile(w)
	desk := newKeyDesk(watching.Watch, t.Options, engine.StateDirOf(w.Env))
	defer desk.close()
	app := views.NewApp(views.Config{
		Context: t.title(),
		Version: readBuild().Version,
		Seeds:   t.Seeds,
		Look:    ui.Look{Depth: ui.DepthOf(colours), ASCII: f.ascii || !utf8Locale(w.Env), Light: f.ground.light(w.Env)},
		Notice:  f.notice,
		Ground:  f.ground != backgroundAuto,
		Updates: watching.Updates(),
		First:   first,
		Control: watching,
		Log:     sentLog{journal},
		Slots:   &slotKeys{watch: watching.Watch},
		Mover:   moves,
		Keys:    desk,
		Mutes:   muteFile{engine.StateDirOf(w.Env)},

		Members:   nodes,
		Failovers: failovers,
		Conductor: steps,
		Freight:   &freight{steps, nodes, t.Options},
		Zones:     zones,

		Thresholds: t.Thresholds,
		Propose:    proposeRule,

		Save:    saveScreen,
		Write:   writeNew,
		AskSync: f.sync.byHand(w),

		ReadOnly: t.Options.ReadOnly, Protected: t.Protected, Colour: t.Colour, Contexts: contexts,
	})
	if err := f.run(ctx, w, app, colours, faults, secrets); err != nil {
		return "", "", err
	}
	return app.Next(), app.Mapped(), nil
}

// proposeRule is reach.Propose for the screen, once every node was tried.
func proposeRule(s *cluster.Snapshot) (rule, why string, ok bool) {
	r, why, ok := reach.Propose(s)
	if !ok {
		return "", "", false
	}
	return r.String(), why, true
}

// endOfFault follows what fault.tell has printed.
func endOfFault() error {
	return failure(Internal, ownFault+"; the terminal is restored")
}

// run gives the terminal to the App and takes it back. The context ends with a fault.
func (f *consoleFlags) run(ctx context.Context, w *World, app tea.Model, colours colorprofile.Profile, faults *fault, secrets []string) error {
	kept := keepTerminal(w, secrets...)
	defer kept.dismiss()
	var pause suspension
	program := tea.NewProgram(guarded{app, faults, &pause},
		tea.WithoutSignalHandler(), // the context ends with a signal
		tea.WithInput(inputOf(w.In)), tea.WithOutput(w.Out), tea.WithEnvironment(w.Environ),
		tea.WithColorProfile(colours),
		tea.WithFilter(func(m tea.Model, msg tea.Msg) tea.Msg { return f.sync.filter(m, pause.filter(msg)) }),
	)
	defer pause.serve(ctx, program.Send)()
	// The toolkit's own way to end with a context does not wait for the reader
	// of the keyboard; leaving as by a key does.
	stop := context.AfterFunc(ctx, spawn.Caught(program.Quit))
	defer stop()
	_, err := program.Run()
	kept.dismiss()
	switch {
	case faults.tell(w.Err), errors.Is(err, tea.ErrProgramPanic):
		return endOfFault()
	case err == nil, ctx.Err() != nil: // asked to go, by a key or by a signal
		return nil
	}
	return fmt.Errorf("the terminal went away: %w", err)
}

// check refuses what cannot become a console.
func (f *consoleFlags) check(w *World) error {
	if f.interval < watch.MinInterval || f.interval > watch.MaxInterval {
		return usage("--interval %v is not between %v and %v", f.interval, watch.MinInterval, watch.MaxInterval)
	}
	_, out := terminal(w.Out)
	_, in := terminal(w.In)
	if !out || !in {
		return failure(NoTerminal, "the console needs a terminal for its input and output; for scripts there is: slotdeck info HOST:PORT")
	}
	if name := w.Env("TERM"); name == "dumb" {
		return failure(NoTerminal, "a terminal of the kind TERM=%s cannot show the console; set TERM to what it really is, or use: slotdeck info HOST:PORT", name)
	}
	return nil
}

// syncMode says whether frames are wrapped, so that the terminal shows each of
// them at once.
type syncMode string

const (
	syncAuto syncMode = "auto" // when the terminal answers that it can
	syncOn   syncMode = "on"
	syncOff  syncMode = "off"
)

// String is part of pflag.Value.
func (m *syncMode) String() string { return string(*m) }

// Type is part of pflag.Value.
func (m *syncMode) Type() string { return "mode" }

// Set is part of pflag.Value.
func (m *syncMode) Set(text string) error {
	switch syncMode(text) {
	case syncAuto, syncOn, syncOff:
		*m = syncMode(text)
		return nil
	}
	return usage("it is auto, on or off, not %q", text)
}

// byHand reports whether the terminal has to be asked by the App: over SSH the
// toolkit does not ask.
func (m syncMode) byHand(w *World) bool { return m == syncAuto && w.Env("SSH_TTY") != "" }

// filter stands between the terminal and the toolkit: the terminal's answer
// is dropped for off, and made up for on, in place of a message that comes
// once at the start and that no screen wants.
func (m syncMode) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch msg := msg.(type) {
	case tea.ModeReportMsg:
		if m == syncOff && msg.Mode == ansi.ModeSynchronizedOutput {
			return nil
		}
	case tea.EnvMsg:
		if m == syncOn {
			return tea.ModeReportMsg{Mode: ansi.ModeSynchronizedOutput, Value: ansi.ModeReset}
		}
	}
	return msg
}
