//go:build unix

package lab

import (
	"os"
	"syscall"
)

// inGroup starts a process in the group led by the given process, or in a new
// group of its own when that is 0. So Ctrl-C at the terminal does not reach it.
func inGroup(leader int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pgid: leader}
}

func freeze(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }
func thaw(p *os.Process) error   { return p.Signal(syscall.SIGCONT) }
func ask(p *os.Process) error    { return p.Signal(syscall.SIGTERM) }

// lockFile opens a file and locks it, or fails at once when another process
// holds it. The lock goes when the file is closed or the process ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
