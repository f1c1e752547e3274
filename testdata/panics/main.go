// Panics is slotdeck with a goroutine that panics with a password and escape
// sequences in the text, as soon as the file $PANIC_WHEN is there: one of its own,
// or with $PANIC_LIKE=library one that it has not started.
package main

import (
	"context"
	"os"
	"time"

	"slotdeck/cluster/spawn"
	"slotdeck/views/cli"
)

func main() {
	if os.Getenv("PANIC_LIKE") == "library" {
		go panicWhenTold()
	} else {
		spawn.Go(panicWhenTold)
	}
	self, _ := os.Executable()
	os.Exit(int(cli.Run(context.Background(), &cli.World{
		Args: os.Args[1:], Env: os.Getenv, Environ: os.Environ(),
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Self: self,
	})))
}

func panicWhenTold() {
	for {
		if _, err := os.Stat(os.Getenv("PANIC_WHEN")); err == nil {
			panic("with " + os.Getenv("REDISCLI_AUTH") + " and \x1b]0;EVIL\a\x1b[4711m")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
