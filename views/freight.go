package views

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// freightForm is the page of a backup or an import before it begins.
type freightForm struct {
	typedForm
	desk      *conductDesk
	importing bool
	snap      *cluster.Snapshot

	folder, from, user, password textField
	how, same, tls               choiceField
	db                           numberField
	trusted, name, cert, key     textField

	asking FreightWish // what is being read; the zero wish: nothing
	of     FreightWish // what was read last
	plan   FreightPlan
	err    error
}

// freightPlanned brings a plan, or why there is none.
type freightPlanned struct {
	form *freightForm
	of   FreightWish
	plan FreightPlan
	err  error
}

// wantFreight is a command of the palette that opens the page.
func wantFreight(importing bool) func(*App, string) tea.Cmd {
	return func(a *App, arg string) tea.Cmd { return a.conduct().openFreight(importing, arg, a.scene().Snap) }
}

// openFreight opens the page; a run that is at work is shown instead.
func (d *conductDesk) openFreight(importing bool, arg string, s *cluster.Snapshot) tea.Cmd {
	switch {
	case d.running() != nil:
		return d.page()
	case s == nil:
		return warn("no node has answered yet")
	case d.off == readOnly:
		return warn(d.off)
	case d.freight == nil:
		return warn("this console was opened without the means to bring data in or out")
	}
	f := &freightForm{desk: d, importing: importing, snap: s}
	f.folder = textField{label: "folder", empty: "a new folder on this machine (enter to type)", value: arg}
	f.from = textField{label: "from", empty: "HOST:PORT (enter to type)", value: arg}
	f.user = textField{label: "user", empty: "the default one", optional: true}
	f.password = textField{label: "password", empty: "none", optional: true, secret: true}
	f.how = choiceField{label: "keys", words: []string{"move", "copy"}, at: 1}
	f.same = choiceField{label: "if there", words: []string{"left alone", "overwritten"}}
	f.db = numberField{label: "database", value: -1, least: -1, most: 1 << 20, none: "all"}
	f.tls = choiceField{label: "TLS", words: []string{"no", "yes, checked", "yes, unchecked"}}
	f.trusted = textField{label: "trusted", empty: "the system's", optional: true}
	f.name = textField{label: "its name", empty: "the host's", optional: true}
	f.cert = textField{label: "own certificate", empty: "none", optional: true}
	f.key = textField{label: "its key", empty: "none", optional: true}
	f.arrange()
	f.after = f.changed
	f.p = &Proposal{Body: f.draw, Run: f.run}
	f.p.Keys = append(f.actions(), ui.Action[*Proposal]{Keys: []string{"r"}, Label: "anew", Hidden: true, Do: func(*Proposal) tea.Cmd {
		f.of = FreightWish{}
		return f.changed()
	}})
	if t := f.firstEmpty(); t != nil {
		f.ask(t)
	}
	d.form = f
	return tea.Batch(Propose(f.p), f.changed())
}

// The choices of TLS.
const (
	noTLS = iota
	checkedTLS
	uncheckedTLS
)

// arrange lists the fields that mean something now.
func (f *freightForm) arrange() {
	f.fields = []moveField{&f.folder}
	if f.importing {
		f.fields = []moveField{&f.from, &f.how, &f.same, &f.db, &f.user, &f.password, &f.tls}
	}
	switch f.tls.at {
	case checkedTLS:
		f.fields = append(f.fields, &f.trusted, &f.name, &f.cert, &f.key)
	case uncheckedTLS: // the name is sent then, too
		f.fields = append(f.fields, &f.name, &f.cert, &f.key)
	}
}

func (f *freightForm) wish() FreightWish {
	if !f.importing {
		return FreightWish{Folder: f.folder.value}
	}
	w := FreightWish{From: f.from.value, User: f.user.value, Password: f.password.value,
		DB: f.db.value, Copy: f.how.at == 1, Replace: f.same.at == 1}
	if f.tls.at != noTLS {
		w.TLS = FreightTLS{On: true, Unchecked: f.tls.at == uncheckedTLS, Name: f.name.value, Cert: f.cert.value, Key: f.key.value}
	}
	if f.tls.at == checkedTLS {
		w.TLS.Trusted = f.trusted.value
	}
	return w
}

// lacks says what has to be given yet; empty when nothing is.
func (f *freightForm) lacks() string {
	if w := f.wish(); w.TLS.On && (w.TLS.Cert == "") != (w.TLS.Key == "") {
		return "the own certificate and its key belong together, and one of them is not given"
	}
	return f.typedForm.lacks()
}

// renew keeps the picture that the cluster is found by. What was planned is
// held against a fresh read before it begins.
func (f *freightForm) renew(s *cluster.Snapshot) { f.snap = s }

// changed reads what the wish wants to know, unless that is known or on its way.
func (f *freightForm) changed() tea.Cmd {
	f.arrange()
	defer f.show()
	w := f.wish()
	if f.lacks() != "" || w == f.of || w == f.asking {
		return nil
	}
	f.asking = w
	source, snap := f.desk.freight, f.snap
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), groundPatience)
		defer cancel()
		p, err := source.Plan(ctx, w, snap)
		return freightPlanned{f, w, p, err}
	}
}

// take takes a plan, unless something else is asked for by now.
func (f *freightForm) take(msg freightPlanned) {
	if msg.of == f.asking {
		f.asking, f.of, f.plan, f.err = FreightWish{}, msg.of, msg.plan, msg.err
		f.show()
	}
}

// show brings the page up to date with the form.
func (f *freightForm) show() {
	refused, p := f.err, f.plan
	switch {
	case f.lacks() != "":
		refused = errors.New(f.lacks())
	case f.wish() != f.of:
		refused = errors.New("it is being read; a moment")
	}
	if refused != nil {
		p = FreightPlan{Title: "back up all primaries", Risk: plan.Safe, Why: "nothing would be sent"}
		if f.importing {
			p.Title = "import the keys of a server"
		}
	}
	f.desk.planned(f.p, p.Title, p.Risk, p.Why, refused)
	f.p.Name = p.Type
}

func (f *freightForm) run() tea.Cmd {
	leave := "if you leave, it ends, and the folder says that the backup is not complete. It is taken anew then."
	if f.importing {
		leave = "if you leave, it ends between two batches of keys. Every key is at the source, in the cluster, or in both, and the same import goes on."
	}
	return f.desk.begin(&conductRun{title: f.plan.Title, leave: leave, from: f.desk.freight.Start(f.wish(), f.plan, f.snap)})
}

func (f *freightForm) draw(t *ui.Theme, w int) []string {
	lines := append(fieldLines(t, w, f.fields, f.at, len(f.fields)), "")
	if f.p.Refused != "" && f.wish() != f.of || f.err != nil {
		return lines
	}
	what := "what is copied, and into which file"
	if f.importing {
		what = "what is imported"
	}
	lines = append(lines, t.Heading(what, "", w))
	for _, l := range f.plan.Lines {
		lines = append(lines, wrapped(t, t.Accent.Text(t.Glyph.Bullet), l, w)...)
	}
	lines = append(lines, "", t.Heading("to be known", "", w))
	for _, n := range f.plan.Notes {
		lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Bullet), n, w)...)
	}
	return lines
}
