package views

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
)

// KeyDesk follows commands, walks over keys and reads values. It is called off
// the screen's goroutine, with a deadline.
type KeyDesk interface {
	// KeysOf finds the keys among a command's words, by asking the node (COMMAND
	// GETKEYS) or else by a table; told reports whether the node said it.
	KeysOf(ctx context.Context, addr string, words []string) (keys []string, told bool)
	// Home is the address to ask first about a key: of its primary, when the
	// owners are known; empty when no node is. It asks nobody.
	Home(key string) string
	// Changes reports whether a command may change something; it asks nobody.
	Changes(words []string) bool
	// Loses reports whether a command can lose what nobody brings back: the keys
	// of a whole node, or the cluster itself.
	Loses(words []string) bool
	// Step carries a command to the next node of its way and adds what it said.
	Step(ctx context.Context, t keyspace.Trace) keyspace.Trace
	// Browse makes one step over the keys of a primary.
	Browse(ctx context.Context, ask BrowseAsk) (BrowsePart, error)
	// Value reads one page of a key from whoever serves it.
	Value(ctx context.Context, key string, ask keyspace.ValueAsk) (keyspace.Value, error)
	// Unlink deletes keys that a primary serves (UNLINK, each by itself) and tells
	// how many were there. It goes on past a key that the primary refuses. With the
	// path of a file their values are saved there first, and a key that is too big
	// for that stays: left is how many.
	Unlink(ctx context.Context, node cluster.NodeID, keys []string, save string) (removed, left int, err error)
	// NotePurge writes down how far a deletion is, for whoever goes on with it; one
	// that has ended is forgotten. LeftPurge reads what was written down.
	NotePurge(PurgeNote) error
	LeftPurge() (PurgeNote, bool)
	// SaveFile is where values that are about to be deleted can be saved.
	SaveFile() (string, error)
	// Hot watches all primaries for a while and tells what is used most. One that
	// does not answer has that as its error. Count lets servers that can (Redis 8.6)
	// count the time of every command meanwhile (HOTKEYS), which changes what they do.
	Hot(ctx context.Context, window time.Duration, count bool) []HotPart
	// Survey begins to add up the keys of all primaries.
	Survey(ask SurveyAsk) KeySurvey
}

// BrowseAsk is one step over the keys of one primary.
type BrowseAsk struct {
	Node     cluster.NodeID
	Cursor   string // empty: from the beginning
	Match    string
	Types    []string
	Keep     keyspace.Keep
	Slots    *keyslot.Set // nil: any
	Describe bool         // type, time to live, memory and size of each, too
}

// BrowsePart is what a step brought: few keys, or none at all.
type BrowsePart struct {
	Keys []keyspace.Entry
	Next string // where the next step begins; empty: the primary has no more
}

// PurgeNote is how far a deletion of all keys of a query is. It tells no cursor:
// what was deleted does not come again, so that a primary is best gone over from
// its beginning, where a cursor of another process of the server would miss keys.
type PurgeNote struct {
	Query   string           `json:"query"`
	Want    int              `json:"want"` // keys, as counted before
	Removed int              `json:"removed"`
	Left    int              `json:"left"` // too big to be saved
	Done    []cluster.NodeID `json:"done"` // primaries without any more of them
	Save    string           `json:"save"` // the file with the values; empty: none
	At      time.Time        `json:"at"`
	Ended   bool             `json:"-"`
}

// SurveyAsk says what is added up.
type SurveyAsk struct {
	Match  string
	Memory bool // MEMORY USAGE of every key, which costs the servers more
	Most   int  // how long the lists of the largest are
}

// HotPart is what was found on one primary.
type HotPart struct {
	Node  cluster.NodeID
	Slots []keyspace.SlotLoad // during the window, the hottest first
	Why   string              // why no slots are told
	Keys  []keyspace.HotKey   // the hottest first
	Way   keyspace.Way        // how the keys were found
	Err   error
}

// KeySurvey is a survey at work. No call blocks for long.
type KeySurvey interface {
	State() SurveyState
	Stop()
}

// SurveyState is where a survey stands.
type SurveyState struct {
	Tally      *keyspace.Tally
	Met, Total int64 // Total is -1 while a primary has not told
	Nodes      int
	Took       time.Duration
	Done       bool
	Err        error // why it is not the whole
}

const (
	hopPatience    = 10 * time.Second // for one node to answer a traced command
	browsePatience = 10 * time.Second // for one step over keys
	valuePatience  = 10 * time.Second
)
