package cluster

import (
	"fmt"
	"hash/maphash"
	"math"
	"strings"
	"time"

	"slotdeck/keyslot"
)

// Checkup is what a node is asked seldom, besides the polls: what changes slowly,
// or matters only beside an older answer. A part that was refused, or that the
// server does not have, is nil or -1.
type Checkup struct {
	Settings   map[string]string // every setting, by its name in CONFIG GET; secrets as Hidden shows them
	Commands   map[string]CommandUse
	Latency    []LatencyEvent // empty, too, while the server's latency monitor is off
	SlowLogged int64          // commands written to the slow log since the start
	Default    *DefaultUser
	Sizes      []SizeCount // nil: the server keeps no such counts
	Large      []LargeCall // the newest of each kind in the log of large ones; nil: it keeps none
}

// CommandUse is what INFO commandstats tells of one command since the start.
type CommandUse struct {
	Calls, Rejected, Failed int64
	Each                    time.Duration // the mean time of a call
}

// LatencyEvent is one line of LATENCY LATEST.
type LatencyEvent struct {
	Name      string
	At        time.Time // when it last happened, by the node's clock
	Last, Max time.Duration
}

// DefaultUser is what the user may do as whom connections begin.
type DefaultUser struct {
	On, NoPassword           bool
	EveryCommand, EveryKey   bool
	DangerousWithoutPassword bool // on, no password, and @dangerous or @all allowed
}

// Sample is an older answer, beside which a newer one tells what grows.
type Sample struct {
	At      time.Time
	Info    Info
	Checkup *Checkup // nil: there was none yet
}

// SlotKeys is how many keys a node holds in a slot.
type SlotKeys struct {
	Slot keyslot.Slot
	Keys int64
}

// CommandUses reads the section of INFO commandstats.
func CommandUses(info Info) map[string]CommandUse {
	out := map[string]CommandUse{}
	for _, section := range info.Sections {
		for _, f := range section.Fields {
			name, ok := strings.CutPrefix(f.Name, "cmdstat_")
			if !ok {
				continue
			}
			each := ratio(pair(f.Value, "usec_per_call"))
			out[strings.ToLower(name)] = CommandUse{
				Calls: whole(pair(f.Value, "calls")), Rejected: whole(pair(f.Value, "rejected_calls")), Failed: whole(pair(f.Value, "failed_calls")),
				Each: time.Duration(each * float64(time.Microsecond)),
			}
		}
	}
	return out
}

// ErrorCounts reads how many errors of each kind the node sent, by their first
// word, out of the section errorstats.
func ErrorCounts(info Info) map[string]int64 {
	out := map[string]int64{}
	section, _ := info.Section("Errorstats")
	for _, f := range section.Fields {
		if kind, ok := strings.CutPrefix(f.Name, "errorstat_"); ok {
			out[kind] = whole(pair(f.Value, "count"))
		}
	}
	return out
}

// ParseLatencyLatest reads an answer to LATENCY LATEST.
func ParseLatencyLatest(reply any) ([]LatencyEvent, error) {
	list, ok := reply.([]any)
	if !ok {
		return nil, malformed("LATENCY LATEST", "", "it is no list")
	}
	out := []LatencyEvent{}
	for _, item := range list {
		fields, ok := item.([]any)
		if !ok || len(fields) < 4 {
			return nil, malformed("LATENCY LATEST", "", "an event has not its four fields")
		}
		name, _ := fields[0].(string)
		at, _ := fields[1].(int64)
		last, _ := fields[2].(int64)
		most, _ := fields[3].(int64)
		out = append(out, LatencyEvent{name, time.Unix(at, 0), time.Duration(last) * time.Millisecond, time.Duration(most) * time.Millisecond})
	}
	return out, nil
}

// ParseSlowLogged reads an answer to SLOWLOG GET 1: the newest entry's number
// tells how many there ever were. What the entry says is dropped.
func ParseSlowLogged(reply any) (int64, error) {
	list, ok := reply.([]any)
	if !ok {
		return -1, malformed("SLOWLOG GET", "", "it is no list")
	}
	if len(list) == 0 {
		return 0, nil
	}
	entry, _ := list[0].([]any)
	if len(entry) == 0 {
		return -1, malformed("SLOWLOG GET", "", "an entry is empty")
	}
	id, ok := entry[0].(int64)
	if !ok || id < 0 || id == math.MaxInt64 {
		return -1, malformed("SLOWLOG GET", "", "an entry has no number")
	}
	return id + 1, nil
}

// ParseDefaultUser reads an answer to ACL GETUSER. The passwords' digests in it
// are dropped.
func ParseDefaultUser(reply any) (*DefaultUser, error) {
	list, ok := reply.([]any)
	if !ok || len(list)%2 != 0 {
		return nil, malformed("ACL GETUSER", "", "it is no list of pairs")
	}
	u := &DefaultUser{}
	dangerous := false
	for i := 0; i < len(list); i += 2 {
		name, _ := list[i].(string)
		text, _ := list[i+1].(string)
		words := strings.Fields(text)
		switch name {
		case "flags":
			flags, _ := list[i+1].([]any)
			for _, f := range flags {
				u.On = u.On || f == "on"
				u.NoPassword = u.NoPassword || f == "nopass"
			}
		case "commands":
			u.EveryCommand = len(words) == 1 && words[0] == "+@all"
			for _, w := range words { // they hold in their order
				switch w {
				case "+@all", "+@dangerous", "+@admin":
					dangerous = true
				case "-@all", "-@dangerous":
					dangerous = false
				}
			}
		case "keys":
			u.EveryKey = text == "~*"
		}
	}
	u.DangerousWithoutPassword = u.On && u.NoPassword && dangerous
	return u, nil
}

// SecretSetting reports whether a setting's value is nobody's business.
func SecretSetting(name string) bool {
	return strings.HasSuffix(name, "auth") || strings.HasSuffix(name, "pass") || name == "hash-seed"
}

// Hidden stands for a secret value: equal ones look equal, in this process only.
func Hidden(value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf("(hidden, #%04x)", uint16(maphash.String(seed, value)))
}
