package views

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
)

// fakeDesk is a key desk over keys that are made up: count of them on every
// primary, and the values that a test puts in.
type fakeDesk struct {
	count   int
	batch   int
	values  map[string]keyspace.Value
	hops    []keyspace.Hop // what Step tells, one after the other
	sent    []string
	state   SurveyState
	hot     []HotPart
	watched []bool // whether the servers were to count, each time

	unlinked int
	savedTo  string
	note     *PurgeNote
}

func (d *fakeDesk) KeysOf(_ context.Context, _ string, words []string) ([]string, bool) {
	keys, _ := keyspace.KeysOf(words)
	return keys, true
}

func (d *fakeDesk) Home(string) string { return sampleAddr(1) }

func (d *fakeDesk) Changes(words []string) bool {
	return !strings.Contains(" GET MGET ", " "+words[0]+" ")
}

func (d *fakeDesk) Loses(words []string) bool { return words[0] == "FLUSHALL" }

func (d *fakeDesk) Step(_ context.Context, t keyspace.Trace) keyspace.Trace {
	addr, asking, _ := t.Next()
	d.sent = append(d.sent, strings.Join(t.Commands[0], " "))
	h := keyspace.Hop{Addr: addr, Took: 300 * time.Microsecond}
	if len(d.hops) > 0 {
		h = d.hops[0]
		d.hops = d.hops[1:]
		h.Addr = addr
	}
	h.Asking = asking
	replies, errs := make([]any, len(t.Commands)), make([]error, len(t.Commands))
	for i := range t.Commands {
		replies[i], errs[i] = any(int64(1)), h.Err
	}
	t.Add(h, h.To, replies, errs)
	return t
}

func (d *fakeDesk) Browse(_ context.Context, ask BrowseAsk) (BrowsePart, error) {
	from, _ := strconv.Atoi(ask.Cursor)
	var part BrowsePart
	for i := from; i < min(d.count, from+d.batch); i++ {
		key := fmt.Sprintf("user:{%d}:%s", i, ask.Node[:2])
		e := keyspace.Entry{Key: key, Slot: keyslot.Of(key), TTL: keyspace.NotTold, Bytes: keyspace.Unknown, Elements: keyspace.Unknown}
		if ask.Describe {
			e.Type, e.TTL, e.Bytes, e.Elements, e.Encoding = "hash", time.Duration(i)*time.Minute, int64(64+i), int64(i%7), "listpack"
		}
		part.Keys = append(part.Keys, e)
	}
	if from+d.batch < d.count {
		part.Next = strconv.Itoa(from + d.batch)
	}
	return part, nil
}

func (d *fakeDesk) Value(_ context.Context, key string, ask keyspace.ValueAsk) (keyspace.Value, error) {
	v, ok := d.values[key]
	if !ok {
		return keyspace.Value{}, errors.New("the key is not there (any more)")
	}
	v.Key, v.From = key, ask.From
	if ask.Whole {
		v.Withheld = ""
	}
	return v, nil
}

func (d *fakeDesk) Unlink(_ context.Context, _ cluster.NodeID, keys []string, save string) (removed, left int, err error) {
	d.unlinked += len(keys)
	d.savedTo = save
	return len(keys), 0, nil
}

func (d *fakeDesk) NotePurge(n PurgeNote) error {
	d.note = &n
	if n.Ended {
		d.note = nil
	}
	return nil
}

func (d *fakeDesk) LeftPurge() (PurgeNote, bool) {
	if d.note == nil {
		return PurgeNote{}, false
	}
	return *d.note, true
}

func (d *fakeDesk) SaveFile() (string, error) { return "/state/deleted.jsonl", nil }

func (d *fakeDesk) Hot(_ context.Context, _ time.Duration, count bool) []HotPart {
	d.watched = append(d.watched, count)
	return d.hot
}

func (d *fakeDesk) Survey(SurveyAsk) KeySurvey { return &fakeSurvey{d.state} }

type fakeSurvey struct{ state SurveyState }

func (s *fakeSurvey) State() SurveyState { return s.state }
func (s *fakeSurvey) Stop()              {}

// sampleTally is a survey of made-up keys.
func sampleTally() *keyspace.Tally {
	t := keyspace.NewTally(20)
	for i := range 600 {
		key := fmt.Sprintf("%s:%d", []string{"user", "cart", "session"}[i%3], i)
		e := keyspace.Entry{Key: key, Slot: keyslot.Of(key), Type: []string{"hash", "list", "string"}[i%3], TTL: keyspace.NoTTL, Bytes: int64(60 + 7*i), Elements: int64(i)}
		if i%3 == 2 {
			e.TTL = time.Duration(i) * time.Minute
		}
		t.Meet(key)
		t.Add(&e)
	}
	return t
}
