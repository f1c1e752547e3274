package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster/fake"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// paste hands over text as terminals with bracketed paste do.
func (s *session) paste(text string) {
	s.t.Helper()
	s.press("\x1b[200~" + text + "\x1b[201~")
}

// insist presses keys until texts are shown: a form that was asked for just before
// may open after keys that came in the same breath.
func (s *session) insist(keys string, texts ...string) {
	s.t.Helper()
	for began := time.Now(); ; {
		s.press(keys)
		time.Sleep(50 * time.Millisecond) // for the screen to be drawn
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(s.text(), text) }) {
			return
		}
		if time.Since(began) > soon {
			s.t.Fatalf("not within %v: %q; the screen shows\n%s", soon, texts, s.text())
		}
	}
}

// mutating are the first words of commands that change a server.
var mutating = map[string]bool{"SET": true, "DEL": true, "MIGRATE": true, "CONFIG|SET": true, "CLUSTER|SETSLOT": true, "CLUSTER|FAILOVER": true, "CLUSTER|MEET": true,
	"CLUSTER|FORGET": true, "CLUSTER|REPLICATE": true, "CLUSTER|RESET": true, "CLUSTER|MIGRATESLOTS": true}

// TestPastedTextIsTextAndConfirmsNothing in every field and on every page: no key
// among it is pressed, none of its bytes reaches the terminal, and no plan is
// carried out.
func TestPastedTextIsTextAndConfirmsNothing(t *testing.T) {
	t.Parallel()
	c, err := fake.Start(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var mu sync.Mutex
	var sent []string
	c.Each(func(_ string, server *fake.Server) {
		server.SetHook(func(cmd fake.Command) fake.Reply {
			name, words := strings.ToUpper(cmd[0]), strings.Join(cmd, " ")
			if strings.Contains(words, "no such key") || strings.Contains(words, "SETSLOT -1") {
				return fake.Reply{} // a plan's rehearsal, which changes nothing
			}
			if len(cmd) > 1 && mutating[name+"|"+strings.ToUpper(cmd[1])] || mutating[name] {
				mu.Lock()
				sent = append(sent, words)
				mu.Unlock()
			}
			return fake.Reply{}
		})
	})
	texts := []string{
		"y\n", "y\r\ny\r\nyes\r\n", "q", "\x03\x1a\x04\x1b[A\x1bq\r\x00\xff", "\x1b]0;EVIL\a\x1b[4711m\x9b31m\u202e", "two\nlines\tand a tab",
	}
	s := start(t, c.Addr(fake.ID(0)))
	s.shows(whole...)
	for place, way := range map[string]string{
		"overview": "1", "filter": "3/", "palette": ":", "menu": "x", "help": "?", "slots": "2", "slot to go to": "2s", "nodes": "3", "keys": "4", "trace": "4" + escape + "]",
		"browse": "4" + escape + "]]", "tag": "4\t", "jobs": "5", "events": "6", "health": "7", "log": "!", "form of moves": "m", "form of a member": "3a",
		"plan of a failover": "f", "plan of a setting": ":set maxmemory-samples 7\r", "hosts": "H", "restart": "T",
	} {
		for _, text := range texts {
			s.press(escape + escape + escape + way)
			s.paste(text)
		}
		if place == "keys" {
			s.press(escape + escape + escape + way)
			s.paste(strings.Repeat("mega byte of text\n", 1<<20/18))
		}
		s.insist(escape+escape+escape+"5", "CAN BE STARTED")
		s.insist(escape+escape+escape+"1", "FINDINGS", "? help")
	}
	s.press(escape + ":set maxmemory-samples 7\r")
	s.shows("PLAN", "maxmemory-samples")
	s.paste("y\ny\n")
	s.press("\t")
	s.shows("PLAN", "maxmemory-samples")
	s.press(escape + "q")
	if code := s.ends(); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	s.restored()
	if bad := steered(s.sent()); bad != "" {
		t.Error(bad)
	}
	if len(sent) > 0 {
		t.Errorf("the pastes had this sent: %q", sent)
	}
}

// TestAPasteAtThePasswordPromptIsOneLine: what stands after it is neither for the
// console nor, when the line is too long, for the shell.
func TestAPasteAtThePasswordPromptIsOneLine(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Password: "pass"})
	s := start(t, "--askpass", c.Seed())
	s.shows("password:")
	s.press("pass\rq\rq\r")
	s.shows("3/3 nodes")
	s.press("q")
	if code := s.ends(); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	s.restored()

	s = underShell(t, nil, program(), "--askpass", c.Seed())
	s.shows("password:")
	s.press(strings.Repeat("long", 1<<20/4) + "\rexit 77\r")
	s.shows("cannot be typed here", "given back: 2")
	s.press("\r")
	s.shows("and again")
	s.cooked()
}
