package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/muesli/cancelreader"

	"slotdeck/cluster/spawn"
)

// askPassword reads a password from the terminal without showing it. It asks
// on the terminal even when the input or output is redirected.
func askPassword(ctx context.Context, w *World) (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err == nil {
		defer tty.Close()
	} else if f, ok := w.In.(*os.File); ok && term.IsTerminal(f.Fd()) {
		tty = f
	} else {
		return "", failure(NoTerminal, "--askpass needs a terminal to ask on; set REDISCLI_AUTH instead")
	}
	reader, err := cancelreader.NewReader(tty)
	if err != nil {
		return "", fmt.Errorf("the terminal cannot be read: %w", err)
	}
	defer reader.Close()
	before, err := term.MakeRaw(tty.Fd())
	if err != nil {
		return "", fmt.Errorf("the terminal's echo cannot be switched off: %w", err)
	}
	stop := context.AfterFunc(ctx, spawn.Caught(func() { reader.Cancel() }))
	defer stop()
	fmt.Fprint(tty, "password: ")
	password, err := readHidden(reader)
	dropTyped(tty.Fd())
	restored := term.Restore(tty.Fd(), before)
	fmt.Fprintln(tty)
	switch {
	case errors.Is(err, cancelreader.ErrCanceled):
		return "", context.Cause(ctx)
	case err != nil:
		return "", err
	case restored != nil:
		return "", fmt.Errorf("the terminal cannot be restored: %w", restored)
	case password == "":
		return "", usage("no password was given")
	}
	return password, nil
}

// maxPassword bounds what is read; servers take no longer ones in practice.
const maxPassword = 4096

// readHidden reads a line from a terminal in raw mode, where the keys that
// edit a line are left to us.
func readHidden(r io.Reader) (string, error) {
	var line []byte
	key := make([]byte, 1)
	for len(line) < maxPassword {
		if _, err := io.ReadFull(r, key); err != nil {
			return "", fmt.Errorf("no password was read: %w", err)
		}
		switch key[0] {
		case '\r', '\n':
			return string(line), nil
		case 0x03, 0x04: // ctrl+c, ctrl+d
			return "", usage("no password was given")
		case 0x15: // ctrl+u
			line = line[:0]
		case 0x08, 0x7f:
			line = withoutLastRune(line)
		default:
			line = append(line, key[0])
		}
	}
	return "", usage("a password of more than %d bytes cannot be typed here", maxPassword)
}

func withoutLastRune(line []byte) []byte {
	for len(line) > 0 {
		last := line[len(line)-1]
		line = line[:len(line)-1]
		if last&0xc0 != 0x80 { // not the inner byte of a UTF-8 character
			break
		}
	}
	return line
}
