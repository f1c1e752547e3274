package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// resolved reads a command line's connection flags.
func resolved(t *testing.T, env map[string]string, line string) (target, string, error) {
	t.Helper()
	var c connection
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.register(flags)
	if err := flags.Parse(strings.Fields(line)); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	w := &World{Env: func(name string) string { return env[name] }, Err: &said}
	got, err := c.resolve(t.Context(), w, flags.Args())
	return got, said.String(), err
}

func TestSeedsComeFromWordsFlagsAndURIs(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"", "127.0.0.1:6379"},
		{"-p 7000", "127.0.0.1:7000"},
		{"-h cache", "cache:6379"},
		{"-h ::1 -p 7000", "[::1]:7000"},
		{"-h cache -p 7000 other", "cache:7000 other:7000"},
		{"-u redis://a:1", "a:1"},
		{"valkeys://[::1]:7000 b:2", "[::1]:7000 b:2"},
		{"redis://a", "a:6379"},
		{"--host a --port 5", "a:5"},
	} {
		got, _, err := resolved(t, nil, c.line)
		if err != nil || !slices.Equal(got.Seeds, strings.Fields(c.want)) {
			t.Errorf("%q: seeds %q, %v; want %q", c.line, got.Seeds, err, c.want)
		}
	}
}

func TestPasswordComesFromTheNearestPlace(t *testing.T) {
	both := map[string]string{"REDISCLI_AUTH": "r", "VALKEYCLI_AUTH": "v"}
	for _, c := range []struct {
		env            map[string]string
		line           string
		user, password string
		warns          bool
	}{
		{nil, "h:1", "", "", false},
		{both, "h:1", "", "r", false},
		{map[string]string{"VALKEYCLI_AUTH": "v"}, "h:1", "", "v", false},
		{both, "-a flag h:1", "", "flag", true},
		{both, "--pass flag --user me h:1", "me", "flag", true},
		{both, "--user me h:1", "me", "r", false},
		{both, "-u redis://u:p%40@h:1", "u", "p@", true},
		{both, "-u redis://lone@h:1", "", "lone", true},
		{both, "-u redis://:p@h:1", "", "p", true},
		{both, "-u redis://u:p@h:1 -a flag", "u", "flag", true},
		{nil, "-a x --no-auth-warning h:1", "", "x", false},
	} {
		got, said, err := resolved(t, c.env, c.line)
		if err != nil || got.Options.Username != c.user || got.Options.Password.Reveal() != c.password {
			t.Errorf("%q: %q, %q, %v", c.line, got.Options.Username, got.Options.Password.Reveal(), err)
		}
		if warned := strings.Contains(said, "can be read by other users"); warned != c.warns {
			t.Errorf("%q: warned is %v, says %q", c.line, warned, said)
		}
	}
}

func TestPasswordsAreNeverRepeated(t *testing.T) {
	for _, line := range []string{
		"-a hunter2 bad:port", "-u redis://u:hunter2@h:99999", "-u redis://u:hunter2@h:x", "-u redis://u:hunter2%zz@h:1",
		"-u redis://u:hunter2@h:1/9", "-u http://u:hunter2@h:1", "redis://u:hunter2@[:1",
	} {
		got, said, err := resolved(t, nil, line)
		if all := fmt.Sprintf("%v %+v %s %v", got, got, said, err); strings.Contains(all, "hunter2") {
			t.Errorf("%q: the password shows in %q", line, all)
		}
		if ExitOf(err) != Usage {
			t.Errorf("%q: %v is no usage error", line, err)
		}
	}
}

func TestTLSIsAskedForByFlagOrURI(t *testing.T) {
	for line, want := range map[string]bool{
		"h:1": false, "--tls h:1": true, "rediss://h:1": true, "valkeys://h": true, "redis://h": false, "--tls --insecure --sni x h": true,
	} {
		got, _, err := resolved(t, nil, line)
		if err != nil || (got.Options.TLS != nil) != want {
			t.Errorf("%q: TLS %v, %v", line, got.Options.TLS != nil, err)
		}
	}
	got, _, _ := resolved(t, nil, "--tls --insecure --sni name h")
	if c := got.Options.TLS; !c.InsecureSkipVerify || c.ServerName != "name" {
		t.Errorf("--insecure and --sni are not heeded: %+v", c)
	}
}
