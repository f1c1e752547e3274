package keyspace

import (
	"strconv"
	"strings"

	"slotdeck/keyslot"
)

// Outcome is what one node made of a command.
type Outcome uint8

// The outcomes.
const (
	Answered    Outcome = iota // with a reply, and not with an error
	Moved                      // MOVED: the slot belongs to another node
	Ask                        // ASK: the slot is on its way, and the key is not here any more or not yet
	TryAgain                   // TRYAGAIN: the slot is on its way, and the keys are on both sides
	CrossSlot                  // CROSSSLOT: the keys live in different slots
	ClusterDown                // CLUSTERDOWN: the slot is not served, or the node sees no majority
	Failed                     // any other error reply
	Silent                     // no answer at all
)

var outcomeWords = [...]string{"answered", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "CLUSTERDOWN", "error", "no answer"}

// String is the outcome in a word: the server's own, where it has one.
func (o Outcome) String() string {
	if int(o) < len(outcomeWords) {
		return outcomeWords[o]
	}
	return "unknown"
}

// Redirect is an error reply as a cluster's clients read it.
type Redirect struct {
	Outcome Outcome
	Slot    keyslot.Slot // of MOVED and ASK
	To      string       // of MOVED and ASK: host:port as the node tells it; the host may be missing or "?"
}

// ReadError sorts the text of an error reply. One that begins like a redirection
// and is none has the outcome Failed.
func ReadError(text string) Redirect {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Redirect{Outcome: Failed}
	}
	switch words[0] {
	case "MOVED", "ASK":
		if len(words) < 3 {
			return Redirect{Outcome: Failed}
		}
		slot, err := strconv.ParseUint(words[1], 10, 16)
		if err != nil || slot >= keyslot.Count || strings.LastIndexByte(words[2], ':') < 0 {
			return Redirect{Outcome: Failed}
		}
		r := Redirect{Outcome: Moved, Slot: keyslot.Slot(slot), To: words[2]}
		if words[0] == "ASK" {
			r.Outcome = Ask
		}
		return r
	case "TRYAGAIN":
		return Redirect{Outcome: TryAgain}
	case "CROSSSLOT":
		return Redirect{Outcome: CrossSlot}
	case "CLUSTERDOWN":
		return Redirect{Outcome: ClusterDown}
	}
	return Redirect{Outcome: Failed}
}
