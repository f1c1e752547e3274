package cli

import (
	"bytes"
	"cmp"
	"strings"
	"testing"
)

// outcome is what one run of the program left behind.
type outcome struct {
	code     Exit
	out, err string
}

// run does what the program does, without a process. Unless the environment says
// where, what it keeps goes into a folder of its own.
func run(t testing.TB, stdin string, env map[string]string, args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	state := t.TempDir()
	code := Run(t.Context(), &World{
		Args: args, Env: func(name string) string {
			if name == "XDG_STATE_HOME" {
				return cmp.Or(env[name], state)
			}
			return env[name]
		},
		In: strings.NewReader(stdin), Out: &out, Err: &err,
	})
	return outcome{code, out.String(), err.String()}
}

func TestUsageErrorsAreOneSentenceAndCode2(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"--nonsense", "there is no flag --nonsense; try slotdeck --help"},
		{"--prot 7", "did you mean --port?"},
		{"-z", "there is no flag -z"},
		{"-p", "-p, --port needs a value"},
		{"-p x h", `"x" is not a whole number`},
		{"-p 70000", "not a port"},
		{"slto", `did you mean "slot"?`},
		{"inof", `did you mean "info"?`},
		{"host:0", "ports are 1 to 65535"},
		{"--user me h:1", "needs a password"},
		{"--cacert x h:1", "--cacert means nothing without --tls"},
		{"--tls --cert x h:1", "belong together"},
		{"--tls --cacert /nonexistent h:1", "cannot be read"},
		{"http://h:1", `not with "http://"`},
		{"-u redis://h:1/3", "leave the database"},
		{"slot", "a key is missing"},
		{"slot -o xml a", `not as "xml"`},
		{"tag", "a slot or a range of slots is missing"},
		{"tag 16384", "beyond the last slot"},
		{"tag 9-3", "runs backwards"},
		{"tag 3 --count 0", "--count 0"},
		{"tag 3 --prefix a}b", `cannot contain`},
		{"completion csh", "only for bash"},
		{"version now", "one word too many"},
		{"help nonsense", "no help about"},
	} {
		got := run(t, "", nil, strings.Fields(c.args)...)
		if got.code != Usage || !strings.Contains(got.err, c.says) {
			t.Errorf("slotdeck %s: code %d, says %q; want 2 and %q", c.args, got.code, got.err, c.says)
		}
		if got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, "; try slotdeck") {
			t.Errorf("slotdeck %s: not one sentence with a way on: %q, %q", c.args, got.out, got.err)
		}
	}
}

func TestHelpGoesToStandardOutputAndListsEveryExitCode(t *testing.T) {
	for _, args := range []string{"--help", "help", "help exit-codes", "man"} {
		got := run(t, "", nil, strings.Fields(args)...)
		if got.code != Fine || got.err != "" {
			t.Errorf("slotdeck %s: code %d, says %q", args, got.code, got.err)
		}
		for _, e := range exits {
			if !strings.Contains(got.out, e.meaning) {
				t.Errorf("slotdeck %s does not tell what code %d means", args, e.code)
			}
		}
	}
}

func TestHIsTheHostAndNotHelp(t *testing.T) {
	got := run(t, "", nil, "-h", "bad host")
	if got.code != Usage || !strings.Contains(got.err, `"bad host" is not a host name`) {
		t.Errorf("-h did not take a host: %+v", got)
	}
}

func TestEveryCommandHasHelpAndAManualPage(t *testing.T) {
	dir := t.TempDir()
	if got := run(t, "", nil, "man", dir); got.code != Fine {
		t.Fatalf("man: %+v", got)
	}
	for _, name := range []string{"slot", "tag", "info", "status", "watch", "demo", "reshard", "rebalance", "drain", "resume", "version", "completion"} {
		got := run(t, "", nil, name, "--help")
		if got.code != Fine || !strings.Contains(got.out, "Usage:") {
			t.Errorf("slotdeck %s --help: %+v", name, got)
		}
		if text := readFile(t, dir+"/slotdeck-"+name+".1"); !strings.Contains(text, `.TH "SLOTDECK" "1"`) {
			t.Errorf("the manual page of %s does not look like one", name)
		}
	}
}

func TestCompletionScriptsComeForFourShells(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := run(t, "", nil, "completion", shell); got.code != Fine || len(got.out) < 1000 {
			t.Errorf("completion %s: code %d, %d bytes", shell, got.code, len(got.out))
		}
	}
}

func TestConsoleNeedsATerminal(t *testing.T) {
	got := run(t, "", nil, "127.0.0.1:1")
	if got.code != NoTerminal || !strings.Contains(got.err, "terminal") {
		t.Errorf("without a terminal: %+v", got)
	}
}

func TestAPanicEndsInASentenceAndItsOwnCode(t *testing.T) {
	var out, errs bytes.Buffer
	code := Run(t.Context(), &World{Args: []string{"info"}, In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(string) string { panic("\x1b[31mred") }})
	if text := errs.String(); code != Internal || !strings.Contains(text, "panic: ") || strings.Contains(text, "\x1b") || !strings.Contains(text, ownFault) {
		t.Errorf("code %d: %q", code, text)
	}
}
