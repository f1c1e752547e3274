package settings

import (
	"strings"
	"testing"
)

const whole = `
default = "prod"

[contexts.prod]
seeds = ["10.0.0.11:7001", "[::1]:7002"]
user = "watcher"
password = {file = "/etc/slotdeck/watcher"}
change = {user = "op", password = {command = ["pass", "show", "redis/op"]}}
addresses = ["10.0.0.0/8=127.0.0.1", "id:4f2e=h:1"]
ssh = "ann@gate,inner"
colour = "red"
protected = true
zones = {"10.0.0.11" = "a"}
[contexts.prod.thresholds]
memory-look = 70
lag-look = 2.5
[contexts.prod.tls]
cacert = "ca.pem"

[contexts.lab]
seeds = ["unix:///run/redis.sock"]
readonly = true
`

func TestAWholeFileIsRead(t *testing.T) {
	f, err := Parse("config.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	p := f.Contexts["prod"]
	if f.Default != "prod" || strings.Join(f.Names(), " ") != "lab prod" || len(p.Seeds) != 2 || p.Seeds[1].Addr != "[::1]:7002" ||
		p.User != "watcher" || p.Password.File == "" || p.Change.Password.Command[2] != "redis/op" || len(p.Addresses) != 2 ||
		p.SSH != "ann@gate,inner" || p.Colour.Name != "red" || !p.Protected || p.TLS.CACert != "ca.pem" || p.Zones["10.0.0.11"] != "a" {
		t.Errorf("%+v", f)
	}
	if p.Thresholds["memory-look"] != 70 || p.Thresholds["lag-look"] != 2.5 {
		t.Errorf("thresholds %v", p.Thresholds)
	}
	if !f.Contexts["lab"].ReadOnly {
		t.Error("lab is not read-only")
	}
}

func TestEveryMistakeIsNamedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"x":                             "line 1",
		"defualt = \"a\"":               `line 1: "defualt" means nothing here`,
		"\ndefault = \"a\"":             `line 2: the default context "a" is not in the file`,
		"[contexts.a]\nseeds = 5":       "line 2",
		"[contexts.a]\nseeds = [\"h\"]": "line 2",
		"[contexts.a]\nseeds = [\"h:1\"]\ncolour = \"pink\"":                                  "line 3",
		"[contexts.a]\nseeds = [\"h:1\"]\npassword = \"s3cret\"":                              "line 3: contexts.a.password: it is of another kind",
		"[contexts.a]\nseeds = [\"h:1\"]\naddresses = [\"nonsense\"]":                         "line 3",
		"[contexts.a]\nseeds = [\"h:1\"]\n\n\npasswrod = {ask = true}":                        "line 5",
		"\n[contexts.a]\nuser = \"u\"":                                                        `line 2: context "a": it names no seeds`,
		"[contexts.a]\nseeds = [\"h:1\"]\nuser = \"u\"":                                       "has no password",
		"[contexts.a]\nseeds = [\"h:1\"]\npassword = {env = \"A\", ask = true}":               "one place",
		"[contexts.a]\nseeds = [\"h:1\"]\nreadonly = true\nchange = {password={ask=true}}":    "read-only",
		"[contexts.a]\nseeds = [\"h:1\"]\nchange = {user = \"op\"}":                           "the user for changes has no password",
		"[contexts.a]\nseeds = [\"h:1\"]\ntls = {cert = \"c\"}":                               "belong together",
		"[contexts.a]\nseeds = [\"h:1\"]\n[contexts.a.thresholds]\nlag-look = 5\nlag-lok = 5": `line 5: context "a": "lag-lok" is no threshold`,
		"[contexts.a]\nseeds = [\"h:1\"]\nthresholds = {lag-look = -5}":                       "line 3",
		"[contexts.a]\nseeds = [\"h:1\"]\n[contexts.a.thresholds]\nlag-look = \"long\"":       "line 4",
		"[contexts.a]\nseeds = [\"unix://x\"]":                                                "line 2",
	} {
		_, err := Parse("f.toml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "f.toml: ") {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = Parse("f", []byte(text))
	})
}
