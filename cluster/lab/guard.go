package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"slotdeck/cluster/spawn"
)

// A guard sees to it that servers and their folder vanish with the process
// that started them, however it ends.
//
// It is two shells that read from a pipe held open by this process alone. The
// anchor leads a process group, and every server is put into it before it runs:
// nothing can be started and then forgotten. The watchdog is in a group of its
// own. When the pipe ends, because it was closed or because this process is no
// more, the watchdog kills the whole group, stopped servers too, and removes
// the folder. An ordinary end goes the same way, so that this way is well trodden.
type guard struct {
	pipe     *os.File
	anchor   *exec.Cmd
	watchdog *exec.Cmd
	folder   string
}

const anchorScript = `trap '' HUP INT QUIT TERM
while read -r _; do :; done`

// The group and the folder come by the environment: nobody who kills processes
// by a pattern of their arguments takes the watchdog along by mistake. A killed
// server that nobody reaps still counts as there, so the wait is bounded.
const watchdogScript = anchorScript + `
n=0
while kill -KILL "-$LAB_GROUP" 2>/dev/null && [ "$n" -lt 100 ]; do
	n=$((n + 1))
	sleep 0.02 2>/dev/null || sleep 1
done
rm -rf -- "$LAB_FOLDER"`

func newGuard(folder string) (g *guard, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("the pipe to the lab's watchdog cannot be made: %w", err)
	}
	defer read.Close()
	g = &guard{pipe: write, folder: folder}
	if g.anchor, err = shell(anchorScript, read); err == nil {
		g.watchdog, err = shell(watchdogScript, read,
			fmt.Sprintf("LAB_GROUP=%d", g.anchor.Process.Pid), "LAB_FOLDER="+folder)
	}
	if err != nil {
		write.Close()
		if g.anchor != nil {
			g.anchor.Wait() // it ends with the pipe
		}
		return nil, fmt.Errorf("the lab's watchdog cannot be started: %w", err)
	}
	return g, nil
}

func shell(script string, stdin *os.File, env ...string) (*exec.Cmd, error) {
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Dir = "/"
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	cmd.Stdin = stdin
	cmd.SysProcAttr = inGroup(0)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return cmd, nil
}

// adopt puts a command that is not started yet under guard.
func (g *guard) adopt(cmd *exec.Cmd) { cmd.SysProcAttr = inGroup(g.anchor.Process.Pid) }

// release lets go of everything and waits until the watchdog is done.
func (g *guard) release() error {
	g.pipe.Close()
	done := make(chan error, 1)
	spawn.Go(func() {
		g.anchor.Wait() // killed, or ended with the pipe: both are as wanted
		done <- g.watchdog.Wait()
	})
	select {
	case err := <-done:
		if err != nil {
			return errors.Join(fmt.Errorf("the lab's watchdog failed: %w", err), os.RemoveAll(g.folder))
		}
	case <-time.After(20 * time.Second):
		g.watchdog.Process.Kill()
		<-done
		return errors.Join(errors.New("the lab's watchdog did not end within 20 s"), os.RemoveAll(g.folder))
	}
	if _, err := os.Stat(g.folder); err == nil {
		return fmt.Errorf("the lab's folder %s could not be removed: remove it by hand", g.folder)
	}
	return nil
}
