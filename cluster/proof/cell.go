package proof

import (
	"fmt"
	"strconv"
	"strings"
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
	switch {
	case found < c.safe:
		return lost, text
	case found < c.acked:
		return async, text
	}
	return kept, ""
}
