package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// answering runs the program on a terminal at which somebody types lines.
func answering(t *testing.T, line string, args ...string) outcome {
	t.Helper()
	state := t.TempDir()
	person, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer person.Close()
	if _, err := io.WriteString(person, line+"\n"); err != nil {
		t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(person) // ends when the terminal is closed
		shown <- string(text)
	}()
	var out bytes.Buffer
	code := Run(t.Context(), &World{Args: args, Env: func(name string) string {
		if name == "XDG_STATE_HOME" {
			return state
		}
		return ""
	}, In: tty, Out: &out, Err: tty})
	_ = tty.Close()
	return outcome{code, out.String(), <-shown}
}

func TestChangesAreConfirmedAsTheirRiskDemands(t *testing.T) {
	c := labtest.Start(t, lab.Config{Replicas: 1})
	if err := c.Fill(t.Context(), 30); err != nil {
		t.Fatal(err)
	}
	keys := func() int {
		n := 0
		for _, a := range decode[[]callAnswer](t, expect(t, Fine, "call", c.Seed(), "--only-masters", "DBSIZE", "-o", "json").out) {
			n += int(a.Reply.(float64))
		}
		return n
	}
	timeout := func() string {
		return c.Nodes()[4].Do(t.Context(), "CONFIG", "GET", "cluster-node-timeout").Val().([]any)[1].(string)
	}
	if got := answering(t, "no", "set-timeout", c.Seed(), "3333"); got.code != No || timeout() != "2000" || !strings.Contains(got.err, "nothing was changed") {
		t.Errorf("no: %+v, %s", got, timeout())
	}
	if got := answering(t, "y", "set-timeout", c.Seed(), "3333"); got.code != Fine || timeout() != "3333" || !strings.Contains(got.err, "yes or no?") {
		t.Errorf("y: %+v, %s", got, timeout())
	}
	if got := answering(t, "yes", "call", c.Seed(), "FLUSHALL", "--only-masters"); got.code != No || keys() != 30 {
		t.Errorf("yes to what can lose data: %+v, %d keys", got, keys())
	}
	if got := answering(t, c.Seed(), "call", c.Seed(), "FLUSHALL", "--only-masters"); got.code != Fine || keys() != 0 {
		t.Errorf("the name: %+v, %d keys", got, keys())
	}
}
