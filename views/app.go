package views

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// The numbers of the screens, as their keys.
const (
	onOverview = iota
	onSlots
	onNodes
	onKeys
	onJobs
	onEvents
	onLog
	onHealth
)

// App is the root model. It routes: keys and messages to the screen or overlay
// that they concern, snapshots to all screens. It decides nothing about clusters.
type App struct {
	cfg     Config
	theme   *ui.Theme
	look    ui.Look
	w, h    int
	screens []Screen
	keys    ui.Actions[*App]
	at      int
	back    int // the screen before the log

	snap *cluster.Snapshot // newest
	held *cluster.Snapshot // shown instead while the operator holds the picture
	said judgement         // of the one that is shown
	now  time.Time
	over bool // the watch has ended

	filter  Filter
	issues  bool
	paused  bool
	every   time.Duration
	ticking bool

	members *memberDesk
	overlay overlay // palette, help, menu or filter; nil when none
	next    string  // the context to go to after this one
	rule    string  // of addresses: proposed, because no node is reached where it says it is
	ruleWhy string
	taken   string // the rule that was accepted
	toast   toastShown
	toastNr int
	mutes   muteBook
}

// overlay is something in front of the screen that takes the keys.
type overlay interface {
	// key handles a press; done means that the overlay closes.
	key(a *App, k tea.KeyPressMsg) (cmd tea.Cmd, done bool)
	paste(text string)
	// draw lays the overlay over the body and may take the footer line.
	draw(a *App, sc *Scene, body []string) (lines []string, footer string)
}

// NewApp makes the console. It sends nothing and reads nothing by itself.
func NewApp(cfg Config) *App {
	a := &App{cfg: cfg, look: cfg.Look, theme: ui.NewTheme(cfg.Look), every: time.Second, w: 80, h: 24, keys: everywhere()}
	a.screens = []Screen{NewOverview(), NewSlots(cfg.Slots), NewNodes(), NewKeyPages(cfg.Keys, cfg.ReadOnly), newJobs(cfg), NewEvents(), NewLog(cfg.Log), NewHealth()}
	a.offerMoves()
	a.offerFailovers()
	a.offerMembers()
	a.offerConduct()
	a.offerRepairs()
	if cfg.First != nil {
		a.take(cfg.First)
	}
	return a
}

// Init starts the one wait for snapshots.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{nextSnapshot(a.cfg.Updates)}
	if !a.cfg.Ground {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if a.cfg.Notice != "" {
		cmds = append(cmds, warn(ui.Clean(a.cfg.Notice)))
	}
	if a.cfg.AskSync {
		cmds = append(cmds, tea.Raw("\x1b[?2026$p"))
	}
	if a.snap == nil {
		a.ticking = true
		cmds = append(cmds, tickClock())
	}
	return tea.Batch(append(cmds, a.jobs().lookAtStart(a.scene()), a.loadMutes())...)
}

// Update routes a message.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.w, a.h = msg.Width, msg.Height
	case tea.ColorProfileMsg:
		a.restyle(func(l *ui.Look) { l.Depth = min(l.Depth, ui.DepthOf(msg.Profile)) })
	case tea.BackgroundColorMsg:
		if !a.cfg.Ground {
			a.restyle(func(l *ui.Look) { l.Light = !msg.IsDark() })
		}
	case snapshotArrived:
		return a, a.arrive(msg)
	case clockTicked:
		return a, a.tick(msg)
	case toastShown:
		return a, a.showToast(msg)
	case toastEnded:
		if msg.nr == a.toastNr {
			a.toast = toastShown{}
		}
	case proposed:
		a.propose(msg.p)
	case overlayWanted:
		a.overlay = msg.overlay
	case screenWanted:
		a.overlay = nil
		return a, goTo(msg.screen)(a)
	case mutesLoaded:
		a.mutes.list = msg.list
		a.showAll()
	case muteWanted:
		return a, a.mute(msg)
	case mutesKept:
		return a, a.mutesAre(msg)
	case refreshWanted:
		if a.cfg.Control != nil {
			a.cfg.Control.Refresh()
		}
	case armed:
		msg.page.wait, msg.page.ready = false, true
	case savedScreen:
		if msg.err != nil {
			return a, warn("the screen could not be saved: " + ui.Clean(msg.err.Error()))
		}
		return a, say("saved as " + ui.Clean(msg.path))
	case tea.ResumeMsg: // who knows what was printed meanwhile
		return a, tea.ClearScreen
	case tea.PasteMsg:
		return a, a.pasted(msg.Content)
	case tea.KeyPressMsg:
		return a, a.pressed(msg)
	default:
		return a, a.receive(msg)
	}
	return a, nil
}

// propose opens the page of a plan. A protected context asks for its name, and
// under read-only no plan can run, wherever it came from.
func (a *App) propose(p *Proposal) {
	page := &planPage{p: p}
	if a.cfg.Protected {
		page.protected = a.cfg.Context
	}
	if a.cfg.ReadOnly {
		page.off = readOnly
	}
	a.overlay = page
}

func (a *App) restyle(change func(*ui.Look)) {
	before := a.look
	change(&a.look)
	if a.look != before {
		a.theme = ui.NewTheme(a.look)
	}
}

func (a *App) arrive(msg snapshotArrived) tea.Cmd {
	if !msg.ok {
		a.over = true
		return warn("the watch has ended; what is shown is the last picture")
	}
	a.take(msg.snap)
	return tea.Batch(nextSnapshot(a.cfg.Updates), a.loadMutes())
}

func (a *App) take(s *cluster.Snapshot) {
	a.snap, a.now, a.paused = s, s.At, s.Paused
	if s.Interval > 0 {
		a.every = s.Interval
	}
	a.rule = ""
	if a.cfg.Propose != nil {
		a.rule, a.ruleWhy, _ = a.cfg.Propose(s)
	}
	if a.held != nil {
		return
	}
	a.showAll()
}

