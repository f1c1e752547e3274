package watch

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster"
)

const (
	// shareAbove is how many lines an answer has to have before its parsed
	// form is shared. Below, every answer is parsed, and its ping times are new.
	shareAbove = 16
	// keepShared is for how long a parsed view is shared: its ping times are
	// that old at the most.
	keepShared = 30 * time.Second
	// maxShared is how many different views are kept to be shared.
	maxShared = 32
)

// viewCache parses answers to CLUSTER NODES. In a large cluster nearly all
// nodes say the same, again and again, but for ping times and who is asked: what
// is equal otherwise is parsed once, and kept once. In a shared view only Myself
// is the node's own; the flag of that name may stand on another member.
type viewCache struct {
	seed maphash.Seed

	mu     sync.Mutex
	parsed map[uint64]parsedView
}

type parsedView struct {
	view *cluster.View
	at   time.Time
}

func newViewCache() *viewCache {
	return &viewCache{seed: maphash.MakeSeed(), parsed: map[uint64]parsedView{}}
}

func (c *viewCache) parse(text string, now time.Time) (*cluster.View, error) {
	if strings.Count(text, "\n") <= shareAbove {
		return cluster.ParseNodes(text)
	}
	print, myself := c.fingerprint(text)
	c.mu.Lock()
	known, ok := c.parsed[print]
	c.mu.Unlock()
	if ok && myself != "" && now.Sub(known.at) < keepShared {
		if known.view.Myself == myself {
			return known.view, nil
		}
		shared := *known.view
		shared.Myself = myself
		return &shared, nil
	}
	view, err := cluster.ParseNodes(text)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.parsed) >= maxShared {
		c.forgetOldest()
	}
	c.parsed[print] = parsedView{view, now}
	return view, nil
}

func (c *viewCache) forgetOldest() {
	var oldest uint64
	var at time.Time
	for print, p := range c.parsed {
		if at.IsZero() || p.at.Before(at) {
			oldest, at = print, p.at
		}
	}
	delete(c.parsed, oldest)
}

// fingerprint is equal for texts that differ only in the order of lines, in
// ping times and in whose line is the asked node's own; and it finds that node.
func (c *viewCache) fingerprint(text string) (print uint64, myself cluster.NodeID) {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			continue
		}
		// id address | flags | primary | ping-sent pong-received | epoch link slots
		id, rest, _ := strings.Cut(line, " ")
		address, rest, _ := strings.Cut(rest, " ")
		flags, rest, _ := strings.Cut(rest, " ")
		primary, rest, _ := strings.Cut(rest, " ")
		_, rest, _ = strings.Cut(rest, " ")
		_, rest, _ = strings.Cut(rest, " ")
		if others, own := strings.CutPrefix(flags, "myself,"); own {
			flags, myself = others, cluster.NodeID(id)
		}
		h.Reset()
		for _, part := range [...]string{id, address, flags, primary, rest} {
			h.WriteString(part)
			h.WriteByte(' ')
		}
		print += h.Sum64()
	}
	return print, myself
}
