package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test's own program be the one that is killed.
func TestMain(m *testing.M) {
	if text := os.Getenv("SLOTDECK_TEST_FIX"); text != "" {
		os.Exit(int(Run(context.Background(), &World{Args: strings.Fields(text), Env: os.Getenv, In: strings.NewReader(""), Out: os.Stdout, Err: os.Stderr})))
	}
	if seed := os.Getenv(crashSeed); seed != "" {
		crashWhileWatching(seed)
	}
	os.Exit(m.Run())
}

// killedAt runs the program and kills it once it has told of a step; false when it
// ended before, having fewer.
func (p *patient) killedAt(step int, args ...string) (killed bool) {
	p.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SLOTDECK_TEST_FIX="+strings.Join(args, " "), "XDG_STATE_HOME="+p.t.TempDir())
	tells, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	for lines := bufio.NewScanner(tells); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), fmt.Sprintf("%d/", step)) {
			killed = cmd.Process.Kill() == nil
		}
	}
	_ = cmd.Wait()
	return killed
}

// killedAfter runs the program and kills it once the servers have carried out so
// many commands that move slots or keys.
func (p *patient) killedAfter(commands int, args ...string) {
	p.t.Helper()
	p.killedOnce(commands, moves, p.t.TempDir(), args...)
}

// moves are the commands that move slots or keys.
var moves = []string{"cluster|setslot", "cluster|addslotsrange", "cluster|delslotsrange", "cluster|bumpepoch", "migrate", "del"}

// killedOnce is the same with commands and a folder of checkpoints of one's own.
func (p *patient) killedOnce(commands int, kinds []string, state string, args ...string) {
	p.t.Helper()
	began := p.carriedOut(kinds)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SLOTDECK_TEST_FIX="+strings.Join(args, " "), "XDG_STATE_HOME="+state)
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	for p.carriedOut(kinds) < began+commands {
		select {
		case <-ended: // it needed fewer
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
	_ = cmd.Process.Kill()
	<-ended
}

// carriedOut is how many commands of some kinds all nodes have carried out.
func (p *patient) carriedOut(kinds []string) (sum int) {
	p.t.Helper()
	for _, n := range p.Nodes() {
		for line := range strings.Lines(asked(p.t, n, "INFO", "commandstats")) {
			name, rest, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
			if slices.Contains(kinds, name) {
				calls, _, _ := strings.Cut(rest, ",")
				count, _ := strconv.Atoi(calls)
				sum += count
			}
		}
	}
	return sum
}

func TestFixThatWasKilledWithinAStepIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for version, name := range map[string]string{"redis-7.0": "uncovered-two-holders", "valkey-9.1": "open-and-uncovered", "redis-8.6": "strays"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, version)
			p.remember()
			kind := kindOf(name)
			p.suffers(kind)
			p.killedAfter(20, p.fix(kind, "--yes")...)
			if got := run(t, "", nil, p.fix(kind, "--yes")...); got.code != Fine {
				t.Fatalf("killed after 20 commands, then: %+v", got)
			}
			p.whole()
		})
	}
}

func TestFixThatWasKilledAtAnyStepIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for version, name := range map[string]string{"redis-7.0": "uncovered-two-holders", "valkey-9.1": "open-and-uncovered", "redis-8.6": "strays"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, version)
			p.remember()
			kind := kindOf(name)
			for step, killed := 1, true; killed; step++ {
				p.suffers(kind)
				killed = p.killedAt(step, p.fix(kind, "--yes")...)
				got := run(t, "", nil, p.fix(kind, "--yes")...)
				if got.code != Fine || !killed && step < 3 {
					t.Fatalf("killed at step %d: %v, then: %+v", step, killed, got)
				}
				p.whole()
			}
		})
	}
}

// Half of the keys of the strays are nowhere else: whatever was removed before
// the program was killed has to be in a file.
func TestRemovalOfStraysThatWasKilledIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "redis-8.6", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, version)
			p.remember()
			p.suffers(kindOf("strays"))
			state := t.TempDir()
			words := []string{"fix", p.Seed(), "--yes", "--strays", "delete"}
			p.killedOnce(9, []string{"del"}, state, words...)
			first := savedIn(t, state)
			if census, err := p.judge.Census(t.Context()); err != nil || census.OK() || len(first) == 0 {
				t.Fatalf("it was not killed in the middle: %d values saved, %v, %v", len(first), census, err)
			}
			env := map[string]string{"XDG_STATE_HOME": state}
			if got := run(t, "", env, words...); got.code != Fine {
				t.Fatalf("killed after some keys were removed, then: %+v", got)
			}
			if census, err := p.judge.Census(t.Context()); err != nil || !census.OK() {
				t.Errorf("strays are left: %v %v", census, err)
			}
			p.restore(savedIn(t, state))
			p.whole()
		})
	}
}
