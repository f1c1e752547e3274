//go:build !race

package views

// raceEnabled: the race detector slows every page down.
const raceEnabled = false
