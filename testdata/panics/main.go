// Panics is slotdeck with a goroutine of its own that panics with a password and
// escape sequences in the text, as soon as the file $PANIC_WHEN is there.
package main

import (
	"context"
	"os"
	"time"

	"slotdeck/views/cli"
)

func main() {
	go func() {
		for {
			if _, err := os.Stat(os.Getenv("PANIC_WHEN")); err == nil {
				panic("with " + os.Getenv("REDISCLI_AUTH") + " and \x1b]0;EVIL\a\x1b[4711m")
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	self, _ := os.Executable()
	os.Exit(int(cli.Run(context.Background(), &cli.World{
		Args: os.Args[1:], Env: os.Getenv, Environ: os.Environ(),
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Self: self,
	})))
}
