//go:build unix

package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/spawn"
)

// serve answers the request to stop. One from outside is handed to the App as a
// key is. The toolkit, when it has given the terminal back, sends itself the
// same signal; once a Go program has listened to it, only another one stops the
// program: so it gets SIGTTIN. The function that is returned ends that.
func (s *suspension) serve(ctx context.Context, send func(tea.Msg)) (end func()) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTSTP)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	spawn.Go(func() {
		defer close(done)
		for {
			select {
			case <-asked:
				if s.under.Load() {
					stop()
				} else {
					send(tea.KeyPressMsg{Code: 'z', Mod: tea.ModCtrl})
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		signal.Stop(asked)
		cancel()
		<-done
	}
}

// stop stops the program's whole group, as the terminal would. The system does
// not stop a group that has no shell to wake it: then the program goes on.
func stop() {
	_ = syscall.Kill(0, syscall.SIGTTIN)
	time.Sleep(100 * time.Millisecond) // until it has stopped; or for good, when it cannot be
	_ = syscall.Kill(os.Getpid(), syscall.SIGCONT)
}
