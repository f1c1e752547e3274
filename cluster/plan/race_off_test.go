//go:build !race

package plan

// raceEnabled: the race detector slows every plan down.
const raceEnabled = false
