package plan

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func somePlan(t testing.TB) Plan {
	return mustMake(t, Rebalance{UseEmpty: true}, three().snapshot(), Facts{Load: Load{Keys: even(3)}, Rate: Rate{Low: Pace{100, 100}, High: Pace{200, 200}}})
}

func TestPlanFileGivesThePlanBack(t *testing.T) {
	for seed := range seeds(200) {
		r := rand.New(rand.NewPCG(seed, 11))
		w := randomWorld(r, 6)
		p, err := Make(randomRequest(r, w, requestKinds[seed%uint64(len(requestKinds))]), w.snapshot(), randomFacts(r))
		if err != nil {
			continue
		}
		text, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(text)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("seed %d: %v\n%+v\nwant\n%+v", seed, err, got, p)
		}
	}
}

func TestPlanFileThatWasChangedIsRefused(t *testing.T) {
	p := somePlan(t)
	text, _ := Encode(p)
	first := p.Moves[0].Set().String()
	for name, edit := range map[string]func(string) string{
		"another slot": func(s string) string {
			return strings.Replace(s, first, "16383,"+first[strings.IndexByte(first, ',')+1:], 1)
		},
		"another risk":        func(s string) string { return strings.Replace(s, `"safe"`, `"lossy"`, 1) },
		"another address":     func(s string) string { return strings.Replace(s, "10.0.1.1", "10.6.6.6", 1) },
		"another version":     func(s string) string { return strings.Replace(s, `"slotdeck_plan": 1`, `"slotdeck_plan": 2`, 1) },
		"no version":          func(s string) string { return strings.Replace(s, `"slotdeck_plan": 1,`, ``, 1) },
		"an unknown field":    func(s string) string { return strings.Replace(s, `"title"`, `"force": true, "title"`, 1) },
		"something behind":    func(s string) string { return s + "{}" },
		"cut off":             func(s string) string { return s[:len(s)/2] },
		"nothing":             func(s string) string { return "" },
		"another kind of how": func(s string) string { return strings.Replace(s, `"reported"`, `"\u001b[2J"`, 1) },
	} {
		edited := edit(string(text))
		if edited == string(text) {
			t.Errorf("%s: the edit changes nothing", name)
		}
		_, err := Decode([]byte(edited))
		if err == nil || !printable(err.Error()) || !strings.Contains(err.Error(), "plan") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPlanFileThatIsUnsoundIsRefused forges files whose id fits their content.
func TestPlanFileThatIsUnsoundIsRefused(t *testing.T) {
	for says, forge := range map[string]func(*Plan){
		"moves nothing":     func(p *Plan) { p.Moves, p.Slots = nil, 0 },
		"source and target": func(p *Plan) { p.Moves[0].To = p.Moves[0].From },
		"is empty":          func(p *Plan) { p.Moves[0].Ranges = nil },
		"move twice":        func(p *Plan) { p.Moves[1].Ranges = p.Moves[0].Ranges },
		"two moves": func(p *Plan) {
			p.Moves = append(p.Moves, Move{From: p.Moves[0].From, To: p.Moves[0].To, Ranges: set("9").Ranges()})
		},
		"claims to move":           func(p *Plan) { p.Slots++ },
		"but the moves change":     func(p *Plan) { p.Nodes[0].After.Slots++ },
		"not described":            func(p *Plan) { p.Nodes = p.Nodes[1:] },
		"twice":                    func(p *Plan) { p.Nodes = append(p.Nodes, p.Nodes[0]) },
		"no node id":               func(p *Plan) { p.Nodes[0].ID = "a b" },
		"the port":                 func(p *Plan) { p.Nodes[0].Port = 70000 },
		"no address has":           func(p *Plan) { p.Nodes[0].Host = "\x1b]0;" },
		"no node's id":             func(p *Plan) { p.Nodes[0].Replicas[0] = "" },
		"checks refuses":           func(p *Plan) { p.Checks[0].State = Refused },
		"cannot be printed":        func(p *Plan) { p.Why = "\x1b[2J" },
		"runs backwards":           func(p *Plan) { p.Estimate.Low = p.Estimate.High + 1 },
		"impossible number":        func(p *Plan) { p.Moves[0].Keys.N = -1 },
		"keys, bytes or risk":      func(p *Plan) { p.Bytes = Amount{N: 1} },
		"impossible number of slo": func(p *Plan) { p.Nodes[0].Before.Slots -= 20000; p.Nodes[0].After.Slots -= 20000 },
	} {
		p := somePlan(t)
		forge(&p)
		p.ID = p.digest()
		text, err := json.Marshal(file{fileVersion, p})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
}

func FuzzDecode(f *testing.F) {
	text, _ := Encode(somePlan(f))
	f.Add(text)
	f.Add([]byte(`{"slotdeck_plan":1,"plan":{"id":"","title":"","moves":[{"from":"a","to":"b","slots":"0-5,7","keys":{"n":0,"how":"unknown"}}]}}`))
	f.Add([]byte(`{"slotdeck_plan":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Decode(text); err != nil && !printable(err.Error()) {
			t.Fatalf("not ASCII: %q", err.Error())
		}
		// Whoever forges a file can make its id fit: what holds then is sound alone.
		var forged file
		if json.Unmarshal(text, &forged) != nil {
			return
		}
		forged.Version, forged.Plan.ID = fileVersion, forged.Plan.digest()
		text, err := json.Marshal(forged)
		if err != nil {
			return
		}
		p, err := Decode(text)
		if err != nil {
			return
		}
		if tally := Tell(p, three().snapshot()); tally.Done.Union(tally.Left).Union(tally.Astray) != p.Set() {
			t.Fatalf("%v does not tell all slots of the plan", tally)
		}
		for _, line := range slices.Concat(p.Lines(), p.CommandLines(Legacy), p.CommandLines(AtomicRedis), p.CommandLines(AtomicValkey)) {
			if !printable(line) {
				t.Fatalf("not ASCII: %q", line)
			}
		}
		again, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := Decode(again); err != nil || q.ID != p.ID {
			t.Fatalf("%v: a plan that was read does not survive writing", err)
		}
	})
}

func TestPlanFileIsForPeopleToRead(t *testing.T) {
	text, _ := Encode(somePlan(t))
	for _, want := range []string{`"slotdeck_plan": 1`, `"risk": "safe"`, `"how": "reported"`, `"slots": "`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
}
