package plan

import (
	"slices"
	"strings"
	"testing"
)

func TestCommandsOfEachDriver(t *testing.T) {
	p := mustMake(t, MoveExactly{Slots: set("0-99,200"), To: id(2, 0)}, three().snapshot(), Facts{})
	a, c := string(id(0, 0)), string(id(2, 0))
	for _, test := range []struct {
		driver Driver
		want   []string
	}{
		{AtomicRedis, []string{
			"C CLUSTER MIGRATION IMPORT 0 99 200 200",
			"C CLUSTER MIGRATION STATUS ID <task>"}},
		{AtomicValkey, []string{
			"A CLUSTER MIGRATESLOTS SLOTSRANGE 0 99 200 200 NODE " + c,
			"A CLUSTER GETSLOTMIGRATIONS"}},
		{Legacy, []string{
			"C CLUSTER SETSLOT 0 IMPORTING " + a,
			"A CLUSTER SETSLOT 0 MIGRATING " + c,
			"A CLUSTER GETKEYSINSLOT 0 <count>",
			`A MIGRATE 10.0.2.1 7000 "" <db> <timeout-ms> KEYS <keys>`,
			"A CLUSTER COUNTKEYSINSLOT 0",
			"C CLUSTER SETSLOT 0 NODE " + c,
			"A CLUSTER SETSLOT 0 NODE " + c}},
	} {
		var got []string
		for _, cmd := range p.Commands(test.driver) {
			who := map[string]string{a: "A", c: "C"}[string(cmd.Node)]
			got = append(got, who+" "+cmd.Text())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v:\n%s\nwant\n%s", test.driver, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
	commands := p.Commands(Legacy)
	if last := commands[len(commands)-1]; !strings.Contains(last.Note, "the same for 100 more slots (1-99, 200)") {
		t.Errorf("the rest is not told: %q", last.Note)
	}
	for _, line := range p.CommandLines(Legacy) {
		if !printable(line) {
			t.Errorf("not ASCII: %q", line)
		}
	}
}

func TestSlotIsNeverGivenAwayBeforeItsSourceWasCounted(t *testing.T) {
	var texts []string
	for _, c := range slotCommands(5, party{id: "aa"}, party{id: "bb"}) {
		texts = append(texts, string(c.Node)+" "+strings.Join(c.Args[:min(4, len(c.Args))], " "))
	}
	counted, given, told := slices.Index(texts, "aa CLUSTER COUNTKEYSINSLOT 5"), slices.Index(texts, "bb CLUSTER SETSLOT 5 NODE"), slices.Index(texts, "aa CLUSTER SETSLOT 5 NODE")
	if counted < 0 || given < counted || told < given {
		t.Errorf("order: %v", texts)
	}
	if texts[0] != "bb CLUSTER SETSLOT 5 IMPORTING" {
		t.Errorf("the target does not import first: %v", texts)
	}
}

func TestPlanTextIsPlainASCII(t *testing.T) {
	w := three()
	s := w.snapshot()
	s.Shards[0].Letter = "\x1b[31mÄ"
	node(s, id(0, 0)).Dialled = "host\r\nevil\u202e:1"
	p := mustMake(t, Drain{Node: id(0, 0)}, s, Facts{Load: Load{Keys: even(7), Bytes: even(2048)}, Rate: Rate{Low: Pace{1000, 500}, High: Pace{4000, 2000}}})
	text := strings.Join(p.Lines(), "\n")
	for _, want := range []string{"drain ", "risk: disruptive", "-> B 10.0.1.1:7000", "38227 keys", "slots  5461 ->     0", "12s to 49s", "  ok      all 16384 slots have an owner", "plan " + p.ID} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for _, line := range p.Lines() {
		if !printable(line) {
			t.Errorf("not ASCII: %q", line)
		}
	}
	if _, err := Encode(p); err != nil || p.sound() != nil {
		t.Errorf("%v, %v", err, p.sound())
	}
}

func TestEstimateNeedsRateAndKeys(t *testing.T) {
	rate := Rate{Low: Pace{Keys: 100, Slots: 10}, High: Pace{Keys: 1000, Slots: 100}}
	if e := estimate(rate, 50, Amount{1000, Reported}); e.Low.Seconds() != 1.5 || e.High.Seconds() != 15 {
		t.Errorf("estimate: %v to %v", e.Low, e.High)
	}
	for _, e := range []Estimate{estimate(Rate{}, 50, Amount{1000, Reported}), estimate(rate, 50, Amount{})} {
		if e.Known() || e.String() != "time not known" {
			t.Errorf("out of nothing: %v", e)
		}
	}
}
