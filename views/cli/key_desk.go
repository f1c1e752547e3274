package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
	"slotdeck/views"
)

// keyDesk follows commands and reads keys for the screens, over connections of
// its own, so that it never stands in the way of the watch.
type keyDesk struct {
	watch *watch.Watch
	doors *keys.Doors
	state string // the folder of what is remembered
}

func newKeyDesk(w *watch.Watch, o wire.Options, state string) *keyDesk {
	return &keyDesk{watch: w, doors: keys.NewDoors(o), state: state}
}

func (d *keyDesk) close() { d.doors.Close() }

// KeysOf finds the keys among a command's words.
func (d *keyDesk) KeysOf(ctx context.Context, addr string, words []string) ([]string, bool) {
	return keys.KeysOf(ctx, d.doors.At(addr), words)
}

// Home is the address of the primary that serves a key.
func (d *keyDesk) Home(key string) string {
	snap := d.watch.Latest()
	if snap == nil {
		return ""
	}
	if sh, ok := snap.ShardOf(keyslot.Of(key)); ok {
		if n, ok := snap.Node(sh.Primary); ok && n.Dialled != "" {
			return n.Dialled
		}
	}
	for i := range snap.Nodes {
		if n := &snap.Nodes[i]; n.Health == cluster.Answering {
			return n.Dialled
		}
	}
	return ""
}

// Changes reports whether a command may change something.
func (d *keyDesk) Changes(words []string) bool { return dangerOfOne(words) != harmless }

// Loses reports whether a command can lose what nobody brings back.
func (d *keyDesk) Loses(words []string) bool { return dangerOfOne(words) == losing }

// Step carries a command to the next node of its way.
func (d *keyDesk) Step(ctx context.Context, t keyspace.Trace) keyspace.Trace {
	return keys.Courier{Doors: d.doors}.Step(ctx, t)
}

// Value reads one page of a key.
func (d *keyDesk) Value(ctx context.Context, key string, ask keyspace.ValueAsk) (keyspace.Value, error) {
	home := d.Home(key)
	if home == "" {
		return keyspace.Value{}, errors.New("no node answers")
	}
	courier := keys.Courier{Doors: d.doors}
	if ask.Replica {
		if home = d.replica(key); home == "" {
			return keyspace.Value{}, errors.New("no replica of the key's shard answers")
		}
		courier.ReadOnly = true
	}
	return keys.Reading{Courier: courier, Start: home}.Value(ctx, key, ask)
}

// replica is the address of a replica that serves a key.
func (d *keyDesk) replica(key string) string {
	snap := d.watch.Latest()
	if sh, ok := snap.ShardOf(keyslot.Of(key)); ok {
		for _, id := range sh.Replicas {
			if n, ok := snap.Node(id); ok && n.Health == cluster.Answering {
				return n.Dialled
			}
		}
	}
	return ""
}

// slotNames is up to how many keys of a slot are asked for at once.
const slotNames = 1000

// Browse makes one step over the keys of a primary.
func (d *keyDesk) Browse(ctx context.Context, ask views.BrowseAsk) (views.BrowsePart, error) {
	var part views.BrowsePart
	snap := d.watch.Latest()
	member, ok := snap.Node(ask.Node)
	if !ok || member.Dialled == "" {
		return part, fmt.Errorf("node %s is not there any more", ask.Node.Short())
	}
	n := d.doors.At(member.Dialled)
	w := keys.Walk{Match: ask.Match, Only: ask.Slots, Batch: keys.DefaultBatch}
	keep := ask.Keep
	if len(ask.Types) == 1 {
		w.Type = ask.Types[0]
	} else {
		keep.Types = ask.Types
	}
	list, next, err := d.names(ctx, n, &w, ask)
	if err != nil {
		return part, err
	}
	aspects := keep.Needs()
	if ask.Describe {
		aspects |= keyspace.OfType | keyspace.OfTTL | keyspace.OfBytes | keyspace.OfElements | keyspace.OfEncoding
	}
	if aspects != 0 && len(list) > 0 {
		if err := keys.Describe(ctx, n, list, aspects); err != nil {
			return part, err
		}
	}
	if keep.Needs() != 0 {
		list = slices.DeleteFunc(list, func(e keyspace.Entry) bool { return !keep.Wants(&e) || !keep.WantsSize(&e) })
	}
	return views.BrowsePart{Keys: list, Next: next}, nil
}