// showAll tells the screens of a new picture.
func (a *App) showAll() {
	sc := a.scene()
	for _, scr := range a.screens {
		scr.Show(sc)
	}
}

// tick keeps the clock going while snapshots do not: before the first one, and
// while polling is paused.
func (a *App) tick(msg clockTicked) tea.Cmd {
	if msg.at.After(a.now) {
		a.now = msg.at
	}
	if a.snap == nil || a.paused || a.over {
		return tickClock()
	}
	a.ticking = false
	return nil
}

func (a *App) showToast(msg toastShown) tea.Cmd {
	a.toast = msg
	a.toastNr++
	nr := a.toastNr
	stay := 3 * time.Second
	if msg.bad {
		stay = 6 * time.Second
	}
	return tea.Tick(stay, func(time.Time) tea.Msg { return toastEnded{nr} })
}

// receive hands a message to every screen that takes messages: an answer may
// come when another screen is in front.
func (a *App) receive(msg tea.Msg) tea.Cmd {
	sc := a.scene()
	var cmds []tea.Cmd
	for _, scr := range a.screens {
		if r, ok := scr.(Receiver); ok {
			if cmd := r.Receive(msg, sc); cmd != nil {
				cmds = append(cmds, cmd)
			}
		}
	}
	return tea.Batch(cmds...)
}

func (a *App) screen() Screen { return a.screens[a.at] }

// scene is what the screens may look at now.
func (a *App) scene() *Scene {
	snap := a.snap
	if a.held != nil {
		snap = a.held
	}
	if a.said.of != snap || snap == nil {
		a.said = judge(snap, doctor.Standards{Thresholds: a.cfg.Thresholds, Zones: a.cfg.Zones})
	}
	told, muted := doctor.Sift(a.said.findings, a.mutes.list, a.now)
	return &Scene{
		Snap: snap, Verdict: a.said.verdict, Findings: told, Muted: muted, Now: a.now, W: a.w, H: max(0, a.h-frameLines), Theme: a.theme,
		Filter: a.filter, Issues: a.issues, Frozen: a.held != nil, Flight: a.jobs().flight(), Zones: a.cfg.Zones,
	}
}

// judgement is what the doctor says of a snapshot, kept while it is shown.
type judgement struct {
	of       *cluster.Snapshot
	verdict  doctor.Verdict
	findings []doctor.Finding
}

func judge(s *cluster.Snapshot, by doctor.Standards) judgement {
	if s == nil {
		return judgement{verdict: doctor.Verdict{Status: doctor.NoContact, Sentence: "No node has answered yet."}}
	}
	return judgement{of: s, verdict: doctor.Judge(s), findings: by.Findings(s)}
}

// frameLines is what header, two rules and footer take.
const frameLines = 4

// View draws the frame and what is in it.
func (a *App) View() tea.View {
	sc := a.scene()
	var lines []string
	if a.w < 40 || a.h < 10 {
		lines = a.tiny(sc)
	} else {
		body := ui.Fill(a.screen().Body(sc), sc.H)
		if a.w < 80 { // below what the screens are laid out for, what does not fit is cut
			for i := range body {
				body[i] = a.theme.Cut(body[i], a.w)
			}
		}
		footer := a.footer(a.hints(sc))
		if a.overlay != nil {
			var own string
			body, own = a.overlay.draw(a, sc, slices.Clone(body))
			for i := range body { // what was typed may hold wide letters
				if ui.Width(body[i]) > a.w {
					body[i] = a.theme.Cut(body[i], a.w)
				}
			}
			if own != "" {
				footer = own
			}
		}
		lines = append(lines, a.header(sc), a.theme.Rule(a.w, ""))
		lines = append(lines, body...)
		lines = append(lines, a.lowerRule(), footer)
	}
	content := strings.Join(lines, "\n")
	if a.theme.ASCII { // events are told with it; one cell for one
		content = strings.ReplaceAll(content, "→", ">")
	}
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = a.jobs().titleWord(a.theme) + a.title(sc)
	v.ProgressBar = a.jobs().bar()
	return v
}

// lowerRule is the line above the footer; it carries the toast, or what
// narrows the picture.
func (a *App) lowerRule() string {
	t := a.theme
	if a.toast.text != "" {
		p := t.Strong
		if a.toast.bad {
			p = t.Bad
		}
		return t.Rule(a.w, p.Text(a.toast.text))
	}
	if a.rule != "" {
		return t.Rule(a.w, t.Bad.Text(t.Cut(ui.Clean("no node is reached where it says it is: :dial "+a.rule+" takes that way"), a.w-6)))
	}
	var narrow []string
	if a.filter.Active() {
		narrow = append(narrow, "only rows matching /"+ui.Clean(a.filter.String()))
	}
	if a.issues {
		narrow = append(narrow, "only problems")
	}
	if len(narrow) > 0 {
		return t.Rule(a.w, t.Note.Text(strings.Join(narrow, ", ")+" (esc: all)"))
	}
	return t.Rule(a.w, "")
}

// tiny is what can honestly be said where no screen fits.
func (a *App) tiny(sc *Scene) []string {
	lines := []string{a.theme.Cut(a.header(sc), a.w)}
	if a.h > 2 {
		lines = append(lines, ui.Wrap(sc.Verdict.Sentence, max(10, a.w))...)
	}
	small := "too small for the screens: 80x24 shows all; q quits"
	if ui.Width(small) > a.w {
		small = "80x24 shows all"
	}
	if len(lines) > a.h-1 {
		lines = lines[:max(1, a.h-1)]
	}
	return append(lines, a.theme.Cut(small, a.w))
}
