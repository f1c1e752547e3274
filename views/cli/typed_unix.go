//go:build unix

package cli

import "golang.org/x/sys/unix"

// dropTyped forgets what a terminal has more to read: the rest of a paste at a
// prompt is neither for the console nor for the shell. It ends when nothing more
// comes for a moment.
func dropTyped(fd uintptr) {
	rest := make([]byte, 4<<10)
	for {
		if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, dropWithin); err != nil && err != unix.EINTR || n == 0 {
			return
		}
		if n, err := unix.Read(int(fd), rest); err != nil || n == 0 {
			return
		}
	}
}

const dropWithin = 20 // ms
