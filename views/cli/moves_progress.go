package cli

import (
	"fmt"
	"time"

	"github.com/charmbracelet/x/term"

	"slotdeck/keyslot"
	"slotdeck/ui"
	"slotdeck/views"
)

// moveProgress shows a job on the error stream: as a bar on a terminal, else as
// lines, or as JSON events.
type moveProgress struct {
	w     *World
	json  bool
	tty   term.File // nil: no terminal
	theme *ui.Theme
	last  time.Time
	state views.MoveState
	drawn bool
}

// lineEvery is how often a line is written where no bar can be.
const lineEvery = 2 * time.Second

func (m *moving) progress() *moveProgress {
	p := &moveProgress{w: m.w, json: m.out == asJSON}
	if file, ok := terminal(m.w.Err); ok && !p.json && m.w.Env("TERM") != "dumb" {
		p.tty = file
		p.theme = ui.NewTheme(ui.Look{ASCII: !utf8Locale(m.w.Env), Depth: ui.DepthOf(profile(m.w))})
	}
	return p
}

func (p *moveProgress) draw(at views.MoveProgress) {
	changed := at.State != p.state
	p.state = at.State
	if p.tty != nil {
		if !changed && time.Since(p.last) < 100*time.Millisecond {
			return
		}
		p.last, p.drawn = time.Now(), true
		w, _, err := term.GetSize(p.tty.Fd())
		if err != nil || w < 20 {
			w = 80
		}
		fmt.Fprint(p.w.Err, "\r"+p.bar(at, w-1)+"\x1b[K")
		return
	}
	every := lineEvery
	if p.json {
		every /= 2
	}
	if !changed && time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	if p.json {
		p.event(moveEventOf(at))
		return
	}
	fmt.Fprintln(p.w.Err, clean(moveLine(at)))
}

// bar is the job in one line of a terminal.
func (p *moveProgress) bar(at views.MoveProgress, w int) string {
	t := p.theme
	text := fmt.Sprintf(" %s  %d/%d slots  %s/%s keys", t.Right(t.Percent(max(0, at.Share())), 4), at.Slots.Done, at.Slots.Total, t.Count(at.Keys.Done), t.Count(at.Keys.Total))
	if at.KeysPerSecond > 0 {
		text += "  " + t.Count(int64(at.KeysPerSecond)) + " keys/s"
	}
	if at.State != views.JobMoving {
		text += "  " + at.State.String()
	} else if at.ETA >= 0 {
		text += "  " + t.Span(at.ETA.Round(time.Second)) + " left"
	}
	room := w - ui.Width(text)
	if room < 8 {
		return t.Cut(text, w)
	}
	return t.Meter(max(0, at.Share()), min(room, 40), t.Accent) + text
}

func moveLine(at views.MoveProgress) string {
	text := fmt.Sprintf("%s: %d of %d slots, %d of %d keys", at.State, at.Slots.Done, at.Slots.Total, at.Keys.Done, at.Keys.Total)
	if at.KeysPerSecond > 0 {
		text += fmt.Sprintf(", %.0f keys/s", at.KeysPerSecond)
	}
	if at.ETA >= 0 && at.State == views.JobMoving {
		text += fmt.Sprintf(", %v left", at.ETA.Round(time.Second))
	}
	if at.Message != "" {
		text += " (" + at.Message + ")"
	}
	return text
}

// moveEvent is progress for programs. What is not known is null.
type moveEvent struct {
	Event         string   `json:"event"`
	State         string   `json:"state,omitempty"`
	SlotsDone     int64    `json:"slots_done"`
	SlotsTotal    int64    `json:"slots_total"`
	KeysDone      int64    `json:"keys_done"`
	KeysTotal     int64    `json:"keys_total"`
	KeysPerSecond float64  `json:"keys_per_second"`
	SecondsLeft   *float64 `json:"seconds_left"`
	InFlight      string   `json:"slots_in_flight"` // as "0-99,200"
	Driver        string   `json:"driver"`
	Message       string   `json:"message,omitempty"`
}

func moveEventOf(at views.MoveProgress) moveEvent {
	e := moveEvent{
		Event: "progress", State: at.State.String(), SlotsDone: at.Slots.Done, SlotsTotal: at.Slots.Total,
		KeysDone: at.Keys.Done, KeysTotal: at.Keys.Total, KeysPerSecond: at.KeysPerSecond,
		Driver: at.Driver.String(), Message: at.Message,
	}
	if at.ETA >= 0 {
		left := at.ETA.Seconds()
		e.SecondsLeft = &left
	}
	var flight keyslot.Set
	for _, s := range at.InFlight {
		flight.Add(s.Slot)
	}
	e.InFlight = flight.String()
	return e
}

func (p *moveProgress) event(e any) {
	if text, err := compactJSON(e); err == nil {
		fmt.Fprintln(p.w.Err, string(text))
	}
}

// say writes a sentence above what is drawn next.
func (p *moveProgress) say(sentence string) {
	switch {
	case p.json:
		p.event(map[string]string{"event": "note", "text": sentence})
	case p.tty != nil:
		fmt.Fprint(p.w.Err, "\r\x1b[K"+sentence+"\n")
	default:
		fmt.Fprintln(p.w.Err, sentence)
	}
}

// end leaves the bar behind.
func (p *moveProgress) end() {
	if p.drawn {
		fmt.Fprint(p.w.Err, "\r\x1b[K")
	}
}
