package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// story is what happened in a round, with times.
type story struct {
	mu    sync.Mutex
	began time.Time
	lines []string
}

func newStory() *story { return &story{began: time.Now()} }

func (s *story) add(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	s.lines = append(s.lines, fmt.Sprintf("  %7.3f  %.700s", time.Since(s.began).Seconds(), text))
}

// String is one line for each event.
func (s *story) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}
