package cluster

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// SizeCount is how many keys of a type a node has in one step of its own count
// of sizes: of From up to less than twice that.
type SizeCount struct {
	DB    int
	Type  string // "string", "list", "set", "zset", "hash", as TYPE names it
	Bytes bool   // From is bytes; else it is elements
	From  int64
	Keys  int64
}

// LargeCall is the newest entry of a log of large requests or replies.
type LargeCall struct {
	Reply   bool
	Command string // its first word, as it was sent
	Bytes   int64
	At      time.Time // by the node's clock
}

// KeySizes reads the section that INFO keysizes has on Redis 8.0 and newer; nil
// when there is none. The server keeps these counts as keys change, and does not
// look at any key for the answer.
func KeySizes(info Info) []SizeCount {
	section, ok := info.Section("Keysizes")
	if !ok {
		return nil
	}
	out := []SizeCount{}
	for _, f := range section.Fields {
		rest, ok := strings.CutPrefix(f.Name, "db")
		number, rest, also := strings.Cut(rest, "_distrib_")
		db, err := strconv.Atoi(number)
		if !ok || !also || err != nil || db < 0 {
			continue
		}
		kind, unit, _ := strings.Cut(rest, "_")
		if unit != "sizes" && unit != "items" {
			continue
		}
		for part := range strings.SplitSeq(f.Value, ",") {
			from, keys, _ := strings.Cut(part, "=")
			c := SizeCount{DB: db, Type: strings.TrimSuffix(kind, "s"), Bytes: unit == "sizes", From: inSteps(from), Keys: whole(keys)}
			if kind == "hashes" {
				c.Type = "hash"
			}
			if c.From >= 0 && c.Keys > 0 {
				out = append(out, c)
			}
		}
	}
	return out
}

// inSteps reads a number such as 4K or 2M, in powers of 1024; -1 for anything else.
func inSteps(text string) int64 {
	power := 0
	if text != "" {
		power = strings.IndexByte(" KMGTPE", text[len(text)-1])
	}
	if power > 0 {
		text = text[:len(text)-1]
	}
	n := whole(text)
	if n < 0 || n > math.MaxInt64>>(10*max(0, power)) {
		return -1
	}
	return n << (10 * max(0, power))
}

// ParseLargeCall reads an answer to COMMANDLOG GET 1 of large requests or
// replies; nil when the log is empty. Of what was sent only the command's name is
// kept.
func ParseLargeCall(reply any, replies bool) (*LargeCall, error) {
	list, ok := reply.([]any)
	if !ok {
		return nil, malformed("COMMANDLOG GET", "", "it is no list")
	}
	if len(list) == 0 {
		return nil, nil
	}
	entry, _ := list[0].([]any)
	if len(entry) < 4 {
		return nil, malformed("COMMANDLOG GET", "", "an entry has not its four fields")
	}
	at, _ := entry[1].(int64)
	size, _ := entry[2].(int64)
	words, _ := entry[3].([]any)
	if size < 0 || len(words) == 0 {
		return nil, malformed("COMMANDLOG GET", "", "an entry names no command, or no size")
	}
	command, _ := words[0].(string)
	return &LargeCall{Reply: replies, Command: command, Bytes: size, At: time.Unix(at, 0)}, nil
}
