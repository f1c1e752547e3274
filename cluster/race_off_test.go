//go:build !race

package cluster

// raceEnabled: times mean nothing under the race detector.
const raceEnabled = false
