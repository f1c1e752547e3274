package cluster

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"slotdeck/keyslot"
)

// names writes nodes briefly: by port alone while all nodes share one host.
type names struct{ oneHost bool }

func namesIn(snapshots ...*Snapshot) names {
	host, first := "", true
	for _, s := range snapshots {
		if s == nil {
			continue
		}
		for i := range s.Nodes {
			ip := s.Nodes[i].Member.Endpoint.IP
			if ip == "" {
				continue
			}
			if !first && ip != host {
				return names{}
			}
			host, first = ip, false
		}
	}
	return names{oneHost: true}
}

// full is the address of a node, or its short id when it has none.
func (names) full(n *Node) string {
	return clean(cmp.Or(n.Member.Endpoint.Addr(), n.Dialled, n.ID.Short()))
}

func (w names) short(n *Node) string {
	if port := n.Member.Endpoint.Port; w.oneHost && port != 0 {
		return strconv.Itoa(port)
	}
	return w.full(n)
}

// name names a node in the newer picture, or in the older.
func (d *differ) name(id NodeID) string {
	n := cmp.Or(d.is[id], d.was[id])
	if n == nil {
		return cmp.Or(clean(id.Short()), "nobody")
	}
	return d.names.short(n)
}

// list names a few nodes: "7001, 7002 and 5 more".
func (d *differ) list(ids []NodeID) string {
	const most = 3
	var out []string
	for _, id := range ids[:min(most, len(ids))] {
		out = append(out, d.name(id))
	}
	text := strings.Join(out, ", ")
	if more := len(ids) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// slotsText is "1 slot 5" or "5461 slots 10923-16383", cut after a few runs.
func slotsText(set keyslot.Set) string {
	const most = 4
	ranges := set.Ranges()
	text := keyslot.SetOf(ranges[:min(most, len(ranges))]...).String()
	if len(ranges) > most {
		text += ",…"
	}
	return count(set.Len(), "slot") + " " + text
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

func formatTenths(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64)
}

func formatPair(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	return fmt.Sprintf("%d %s %d %s", d/big, bigName, d%big/small, smallName)
}

func roleWord(f Flags) string {
	if f.Has(Replica) {
		return "replica"
	}
	return "primary"
}

// clean makes a server's text fit for an event: no control or invisible
// characters, not long.
func clean(text string) string {
	const most = 80
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
