// Slotdeck is a terminal console for Redis Cluster and Valkey clusters.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"slotdeck/views/cli"
)

func main() {
	// Whoever asks the program to go gets a clean end: the terminal restored,
	// demo servers stopped.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	self, _ := os.Executable() // without it nobody minds the terminal, and all else works
	code := cli.Run(ctx, &cli.World{
		Args: os.Args[1:], Env: os.Getenv, Environ: os.Environ(),
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Self: self,
	})
	stop()
	os.Exit(int(code))
}
