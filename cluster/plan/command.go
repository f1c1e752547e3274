package plan

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Command is one command for one node. A word in angle brackets stands for what
// only the run knows, such as <keys>.
type Command struct {
	Node cluster.NodeID
	Addr string // for reading
	Args []string
	Note string // when, how often, or until what; may be empty

	To cluster.NodeID `json:"-"` // whom a MIGRATE sends keys to
}

// Text is the command as a person would type it.
func (c Command) Text() string {
	words := make([]string, len(c.Args))
	for i, a := range c.Args {
		if a == "" {
			a = `""`
		}
		words[i] = a
	}
	return strings.Join(words, " ")
}

// Commands are what a driver sends, in order. SETSLOT and MIGRATE are shown for
// the first slot of each move, with a note for how many more they are repeated;
// the atomic drivers' commands are complete, and so are the polls that follow
// them. Auto is shown as Legacy.
func (p Plan) Commands(d Driver) []Command {
	var out []Command
	for _, m := range p.Moves {
		from, to := p.party(m.From), p.party(m.To)
		switch d {
		case AtomicRedis:
			out = append(out, importCommands(m, to)...)
		case AtomicValkey:
			out = append(out, migrateSlotsCommands(m, from)...)
		default:
			out = append(out, slotCommands(m.Ranges[0].First, from, to)...)
			if n := m.Set().Len() - 1; n > 0 {
				last := &out[len(out)-1]
				last.Note = fmt.Sprintf("%s; then the same for %s (%s)", last.Note, count(n, "more slot"), restOf(m))
			}
		}
	}
	return out
}

func restOf(m Move) string {
	rest := m.Set()
	rest.Remove(m.Ranges[0].First)
	return someSlots(rest)
}

// party is a node as commands need it.
type party struct {
	id         cluster.NodeID
	addr       string
	host, port string
}

func (p Plan) party(id cluster.NodeID) party {
	n, _ := p.Node(id)
	return party{id: id, addr: n.Addr, host: n.Host, port: strconv.Itoa(cmp.Or(n.KeysPort, n.Port))}
}

func (y party) send(note string, args ...string) Command {
	return Command{Node: y.id, Addr: y.addr, Args: args, Note: note}
}

func (y party) setSlot(slot keyslot.Slot, note string, how ...string) Command {
	args := append([]string{"CLUSTER", "SETSLOT", strconv.Itoa(int(slot))}, how...)
	return y.send(note, args...)
}

func slotCommands(slot keyslot.Slot, from, to party) []Command {
	return append([]Command{
		to.setSlot(slot, "", "IMPORTING", string(from.id)),
		from.setSlot(slot, "", "MIGRATING", string(to.id)),
	}, finishCommands(slot, from, to)...)
}

// finishCommands move what is left in an open slot and then give it away: only
// once the source, asked after the last batch, holds no key of it, for else it
// would delete them; to the target first, for else the slot would have no owner
// in between; and to the source once it has heard of that, for else it could take
// an older word of the target for a slot that nobody claims.
func finishCommands(slot keyslot.Slot, from, to party) []Command {
	out := emptyCommands(slot, from, to)
	return append(out,
		to.setSlot(slot, "", "NODE", string(to.id)),
		from.setSlot(slot, `once CLUSTER NODES names the new owner there; "Please use SETSLOT only with masters" means that it was emptied and turned into a replica: success`, "NODE", string(to.id)),
	)
}

// emptyCommands move all keys of a slot from one node to another.
func emptyCommands(slot keyslot.Slot, from, to party) []Command {
	n := strconv.Itoa(int(slot))
	migrate := from.send("for each batch, with the database's number; AUTH2 is added where the target asks for a password", "MIGRATE", to.host, to.port, "", "<db>", "<timeout-ms>", "KEYS", "<keys>")
	migrate.To = to.id
	return []Command{
		from.send("repeated until it answers none, in every database", "CLUSTER", "GETKEYSINSLOT", n, "<count>"),
		migrate,
		from.send("must be 0, in every database, before anything else", "CLUSTER", "COUNTKEYSINSLOT", n),
	}
}

func importCommands(m Move, to party) []Command {
	args := append([]string{"CLUSTER", "MIGRATION", "IMPORT"}, bounds(m)...)
	return []Command{
		to.send("answers the task's id; one task at a time on a node", args...),
		to.send("polled until completed; failed means that it tries again", "CLUSTER", "MIGRATION", "STATUS", "ID", "<task>"),
	}
}

func migrateSlotsCommands(m Move, from party) []Command {
	args := append([]string{"CLUSTER", "MIGRATESLOTS", "SLOTSRANGE"}, bounds(m)...)
	return []Command{
		from.send("accepted at once, then runs by itself", append(args, "NODE", string(m.To))...),
		from.send("polled, here and on the target, until success or failed", "CLUSTER", "GETSLOTMIGRATIONS"),
	}
}

func bounds(m Move) []string {
	out := make([]string, 0, 2*len(m.Ranges))
	for _, r := range m.Ranges {
		out = append(out, strconv.Itoa(int(r.First)), strconv.Itoa(int(r.Last)))
	}
	return out
}
