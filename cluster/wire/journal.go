package wire

import (
	"slices"
	"sync"
	"time"
)

// JournalSize is how many changing commands a Journal keeps.
const JournalSize = 2000

// maxCounts bounds how many (node, command) pairs are counted apart; further
// ones are counted together under an empty node.
const maxCounts = 20000

// Entry is one command that was sent, or tried to be.
type Entry struct {
	Seq     uint64 // counts up
	At      time.Time
	Addr    string // the node, as dialled
	Command string // redacted, cleaned, bounded
	Changes bool   // it may change something
	Took    time.Duration
	Err     error // an *Error, or nil
}

// Count is how often a reading command was sent to a node.
type Count struct {
	Addr    string
	Command string // "CLUSTER NODES"
	Sent    uint64
	Failed  uint64
}

// Journal remembers what was sent: every command that may change something,
// the newest JournalSize of them; of those that only read, how many. It may be
// used by several goroutines. The zero value is ready.
type Journal struct {
	mu     sync.Mutex
	ring   []Entry
	next   int // where in the full ring the next entry goes
	seq    uint64
	counts map[countKey]*Count
}

type countKey struct{ addr, command string }

// NewJournal makes an empty journal.
func NewJournal() *Journal { return &Journal{} }

// Entries are the changing commands, oldest first.
func (j *Journal) Entries() []Entry {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return append(slices.Clone(j.ring[j.next:]), j.ring[:j.next]...)
}

// Counts are the reading commands, by node and command.
func (j *Journal) Counts() []Count {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	counts := make([]Count, 0, len(j.counts))
	for _, c := range j.counts {
		counts = append(counts, *c)
	}
	j.mu.Unlock()
	slices.SortFunc(counts, func(a, b Count) int {
		if a.Addr != b.Addr {
			return compare(a.Addr, b.Addr)
		}
		return compare(a.Command, b.Command)
	})
	return counts
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func (j *Journal) record(addr string, cmds [][]any, answers []Answer, start time.Time, rehearsed bool) {
	if j == nil {
		return
	}
	took := time.Since(start)
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, cmd := range cmds {
		name := knownReading(cmd)
		if name != "" && !rehearsed {
			j.count(addr, name, answers[i].Err != nil)
			continue
		}
		name = commandName(cmd)
		if rehearsed {
			name += " (rehearsed)"
		}
		if movedNothing(name, answers[i]) {
			name += " (no key)"
		} else if !rehearsed && changes(name) {
			j.keep(Entry{At: start, Addr: clean(addr, maxQuote), Command: display(cmd), Changes: true, Took: took, Err: answers[i].Err})
			continue
		}
		j.count(addr, name, answers[i].Err != nil)
	}
}

// movedNothing reports whether a MIGRATE changed nothing, by the node's own word:
// there was no such key. A job asks like that whether a node holds back writes.
func movedNothing(name string, a Answer) bool {
	return name == "MIGRATE" && a.Err == nil && a.Value == any("NOKEY")
}

func (j *Journal) keep(e Entry) {
	j.seq++
	e.Seq = j.seq
	if len(j.ring) < JournalSize {
		j.ring = append(j.ring, e)
		return
	}
	j.ring[j.next] = e
	j.next = (j.next + 1) % JournalSize
}

func (j *Journal) count(addr, command string, failed bool) {
	if j.counts == nil {
		j.counts = map[countKey]*Count{}
	}
	c := j.counts[countKey{addr, command}]
	if c == nil {
		if len(j.counts) >= maxCounts {
			addr = ""
		}
		if c = j.counts[countKey{addr, command}]; c == nil {
			c = &Count{Addr: addr, Command: command}
			j.counts[countKey{addr, command}] = c
		}
	}
	c.Sent++
	if failed {
		c.Failed++
	}
}
