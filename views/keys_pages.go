package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// keysPage is one page of the screen of keys.
type keysPage interface {
	Screen
	Typing() bool
	Paste(text string, sc *Scene) tea.Cmd
	Leave(sc *Scene) bool
	Selected(sc *Scene) Selection
	Receive(msg tea.Msg, sc *Scene) tea.Cmd
}

// KeyPages is the screen of keys: where one lives, how a command gets there,
// what there is, and what is big.
type KeyPages struct {
	pages []keysPage
	at    int
}

// onBrowse is the place of the page that lists keys.
const onBrowse = 2

// keysWanted asks for the list of the keys of a query, or for one key.
type keysWanted struct{ query, key string }

// wantKeys leads to the list of keys, also from other screens.
func wantKeys(query, key string) tea.Cmd {
	return tea.Sequence(
		func() tea.Msg { return screenWanted{onKeys} },
		func() tea.Msg { return keysWanted{query, key} },
	)
}

// NewKeyPages makes the screen. Without a desk only the first page has answers.
func NewKeyPages(desk KeyDesk, readOnly bool) *KeyPages {
	return &KeyPages{pages: []keysPage{NewKeys(), newTracePage(desk, readOnly), newBrowsePage(desk, readOnly), newBiggestPage(desk), newHottestPage(desk, readOnly)}}
}

func (p *KeyPages) page() keysPage { return p.pages[p.at] }

// Name is the screen's word.
func (p *KeyPages) Name() string { return "keys" }

// Typing reports whether a field has the keyboard.
func (p *KeyPages) Typing() bool { return p.page().Typing() }

// Paste hands pasted text to the page.
func (p *KeyPages) Paste(text string, sc *Scene) tea.Cmd { return p.page().Paste(text, p.within(sc)) }

// Leave closes what the page has open.
func (p *KeyPages) Leave(sc *Scene) bool { return p.page().Leave(p.within(sc)) }

// Selected is the key under the cursor.
func (p *KeyPages) Selected(sc *Scene) Selection { return p.page().Selected(p.within(sc)) }

// Show tells all pages of a new picture.
func (p *KeyPages) Show(sc *Scene) {
	for _, page := range p.pages {
		page.Show(p.within(sc))
	}
}

// Receive hands a message to all pages: each knows its own.
func (p *KeyPages) Receive(msg tea.Msg, sc *Scene) tea.Cmd {
	if m, ok := msg.(keysWanted); ok {
		browse := p.pages[onBrowse].(*browsePage)
		p.at = onBrowse
		return browse.want(m, p.within(sc))
	}
	var cmds []tea.Cmd
	for _, page := range p.pages {
		cmds = append(cmds, page.Receive(msg, p.within(sc)))
	}
	return tea.Batch(cmds...)
}

// within is the scene of a page: all but the line of the pages' names.
func (p *KeyPages) within(sc *Scene) *Scene {
	inner := *sc
	inner.H = max(0, sc.H-1)
	return &inner
}

// Body draws the names of the pages, and the one in front.
func (p *KeyPages) Body(sc *Scene) []string {
	t := sc.Theme
	var b strings.Builder
	b.WriteByte(' ')
	for i, page := range p.pages {
		if i == p.at {
			t.Accent.Write(&b, t.Glyph.Cursor+keysPageName(page))
		} else {
			b.WriteByte(' ')
			t.Dim.Write(&b, keysPageName(page))
		}
		b.WriteString("  ")
	}
	turn := t.Dim.Text("[ ] turn ")
	if p.Typing() {
		turn = t.Dim.Text("ctrl+left ctrl+right turn ")
	}
	return append([]string{t.Apart(b.String(), turn, sc.W)}, ui.Fill(p.page().Body(p.within(sc)), max(0, sc.H-1))...)
}

// Hints are the page's, and how to get to the others.
func (p *KeyPages) Hints(sc *Scene) []ui.Hint {
	key := "]"
	if p.Typing() { // there it is a letter
		key = "ctrl+right"
	}
	return append(p.page().Hints(p.within(sc)), ui.Hint{Press: key, Key: key, Label: "next page", Help: "The pages of keys: where, trace, browse, biggest, hottest. [ turns back; in a field ctrl+right and ctrl+left."})
}

// Key turns the pages; else the key is the page's.
func (p *KeyPages) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	step := 0
	switch key := k.String(); {
	case key == "ctrl+right", key == "]" && !p.Typing():
		step = 1
	case key == "ctrl+left", key == "[" && !p.Typing():
		step = -1
	default:
		return p.page().Key(k, p.within(sc))
	}
	p.at = (p.at + step + len(p.pages)) % len(p.pages)
	p.page().Show(p.within(sc))
	if browse, is := p.page().(*browsePage); is {
		return browse.lookBack(), true
	}
	return nil, true
}

// where brings the first page to the front.
func (p *KeyPages) where() { p.at = 0 }

// noDesk is why a page has no answers.
const noDesk = "this console was opened without the means to read keys"

// keysPageName is a page's word among the others.
func keysPageName(page keysPage) string {
	if page.Name() == "keys" {
		return "where"
	}
	return page.Name()
}
