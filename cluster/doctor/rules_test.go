package doctor

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/health.md anew")

func TestEveryFindingHasItsRule(t *testing.T) {
	loudest, quietest := map[string]Severity{}, map[string]Severity{}
	for _, c := range findingCases() {
		b := build(3, 1)
		c.fires(b)
		for _, f := range Findings(b.done(t)) {
			r, ok := RuleOf(f.ID)
			if !ok {
				t.Fatalf("%q has no rule", f.ID)
			}
			if f.Severity < r.Least || f.Severity > r.Most {
				t.Errorf("%q is of severity %s, its rule says %s to %s", f.Text, f.Severity, r.Least, r.Most)
			}
			if low, seen := quietest[f.ID]; !seen || f.Severity < low {
				quietest[f.ID] = f.Severity
			}
			loudest[f.ID] = max(loudest[f.ID], f.Severity)
		}
	}
	for _, r := range Rules() {
		low, seen := quietest[r.ID]
		if !seen {
			t.Errorf("no situation makes %s speak", r.ID)
		} else if low != r.Least || loudest[r.ID] != r.Most {
			t.Errorf("%s is heard from %s to %s, its rule says %s to %s", r.ID, low, loudest[r.ID], r.Least, r.Most)
		}
	}
}

// The IDs in the sources, so that one that no situation of the tests brings
// about is missed neither.
func TestEveryIDInTheSourcesHasOneRule(t *testing.T) {
	files, err := filepath.Glob("find_*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	made := map[string]bool{}
	id := regexp.MustCompile(`(?:Finding\{ID: |e\.(?:about|together|uneven)\([^"\n]*|f\.ID = )"([a-z-]+)"|\{\s*ID: "([a-z-]+)", Severity|"(errors-[a-z]+)":`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range id.FindAllStringSubmatch(string(text), -1) {
			made[m[1]+m[2]+m[3]] = true
		}
	}
	ruled := map[string]bool{}
	for _, r := range Rules() {
		if ruled[r.ID] {
			t.Errorf("%s has two rules", r.ID)
		}
		if ruled[r.ID] = true; !made[r.ID] {
			t.Errorf("no source makes a finding of the rule %s", r.ID)
		}
	}
	for id := range made {
		if !ruled[id] {
			t.Errorf("%s has no rule", id)
		}
	}
}

func TestEveryRuleSaysWhatItMeansAndWhatToDo(t *testing.T) {
	for _, r := range Rules() {
		for _, text := range []string{r.Means, r.Next} {
			if !strings.HasSuffix(text, ".") || text[:1] != strings.ToUpper(text[:1]) {
				t.Errorf("%s: %q is no sentence", r.ID, text)
			}
		}
		if (r.Setting != "") != (r.Repair == ChangeSetting) && r.ID != "settings-differ" { // that one's findings name theirs
			t.Errorf("%s repairs by %s, but its setting is %q", r.ID, r.Repair, r.Setting)
		}
		if r.Least > r.Most {
			t.Errorf("%s is at least %s and at most %s", r.ID, r.Least, r.Most)
		}
	}
}

func TestEveryThresholdIsInTheTableAndInUse(t *testing.T) {
	files, _ := filepath.Glob("find_*.go")
	used := map[string]bool{}
	name := regexp.MustCompile(`std\.limit\("([a-z-]+)"\)|e\.uneven\("[^"]*", \w+, "([a-z-]+)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			used[m[1]+m[2]] = true
		}
	}
	seen := map[string]bool{}
	for _, h := range Thresholds() {
		if _, ok := RuleOf(h.Rule); !ok || !used[h.Name] || seen[h.Name] {
			t.Errorf("%s of %s: no such rule, or no source reads it, or it stands there twice", h.Name, h.Rule)
		}
		seen[h.Name] = true
		if err := CheckThreshold(h.Name, h.Value); err != nil {
			t.Error(err)
		}
	}
	for name := range used {
		if !seen[name] {
			t.Errorf("%s is read, and not in the table", name)
		}
	}
	for _, bad := range []Standards{{Thresholds: map[string]float64{"nonsense": 1}}, {Thresholds: map[string]float64{"lag-look": -1}}} {
		if bad.Check() == nil {
			t.Errorf("%v is accepted", bad.Thresholds)
		}
	}
}

// docs/health.md is made from the rules: go test ./cluster/doctor -update.
func TestHealthPageIsWhatTheRulesSay(t *testing.T) {
	const file = "../../docs/health.md"
	text := healthPage()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != text {
		t.Error("docs/health.md differs from the rules; write it with: go test ./cluster/doctor -update")
	}
}

func healthPage() string {
	var b strings.Builder
	b.WriteString(`# Health

What slotdeck finds, what it means, and what to do next. The screen ` + "`7`" + `, the
overview, ` + "`slotdeck status` and `slotdeck check`" + ` tell it; ` + "`--rule ID`" + ` keeps
` + "`check`" + ` to one rule. *urgent*: costs data or service now, or with the next mishap.
*look*: should be looked into during the day. *note*: worth knowing. What was
never read raises nothing. This page is made from the rules themselves
(` + "`go test ./cluster/doctor -update`" + `).
`)
	b.WriteString(`
## Thresholds

Where the rules begin to speak. The configuration file sets others for a cluster,
for the console, ` + "`status` and `check`" + ` alike; a name that is not in the
table is an error:

    [contexts.prod.thresholds]
    memory-look = 70
    lag-look = 5

| name | value | unit | rule | it speaks when |
| --- | --- | --- | --- | --- |
`)
	for _, h := range Thresholds() {
		fmt.Fprintf(&b, "| %s | %v | %s | [%s](#%s) | %s |\n", h.Name, strconv.FormatFloat(h.Value, 'f', -1, 64), h.Unit, h.Rule, h.Rule, h.Means)
	}
	subject := ""
	for _, r := range Rules() {
		if r.Subject != subject {
			subject = r.Subject
			fmt.Fprintf(&b, "\n## %s\n", strings.ToUpper(subject[:1])+subject[1:])
		}
		how := r.Most.String()
		if r.Least != r.Most {
			how = r.Least.String() + " to " + how
		}
		repair := "none; slotdeck has no plan for this."
		if r.Repair != NoRepair {
			repair = r.Repair.String() + "."
		}
		if r.Setting != "" {
			repair = r.Repair.String() + " (`" + r.Setting + "`)."
		}
		fmt.Fprintf(&b, "\n### %s\n\n*%s.* %s\n\n**Next:** %s\n\n**Repair:** %s\n", r.ID, how, r.Means, r.Next, repair)
	}
	return b.String()
}
