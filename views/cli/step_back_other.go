//go:build !linux

package cli

func stepBack() {}
