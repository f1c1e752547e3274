package cli

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
)

// A process has one error stream, one terminal, and one crash.
var (
	standby  atomic.Pointer[keeper] // the keeper that there is; nil: none
	crashing sync.Mutex             // whoever has it tells, and keeps it
)

// panicked ends the program because of a panic in any of its goroutines: at once,
// since whatever waits for that goroutine would wait for ever. What is left of a
// change is what a kill leaves.
func (w *World) panicked(v any, stack []byte) {
	crashing.Lock()
	if text := crashText(v, stack); !standby.Load().tell(text) {
		w.tellCrash(text)
	}
	os.Exit(int(Internal))
}

// caught is panicked for the first goroutine, which ends in the ordinary way.
func (w *World) caught(v any) Exit {
	w.tellCrash(crashText(v, debug.Stack()))
	return Internal
}

func (w *World) tellCrash(text string) {
	fmt.Fprintln(w.Err, harmlessCrash(text, w.secrets))
	fmt.Fprintln(w.Err, "slotdeck: "+ownFault)
}

// own reports whether the world is this process's own, and not a test's.
func (w *World) own() bool {
	f, ok := w.Err.(*os.File)
	return ok && f.Fd() == 2
}

// ownFault is how a crash ends.
const ownFault = "it met a fault of its own and had to end (the lines above tell where)"

func crashText(v any, stack []byte) string { return fmt.Sprintf("panic: %v\n\n%s", v, stack) }

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
