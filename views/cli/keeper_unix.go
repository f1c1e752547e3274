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
	"sync"
	"syscall"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// keeper is a second process that stands by while the console has the terminal,
// and while any other command knows passwords. A panic in any goroutine, a fault
// of the runtime or SIGKILL ends the program without a chance to tidy up: then the
// keeper puts the terminal back as it was, and tells what the runtime said, made
// harmless.
type keeper struct {
	pipe *os.File
	mute func() // lets nothing more reach the screen
	quit func() // gives the error stream back

	mu  sync.Mutex
	cmd *exec.Cmd // nil: it is dismissed
}

// charge is what the keeper has to know. It goes through the pipe: neither
// arguments nor environment of a process are secret.
type charge struct {
	Terminal json.RawMessage `json:"terminal,omitempty"` // none: there is nothing to put back
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
	k := startKeeper(w, charge{modes, secrets})
	if k != nil {
		_, k.quit = silence(w.Err)
		k.mute = func() { _ = nowhere(int(tty.Fd())) }
		standby.Store(k)
	}
	return k
}

// keepQuiet starts a keeper for a command without a screen, in place of the one
// that there is. From then on the world's error stream is one that the runtime
// does not know.
func keepQuiet(w *World, secrets ...string) {
	standby.Swap(nil).dismiss()
	if w.Self == "" || !w.own() {
		return
	}
	k := startKeeper(w, charge{Secrets: secrets})
	if k == nil {
		return
	}
	first := w.Err
	aside, quit := silence(first)
	if aside != nil {
		w.Err = aside
	}
	k.quit = func() { w.Err = first; quit() }
	standby.Store(k)
}

// startKeeper starts the second process; nil when it cannot be had.
func startKeeper(w *World, c charge) *keeper {
	first, err := json.Marshal(c)
	if err != nil {
		return nil
	}
	in, out, err := os.Pipe()
	if err != nil {
		return nil
	}
	defer in.Close()
	cmd := exec.Command(w.Self, keeperCommand)
	cmd.Stdin, cmd.Stderr, cmd.Env = in, w.Err, []string{"PATH="}
	if c.Terminal != nil {
		cmd.Stdout = w.Out
	}
	if err := cmd.Start(); err != nil {
		_ = out.Close()
		return nil
	}
	k := &keeper{pipe: out, cmd: cmd, mute: func() {}, quit: func() {}}
	_, _ = out.Write(append(first, '\n')) // it fits into the pipe
	_ = debug.SetCrashOutput(out, debug.CrashOptions{})
	return k
}

// silence turns the error stream away: the runtime prints a panic there as it is,
// onto a screen that is not that of lines, or with passwords in it. It gives back
// where the stream went before, nil when nothing was done, and what ends that.
func silence(errs io.Writer) (before *os.File, end func()) {
	if f, ok := errs.(*os.File); !ok || f.Fd() != 2 {
		return nil, func() {}
	}
	kept, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, func() {}
	}
	err = nowhere(2)
	before = os.NewFile(uintptr(kept), "standard error")
	return before, func() {
		if err == nil {
			_ = unix.Dup2(kept, 2)
		}
		_ = before.Close()
	}
}

// nowhere lets what is written to an open file vanish.
func nowhere(fd int) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	return unix.Dup2(int(null.Fd()), fd)
}

// tell hands over a crash, and waits until it has been told; the program has to end
// after that. False when the keeper is gone.
func (k *keeper) tell(text string) bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	if k.cmd == nil {
		k.mu.Unlock()
		return false
	}
	k.mute()
	_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
	_, _ = k.pipe.WriteString(text)
	_ = k.pipe.Close()
	_ = k.cmd.Wait()
	return true // still locked: nobody else says anything
}

// dismiss ends the keeper when the terminal has been given back.
func (k *keeper) dismiss() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cmd == nil {
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
	if c.Terminal == nil {
		if len(crash) > 0 {
			fmt.Fprint(w.Err, harmlessCrash(string(crash), c.Secrets))
			fmt.Fprintln(w.Err, "slotdeck: "+ownFault)
		}
		return nil
	}
	tty, ok := terminal(w.Out)
	held := ok && raw(tty)
	if held {
		fmt.Fprint(w.Out, wiped)
	}
	fmt.Fprint(w.Out, asFound)
	var state term.State
	if held && json.Unmarshal(c.Terminal, &state) == nil {
		_ = term.SetState(tty.Fd(), &state)
	}
	if len(crash) == 0 {
		fmt.Fprintln(w.Err, "slotdeck: it was killed; the terminal is restored")
		return nil
	}
	fmt.Fprint(w.Err, harmlessCrash(string(crash), c.Secrets))
	fmt.Fprintln(w.Err, "slotdeck: "+ownFault+"; the terminal is restored")
	return nil
}

// raw reports whether a terminal is still as the console had it: a shell that was
// faster has set it as it needs it.
func raw(tty term.File) bool {
	now, err := term.GetState(tty.Fd())
	return err == nil && now.Lflag&unix.ISIG == 0
}

// wiped is the second screen without the console's last picture; where there is
// no second one, the only one.
const wiped = "\x1b[0m\x1b[?1047h\x1b[H\x1b[2J"

// asFound undoes all that the console may have switched on: synchronized output,
// mouse, bracketed paste, focus reports, the keyboard's protocol, the progress
// bar, colours, the hidden cursor, the other screen.
const asFound = "\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[=0;1u\x1b[<u\x1b[>4;0m\x1b]9;4;0\a\x1b[0m\x1b[?25h\x1b[?1049l\r"
