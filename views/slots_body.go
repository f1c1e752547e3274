package views

import (
	"fmt"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

const (
	legendLeast  = 9  // cells: a letter and a number of slots
	sidePane     = 40 // from here on the inspector has its place beside the map
	slotPaneRows = 10 // the inspector's lines there, its heading included
)

// slotRoom is how the body is divided: the map at the left, the legend beside
// it, and what else there is room for beside or below.
type slotRoom struct {
	map_   ui.SlotLayout
	side   int  // cells beside the map
	below  int  // lines below the map
	beside bool // the inspector stands beside the map
}

// arrange divides the body. Zooming changes the map alone.
func (s *Slots) arrange(sc *Scene) slotRoom {
	half := s.paint.Halves()
	reserve := 3
	switch {
	case sc.H < 6:
		reserve = 0
	case sc.H < 12:
		reserve = 2
	}
	r := slotRoom{}
	r.map_ = ui.FitSlots(sc.W-sidePane, sc.H-1, half)
	narrow := ui.FitSlots(sc.W-legendLeast, sc.H-1-reserve, half)
	// The pane beside the map must not cost the map its resolution.
	if r.beside = r.map_.Cols > 0 && sc.H >= 24 && r.map_.Cols*r.map_.Lines >= narrow.Cols*narrow.Lines; !r.beside {
		r.map_ = narrow
	}
	if s.zoom {
		w := sc.W - legendLeast
		if r.beside {
			w = sc.W - sidePane
		}
		r.map_ = ui.ZoomSlots(w, r.map_.Lines, s.top, s.slot)
	}
	r.side, r.below = sc.W-r.map_.Width(), sc.H-1-r.map_.Lines
	return r
}

// Body draws title, map, legend and inspector.
func (s *Slots) Body(sc *Scene) []string {
	t := sc.Theme
	s.ask.seen = true
	if sc.Snap == nil || sc.Snap.Owner == nil {
		return ui.Fill([]string{"", "  " + t.Dim.Text(sc.Verdict.Sentence)}, sc.H)
	}
	m := s.look(sc)
	r := s.arrange(sc)
	s.layout, s.top = r.map_, r.map_.Top
	if r.map_.Cols == 0 {
		return ui.Fill([]string{"", t.Cut("  too small for the map: 80x24 shows all of it", sc.W)}, sc.H)
	}
	grid := m.grid
	grid.Cursor = int(s.slot)
	if state, ok := m.withFlight(sc); ok {
		grid.State = &state
	}
	if marked := s.marks(); !marked.Empty() {
		grid.Marked = &marked
	}
	body := []string{s.title(sc, m)}
	pane := s.sidePane(sc, m, r)
	drawn := s.paint.Lines(grid, r.map_)
	if why := s.noNumbers(); why != "" {
		w := max(20, r.map_.Width()-10)
		drawn = ui.Overlay(drawn, ui.Fill(ui.Wrap(why, w), 3), 8, min(1, len(drawn)-1), r.map_.Width())
	}
	if r.beside {
		// The pane goes on beside what is below the map.
		left := append(drawn, s.below(sc, m, r, r.map_.Width())...)
		body = append(body, t.Beside(left, pane, r.map_.Width(), 0)...)
	} else {
		body = append(body, t.Beside(drawn, pane, r.map_.Width(), 0)...)
		body = append(body, s.below(sc, m, r, sc.W)...)
	}
	body = ui.Fill(body, sc.H)
	for i := range body {
		body[i] = t.Cut(body[i], sc.W)
	}
	return body
}

// title is the layers and, at the right, what this one comes to.
func (s *Slots) title(sc *Scene, m *slotMap) string {
	t := sc.Theme
	if s.going != nil {
		right := ""
		if s.said != "" {
			right = t.Bad.Text(s.said)
		} else if slot, err := slotTyped(s.going.text()); s.going.text() != "" && err == "" {
			right = fmt.Sprintf("slot %5d", slot)
		}
		return t.Apart(s.going.draw(t, sc.W-14), right+" ", sc.W)
	}
	var b strings.Builder
	b.WriteByte(' ')
	if sc.W >= 100 {
		t.Head.Write(&b, "SLOTS ")
	}
	first, last := shownLayers(s.layer, sc.W)
	for i, name := range slotLayerNames {
		if slotLayer(i) < first || slotLayer(i) > last {
			continue
		}
		if slotLayer(i) == s.layer {
			t.Accent.Write(&b, t.Glyph.Cursor+name)
		} else {
			b.WriteByte(' ')
			t.Dim.Write(&b, name)
		}
		b.WriteString("  ")
	}
	if s.zoom && sc.W >= 100 {
		t.Note.Write(&b, "zoom")
	}
	return t.Apart(b.String(), s.summary(sc, m)+" ", sc.W)
}

// summary is the layer in numbers.
func (s *Slots) summary(sc *Scene, m *slotMap) string {
	t := sc.Theme
	switch s.layer {
	case keysLayer, memoryLayer, cpuLayer, trafficLayer:
		return s.heatSummary(sc)
	case movesLayer:
		if text := flightSummary(sc); text != "" {
			return text
		}
		if m.open == 0 {
			return t.Good.Text("no slot is open")
		}
		return moveSummary(sc)
	case viewsLayer:
		if m.torn == 0 {
			return t.Good.Text(fmt.Sprintf("all %d views agree", viewsKnown(sc.Snap)))
		}
		return t.Warn.Text(fmt.Sprintf("%d in dispute", m.torn)) + fmt.Sprintf("   %d views", viewsKnown(sc.Snap))
	}
	out := fmt.Sprintf("%5d of %d served", sc.Verdict.Served, keyslot.Count)
	if sc.W < 80 {
		out = fmt.Sprintf("%5d served", sc.Verdict.Served)
	}
	if sc.Verdict.Served < keyslot.Count {
		out = t.Bad.Text(out)
	}
	if m.open > 0 {
		out += "  " + t.Warn.Text(fmt.Sprintf("%d open", m.open))
	}
	if m.torn > 0 {
		out += "  " + t.Warn.Text(fmt.Sprintf("%d disputed", m.torn))
	}
	return out
}

func (s *Slots) heatSummary(sc *Scene) string {
	t, a := sc.Theme, &s.ask
	switch {
	case a.from == nil:
		return t.Dim.Text("keys cannot be counted here")
	case s.noNumbers() != "":
		return t.Warn.Text("no numbers")
	case a.known == 0:
		return t.Dim.Text(fmt.Sprintf("reading the %s of each slot", [...]string{"keys", "memory", "cpu time", "traffic"}[a.what]))
	}
	age := t.Right(ago(sc, a.counted), 9)
	if sc.Now.Sub(a.counted) > 3*askAgain {
		age = t.Warn.Text(age)
	}
	out := fmt.Sprintf("0 %s %s keys  %s", s.paint.HeatKey(), t.Left(t.Count(a.most), 4), age)
	if a.what != SlotKeys {
		out = fmt.Sprintf("0 %s %s  %s %s", s.paint.HeatKey(), t.Left(a.what.amount(t, a.most), 7), a.measuredHow(), age)
	}
	if a.known < keyslot.Count {
		out += "   " + t.Warn.Text(fmt.Sprintf("%d not counted", keyslot.Count-a.known))
	}
	return out
}

// moveSummary is who gives how many slots to whom.
func moveSummary(sc *Scene) string {
	counts, order := map[string]int{}, []string(nil)
	for _, mv := range sc.Snap.Moves {
		from, to := letterOf(sc.Snap, mv.From), letterOf(sc.Snap, mv.To)
		if mv.From == "" {
			from = "?"
		}
		if mv.To == "" {
			to = "?"
		}
		pair := from + sc.Theme.Glyph.Arrow + to
		if counts[pair] == 0 {
			order = append(order, pair)
		}
		counts[pair]++
	}
	var out []string
	for i, pair := range order {
		if i == 3 {
			out = append(out, fmt.Sprintf("+%d", len(order)-i))
			break
		}
		out = append(out, sc.Theme.Warn.Text(fmt.Sprintf("%s %d", pair, counts[pair])))
	}
	return strings.Join(out, "   ")
}

// viewsKnown is how many nodes' views the snapshot was made from.
func viewsKnown(s *cluster.Snapshot) int {
	n := 0
	for i := range s.Nodes {
		if s.Nodes[i].View.Known() {
			n++
		}
	}
	return n
}
