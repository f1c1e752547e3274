//go:build race

package watch_test

const raceDetector = true
