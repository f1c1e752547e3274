package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// theirPatience is how long the servers' own tool is given; what it has not
// ended by then it is taken to wait for without a limit.
const theirPatience = 45 * time.Second

// theirWords is a command of ours as the servers' own tool takes it.
func theirWords(words []string) (out []string) {
	out = []string{"--cluster", words[0]}
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "--yes":
			out = append(out, "--cluster-yes")
		case "--replica":
			out = append(out, "--cluster-slave")
		case "--join-timeout", "--watch":
			i++
		default:
			out = append(out, words[i])
		}
	}
	return out
}

// TestServersOwnToolInTheSameCases tries what the table of cases says of the
// servers' own tool: make compare-stuck.
func TestServersOwnToolInTheSameCases(t *testing.T) {
	if os.Getenv("SLOTDECK_THEIRS") == "" {
		t.Skip("it waits for a tool that hangs: make compare-stuck")
	}
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		for _, c := range stuckCases {
			t.Run(version+" "+c.name, func(t *testing.T) {
				t.Parallel()
				server := labtest.Only(t, version)
				members, spare := c.begin(t, server)
				words := theirWords(c.meddle(t, members, spare))
				ctx, cancel := context.WithTimeout(t.Context(), theirPatience)
				defer cancel()
				tool := filepath.Join(filepath.Dir(server.Path), strings.Replace(filepath.Base(server.Path), "-server", "-cli", 1))
				began := time.Now()
				cmd := exec.CommandContext(ctx, tool, words...)
				cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "REDISCLI_") })
				text, err := cmd.CombinedOutput()
				hangs := ctx.Err() != nil
				var exit *exec.ExitError
				if err != nil && !errors.As(err, &exit) {
					t.Fatal(err)
				}
				lines := strings.Split(strings.TrimSpace(string(text)), "\n")
				t.Logf("after %.0f s: hangs %v, code %d, its last words:\n%s", time.Since(began).Seconds(), hangs, cmd.ProcessState.ExitCode(),
					strings.Join(lines[max(0, len(lines)-6):], "\n"))
				if says := map[hanging]bool{itHangs: true}[c.hangs]; c.hangs != itMayHang && hangs != says {
					t.Errorf("it hangs: %v, and the table says %v", hangs, says)
				}
				for _, n := range append(slices.Clone(members), spare...) {
					if n.State() == lab.Running {
						t.Logf("afterwards %s lists:\n%s", n.Addr, asked(t, n, "CLUSTER", "NODES"))
						break
					}
				}
			})
		}
	}
}
