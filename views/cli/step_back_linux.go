package cli

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// stepBack lets all other programs of this machine go first from now on: servers may
// live here, and those who talk to them.
func stepBack() {
	// Linux has a priority for each thread. Threads to come inherit it from the one
	// that makes them, which may be one that was not reached yet: so twice.
	for range 2 {
		threads, _ := os.ReadDir("/proc/self/task")
		for _, t := range threads {
			if id, err := strconv.Atoi(t.Name()); err == nil {
				_ = unix.Setpriority(unix.PRIO_PROCESS, id, 19) // a courtesy
			}
		}
	}
}