// names are keys of one step: of a single slot with few keys all at once, else
// of one SCAN.
func (d *keyDesk) names(ctx context.Context, n *wire.Node, w *keys.Walk, ask views.BrowseAsk) ([]keyspace.Entry, string, error) {
	if ask.Cursor == "" && ask.Match == "" && w.Type == "" && ask.Slots != nil && ask.Slots.Len() == 1 {
		slot := ask.Slots.Ranges()[0].First
		var reader keys.Reader
		counts, err := reader.Count(ctx, n, []keyslot.Slot{slot})
		if err == nil && counts[0] <= slotNames {
			names, err := reader.Sample(ctx, n, slot, slotNames)
			return keys.Named(names), "", err
		}
	}
	return w.Part(ctx, n, ask.Cursor)
}

// Hot watches all primaries for a while.
func (d *keyDesk) Hot(ctx context.Context, window time.Duration, count bool) []views.HotPart {
	snap := d.watch.Latest()
	if snap == nil {
		return nil
	}
	out := make([]views.HotPart, len(snap.Shards))
	var all spawn.Group
	for i := range snap.Shards {
		sh := &snap.Shards[i]
		out[i].Node = sh.Primary
		p, ok := snap.Node(sh.Primary)
		if !ok || p.Health != cluster.Answering || sh.SlotLen == 0 {
			if sh.SlotLen > 0 {
				out[i].Err = fmt.Errorf("the primary of shard %s does not answer", sh.Letter)
			}
			continue
		}
		all.Go(func() {
			h := keys.Hot{Window: window, Most: 20, Watch: count, Slots: keyslot.SetOf(sh.Slots...)}
			found := h.Find(ctx, d.doors.At(p.Dialled))
			out[i] = views.HotPart{Node: sh.Primary, Slots: found.Slots, Why: found.SlotsWhy, Keys: found.Keys, Way: found.Way, Err: found.Err}
		})
	}
	all.Wait()
	return out
}

// Survey begins to add up the keys of all primaries.
func (d *keyDesk) Survey(ask views.SurveyAsk) views.KeySurvey {
	var nodes []*wire.Node
	s := &survey{}
	if snap := d.watch.Latest(); snap != nil {
		for i := range snap.Shards {
			sh := &snap.Shards[i]
			if sh.SlotLen == 0 {
				continue
			}
			if p, ok := snap.Node(sh.Primary); ok && p.Health == cluster.Answering {
				nodes = append(nodes, d.doors.At(p.Dialled))
			} else {
				s.lost = fmt.Errorf("the primary of shard %s does not answer", sh.Letter)
			}
		}
	}
	aspects := keyspace.OfType | keyspace.OfElements | keyspace.OfTTL
	if ask.Memory {
		aspects |= keyspace.OfBytes
	}
	s.Running = keys.Survey{Most: ask.Most, Walk: keys.Walk{Match: ask.Match, Ask: aspects}}.Start(context.Background(), nodes)
	return s
}

// survey tells the screens how one stands.
type survey struct {
	*keys.Running
	lost error
}

// State is where it stands.
func (s *survey) State() views.SurveyState {
	p := s.Now()
	out := views.SurveyState{Tally: p.Tally, Nodes: len(p.Parts), Took: p.Took.Round(time.Millisecond), Err: s.lost}
	out.Met, out.Total = p.Met()
	select {
	case <-s.Done():
		out.Done = true
	default:
	}
	for _, part := range p.Parts {
		if part.Err != nil && out.Err == nil {
			out.Err = part.Err
			if errors.Is(part.Err, context.Canceled) || wire.KindOf(part.Err) == wire.Canceled {
				out.Err = errors.New("it was stopped")
			}
		}
	}
	return out
}
