package keyspace

import (
	"fmt"
	"strings"
	"time"

	"slotdeck/keyslot"
)

// MaxHops is how many nodes a command is carried to before it is given up, as
// clients do.
const MaxHops = 16

// Hop is one node asked, and what it said.
type Hop struct {
	Addr   string // as dialled
	Asking bool   // ASKING was sent before the command
	Took   time.Duration
	Redirect
	Err error // of everything but Answered
}

// Trace is the way of a command, or of a transaction, through a cluster. It is
// a value: Next tells whom to ask, Took takes what that node said.
type Trace struct {
	Commands [][]string // one; or MULTI, what is queued, EXEC
	Hops     []Hop
	Replies  []any // of the last hop: one for each command, nil where Errs has something
	Errs     []error

	next   string
	asking bool
	torn   bool
}

// Begin starts the way of commands at a node.
func Begin(start string, commands ...[]string) Trace {
	return Trace{Commands: commands, next: start}
}

// Next tells the node to ask now, and whether ASKING goes first; more is false
// at the end of the way.
func (t *Trace) Next() (addr string, asking, more bool) {
	return t.next, t.asking, t.next != "" && len(t.Hops) < MaxHops
}

// Add takes what the node said. To is where a redirection leads, in a form that
// can be dialled.
func (t *Trace) Add(h Hop, to string, replies []any, errs []error) {
	t.torn = t.torn || t.tears(h)
	t.Hops = append(t.Hops, h)
	t.Replies, t.Errs = replies, errs
	t.next, t.asking = "", false
	if (h.Outcome == Moved || h.Outcome == Ask) && !t.torn {
		t.next, t.asking = to, h.Outcome == Ask
	}
}

// tears reports whether a transaction is sent on for another slot than before:
// then its keys live apart, and it would go in circles.
func (t *Trace) tears(h Hop) bool {
	last, ok := t.Last()
	return ok && len(t.Commands) > 1 && h.To != "" && h.Slot != last.Slot
}

// Last is the newest hop.
func (t *Trace) Last() (Hop, bool) {
	if len(t.Hops) == 0 {
		return Hop{}, false
	}
	return t.Hops[len(t.Hops)-1], true
}

// Elapsed is the time of all hops together.
func (t *Trace) Elapsed() time.Duration {
	var sum time.Duration
	for _, h := range t.Hops {
		sum += h.Took
	}
	return sum
}

// Verdict says in a sentence how the way ended, and what that means for the
// operator; empty while it goes on.
func (t *Trace) Verdict() string {
	last, ok := t.Last()
	if _, _, more := t.Next(); more || !ok {
		return ""
	}
	switch last.Outcome {
	case Answered:
		return t.answered(last)
	case Moved, Ask:
		if t.torn {
			return "the keys of the transaction live in different slots: one of its commands was refused wherever it went, and nothing of it was carried out"
		}
		return fmt.Sprintf("after %d redirections it is given up: the nodes do not agree who serves slot %d", len(t.Hops), last.Slot)
	case TryAgain:
		return "the slot is on its way, and the keys of this command are partly here and partly there: it works with one key at a time now, with all of them when the move has ended"
	case CrossSlot:
		return "the keys live in different slots, and no node can serve them with one command"
	case ClusterDown:
		return clusterDown(last.Err)
	case Silent:
		return "the node did not answer, so whether the command was carried out is not known"
	}
	if last.Err != nil && strings.Contains(last.Err.Error(), "cluster mode") {
		return "every node of a cluster refuses this command: it has a meaning on a single server alone"
	}
	return "the node that is asked rightly answered with an error: the cluster played no part in it"
}

func (t *Trace) answered(last Hop) string {
	asked := false
	for _, h := range t.Hops {
		asked = asked || h.Outcome == Ask
	}
	switch {
	case asked:
		return "the slot is on its way: what its owner does not hold any more, the other side serves after ASKING; clients keep asking the owner until the move has ended"
	case len(t.Hops) == 1:
		return "answered by the first node asked"
	}
	return fmt.Sprintf("MOVED led to %s, the owner of the slot; clients remember that and ask it first from then on", last.Addr)
}

func clusterDown(err error) string {
	text := ""
	if err != nil {
		text = strings.ToLower(err.Error())
	}
	switch {
	case strings.Contains(text, "not served"):
		return "nobody owns the slot, so no node serves it: assign it, or bring back the node that had it"
	case strings.Contains(text, "only accepts read commands"):
		return "the node only lets reads through while the cluster is down (cluster-allow-reads-when-down)"
	}
	return "this node holds the cluster for down: slots are uncovered (cluster-require-full-coverage), or it does not see a majority of the primaries"
}

// SlotsOf are the slots of keys, each once, in the order of the keys.
func SlotsOf(keys []string) []keyslot.Slot {
	var seen keyslot.Set
	var out []keyslot.Slot
	for _, key := range keys {
		if s := keyslot.Of(key); !seen.Has(s) {
			seen.Add(s)
			out = append(out, s)
		}
	}
	return out
}
