//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// keeper is a second process that stands by while the console has the terminal.
// A panic in any goroutine, a fault of the runtime or SIGKILL ends the program
// without a chance to tidy up: then the keeper puts the terminal back as it was
// and tells what the runtime said, made harmless.
type keeper struct {
	pipe *os.File
	cmd  *exec.Cmd
	quit func() // gives the error stream back
}

// charge is what the keeper has to know. It goes through the pipe: neither
// arguments nor environment of a process are secret.
type charge struct {
	Terminal json.RawMessage `json:"terminal"`
	Secrets  []string        `json:"secrets,omitempty"`
}

const (
	keeperCommand = "keep-terminal"
	keeperDone    = "done\n"
)

// keepTerminal starts a keeper. Without one everything works as well, so that
// what hinders it is no error; nil is a keeper that does nothing.
func keepTerminal(w *World, secrets ...string) *keeper {
	tty, ok := terminal(w.Out)
	if !ok || w.Self == "" {
		return nil
	}
	state, err := term.GetState(tty.Fd())
	if err != nil {
		return nil
	}
	modes, err := json.Marshal(state)
	if err != nil {
		return nil
	}
	first, err := json.Marshal(charge{modes, secrets})
	if err != nil {
		return nil
	}
	in, out, err := os.Pipe()
	if err != nil {
		return nil
	}
	defer in.Close()
	cmd := exec.Command(w.Self, keeperCommand)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = in, w.Out, w.Err, []string{"PATH="}
	if err := cmd.Start(); err != nil {
		_ = out.Close()
		return nil
	}
	k := &keeper{pipe: out, cmd: cmd, quit: silence(w.Err)}
	_, _ = out.Write(append(first, '\n')) // it fits into the pipe
	_ = debug.SetCrashOutput(out, debug.CrashOptions{})
	return k
}

// silence turns the error stream away: the runtime prints a panic there as it is,
// onto a screen that is not that of lines. It gives back what ends that.
func silence(errs io.Writer) func() {
	if f, ok := errs.(*os.File); !ok || f.Fd() != 2 {
		return func() {}
	}
	kept, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return func() {}
	}
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		err = unix.Dup2(int(nowhere.Fd()), 2)
		_ = nowhere.Close()
	}
	return func() {
		if err == nil {
			_ = unix.Dup2(kept, 2)
		}
		_ = unix.Close(kept)
	}
}

// dismiss ends the keeper when the terminal has been given back.
func (k *keeper) dismiss() {
	if k == nil || k.cmd == nil {
		return
	}
	_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
	k.quit()
	_, _ = k.pipe.WriteString(keeperDone)
	_ = k.pipe.Close()
	_ = k.cmd.Wait()
	k.cmd = nil
}

// newKeeper is the other side: the command of the second process.
func newKeeper(w *World) *cobra.Command {
	return &cobra.Command{
		Use: keeperCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			// It has to outlive whatever ends the console, and may be in the background
			// when it is needed.
			signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGPIPE)
			return keep(w)
		},
	}
}

// mostCrash bounds what of a crash is read and told.
const mostCrash = 1 << 20

func keep(w *World) error {
	text, err := io.ReadAll(io.LimitReader(w.In, mostCrash))
	if err != nil {
		return err
	}
	head, crash, _ := bytes.Cut(text, []byte("\n"))
	if string(crash) == keeperDone {
		return nil
	}
	var c charge
	if err := json.Unmarshal(head, &c); err != nil {
		return usage("it is started by slotdeck itself")
	}
	fmt.Fprint(w.Out, asFound)
	var state term.State
	if tty, ok := terminal(w.Out); ok && raw(tty) && json.Unmarshal(c.Terminal, &state) == nil {
		_ = term.SetState(tty.Fd(), &state)
	}
	if len(crash) == 0 {
		fmt.Fprintln(w.Err, "slotdeck: it was killed; the terminal is restored")
		return nil
	}
	fmt.Fprint(w.Err, harmlessCrash(string(crash), c.Secrets))
	fmt.Fprintln(w.Err, "slotdeck: it met a fault of its own and had to end (the lines above tell where); the terminal is restored")
	return nil
}

// raw reports whether a terminal is still as the console had it: a shell that was
// faster has set it as it needs it.
func raw(tty term.File) bool {
	now, err := term.GetState(tty.Fd())
	return err == nil && now.Lflag&unix.ISIG == 0
}

// asFound undoes all that the console may have switched on: synchronized output,
// mouse, bracketed paste, focus reports, the keyboard's protocol, the progress
// bar, colours, the hidden cursor, the other screen.
const asFound = "\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[=0;1u\x1b[<u\x1b[>4;0m\x1b]9;4;0\a\x1b[0m\x1b[?25h\x1b[?1049l\r"

// harmlessCrash is a crash without what could steer the terminal, and without
// passwords.
func harmlessCrash(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		frame, tab := strings.CutPrefix(lines[i], "\t")
		if lines[i] = clean(frame); tab {
			lines[i] = "    " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}
