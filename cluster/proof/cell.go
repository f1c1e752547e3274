package proof

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cell is one key that a load writes, by one writer, one write after another.
// Every write has a number, counted from 1: a SET stores it, an INCR reaches it,
// a DEL leaves nothing. So what is found says which write was the last to stay.
type cell struct {
	name    name
	counter bool  // written by INCR
	tried   int64 // the last write that was sent
	acked   int64 // the last that was answered
	safe    int64 // the last that was answered and, when asked for, held by the replicas
	deleted int64 // the write that was a DEL, 0: none
	unsure  bool  // a write was never answered; nothing is written any more

	acks []Ack // in order
}

// Ack is an acknowledged write as the client saw it.
type Ack struct {
	Write int64     // its number, counted from 1
	Reply int64     // what the node answered, if it was a number: a counter's value, how many keys were removed
	Addr  string    // of the node that answered
	Began time.Time // when it was sent there
	At    time.Time // when the answer, and that of the replicas, was there
	Asked bool      // the node was importing the slot
	Safe  bool      // as many replicas as were waited for have it
}

// trail is the last acknowledged writes for a person.
func trail(acks []Ack) string {
	var out []string
	for _, a := range acks[max(0, len(acks)-4):] {
		text := fmt.Sprintf("%d (%d) by %s at %s", a.Write, a.Reply, a.Addr, a.At.Format("05.000"))
		if a.Asked {
			text += " asked"
		}
		if !a.Safe {
			text += " unsafe"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// filler makes values as long as those of applications.
const filler = ":0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdef"

// command is the next write.
func (c *cell) command(remove bool) []any {
	c.tried++
	switch {
	case remove:
		c.deleted = c.tried
		return []any{"DEL", c.name.key}
	case c.counter:
		return []any{"INCR", c.name.key}
	}
	return []any{"SET", c.name.key, strconv.FormatInt(c.tried, 10) + filler}
}

// refused takes back a write that certainly did not happen.
func (c *cell) refused() {
	if c.deleted == c.tried {
		c.deleted = 0
	}
	c.tried--
}

// fate is what became of the acknowledged writes of a key.
type fate uint8

const (
	kept  fate = iota
	lost       // an acknowledged write is not there
	async      // an acknowledged write that no replica had confirmed is not there
	risen      // a deleted key is back
	wrong      // what is there was never written
)

// judge tells the fate, given what the owner holds.
func (c *cell) judge(value string, there bool) (fate, string) {
	found := c.deleted // an absent key is one that was deleted, or never written
	if there {
		number := value
		if !c.counter {
			var rest string
			number, rest, _ = strings.Cut(value, ":")
			if ":"+rest != filler {
				return wrong, fmt.Sprintf("%v holds %.40q, which was never written", c.name, value)
			}
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 1 || n > c.tried || n == c.deleted {
			return wrong, fmt.Sprintf("%v holds %.40q, which was never written (%d writes)", c.name, value, c.tried)
		}
		found = n
	}
	if c.deleted > 0 && c.deleted <= c.safe && there {
		return risen, fmt.Sprintf("%v was deleted by write %d and is back as of write %d", c.name, c.deleted, found)
	}
	text := fmt.Sprintf("%v is as of write %d; %d were acknowledged, %d sent, the last safe one was %d", c.name, found, c.acked, c.tried, c.safe)
	if c.counter {
		return c.judgeCounter(found, text)
	}
	switch {
	case found < c.safe:
		return lost, text
	case found < c.acked:
		return async, text
	}
	return kept, ""
}

// judgeCounter looks which counts were undone. A node that has not all counts
// goes on from those it has, so that the number alone does not tell when the
// others were lost, and whether they were safe.
func (c *cell) judgeCounter(found int64, text string) (fate, string) {
	undone, _ := c.undone(found)
	switch {
	case len(undone) == 0:
		return kept, ""
	case slices.ContainsFunc(undone, func(a Ack) bool { return a.Safe }):
		return lost, text
	}
	return async, text
}

// undone are the acknowledged counts that the counter has not kept, and the
// later ones that went on without them.
func (c *cell) undone(found int64) (undone, by []Ack) {
	var alive []Ack
	for _, a := range c.acks {
		if before := max(0, int(a.Reply)-1); before < len(alive) {
			undone = append(undone, alive[before:]...)
			alive = alive[:before]
			by = append(by, a)
		}
		alive = append(alive, a)
	}
	if int(found) < len(alive) {
		undone = append(undone, alive[found:]...)
	}
	return undone, by
}

// loss tells what was lost, when that is not nothing.
func (c *cell) loss(value string, risen bool) Loss {
	l := Loss{Key: c.name.key, Acks: c.acks, Risen: risen}
	number, _, _ := strings.Cut(value, ":")
	found, _ := strconv.ParseInt(number, 10, 64) // 0: it is not there
	if c.counter {
		l.Undone, l.By = c.undone(found)
		return l
	}
	for _, a := range c.acks {
		if a.Write > found {
			l.Undone = append(l.Undone, a)
		}
	}
	return l
}
