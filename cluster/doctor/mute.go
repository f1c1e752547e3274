package doctor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
)

// Mute is a decision not to be told of a finding for a while.
type Mute struct {
	ID       string         `json:"id"`
	Shard    string         `json:"shard,omitempty"` // where the finding names no node
	Node     cluster.NodeID `json:"node,omitempty"`
	Severity Severity       `json:"severity"` // a finding that has become worse than that speaks again
	Reason   string         `json:"reason"`
	Since    time.Time      `json:"since"`
	Until    time.Time      `json:"until"`
}

// MuteOf is a mute for one finding.
func MuteOf(f Finding, reason string, since time.Time, long time.Duration) Mute {
	m := Mute{ID: f.ID, Node: f.Node, Severity: f.Severity, Reason: reason, Since: since, Until: since.Add(long)}
	if f.Node == "" {
		m.Shard = f.Shard
	}
	return m
}

// Covers reports whether a finding is muted at a time.
func (m Mute) Covers(f Finding, now time.Time) bool {
	return m.ID == f.ID && m.Node == f.Node && (m.Node != "" || m.Shard == f.Shard) && f.Severity <= m.Severity && now.Before(m.Until)
}

// Muted is a finding that nobody wants to be told of now.
type Muted struct {
	Finding
	Mute Mute
}

// Sift parts findings into those that are told and those that are muted.
func Sift(list []Finding, mutes []Mute, now time.Time) (told []Finding, muted []Muted) {
	if len(mutes) == 0 {
		return list, nil
	}
next:
	for _, f := range list {
		for _, m := range mutes {
			if m.Covers(f, now) {
				muted = append(muted, Muted{f, m})
				continue next
			}
		}
		told = append(told, f)
	}
	return told, muted
}

// LongestMute is how long a finding can be muted at the most.
const LongestMute = 365 * 24 * time.Hour

// ReadMute reads "7d waiting for the new rack": for how long, in minutes (m),
// hours (h), days (d) or weeks (w), and why.
func ReadMute(text string) (long time.Duration, reason string, err error) {
	first, reason, _ := strings.Cut(strings.TrimSpace(text), " ")
	reason = strings.TrimSpace(reason)
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if len(first) < 2 || units[first[len(first)-1]] == 0 {
		return 0, "", errors.New("it begins with a time such as 12h, 7d or 4w")
	}
	unit := units[first[len(first)-1]]
	n, err := strconv.Atoi(first[:len(first)-1])
	switch {
	case err != nil || n < 1 || n > int(LongestMute/unit):
		return 0, "", fmt.Errorf("%s is not a time from 1m to 365d", first)
	case reason == "":
		return 0, "", errors.New("a reason has to follow: whoever comes next wants to know why")
	case len(reason) > 200:
		return 0, "", errors.New("the reason is longer than 200 bytes")
	}
	return time.Duration(n) * unit, reason, nil
}
