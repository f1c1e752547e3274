package dump

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Same reports whether two DUMPs certainly hold the same value. Values of types
// that are not read here (streams, modules, what newer servers have) are the same
// when their DUMPs are; read is false when the answer rests on that alone.
func Same(a, b string) (same, read bool) {
	if a == b {
		return true, true
	}
	x, ok := contents(a)
	y, too := contents(b)
	if !ok || !too {
		return false, false
	}
	return x.kind == y.kind && slices.Equal(x.items, y.items), true
}

// footer is the version of the format and a checksum, at the end of a DUMP.
const footer = 2 + 8

// kinds of values, by what counts in them.
type kind uint8

const (
	text   kind = iota + 1
	list        // in its order
	set         // in any order
	scores      // members with scores, in any order
	hash        // fields with values and times to live, in any order
)

// content is what a DUMP holds: the items of a value, sorted where their order
// says nothing, such that equal values have equal items.
type content struct {
	kind  kind
	items []string
}

// The types of values in a DUMP, as in rdb.h of Redis and Valkey.
const (
	typeString        = 0
	typeList          = 1
	typeSet           = 2
	typeHash          = 4
	typeScores        = 5  // ZSET_2
	typeIntset        = 11 // a set of numbers
	typeHashPacked    = 16
	typeScoresPacked  = 17
	typeQuicklist     = 18 // QUICKLIST_2
	typeSetPacked     = 20
	typeHashValkey    = 22 // HASH_2: fields with times to live, Valkey 9
	typeHashTimed     = 24 // HASH_METADATA: the same, Redis 7.4
	typeHashTimedPack = 25 // HASH_LISTPACK_EX
)

func contents(payload string) (c content, ok bool) {
	if len(payload) <= footer {
		return c, false
	}
	r := reader{rest: payload[1 : len(payload)-footer], budget: mostRead}
	defer func() {
		ok = !r.bad && r.rest == "" && c.kind != 0
	}()
	switch payload[0] {
	case typeString:
		return content{text, []string{r.text()}}, true
	case typeList:
		c = content{list, r.texts(r.count())}
	case typeQuicklist:
		c = content{list, r.nodes()}
	case typeSet:
		c = content{set, r.texts(r.count())}
	case typeIntset:
		c = content{set, r.numbers()}
	case typeSetPacked:
		c = content{set, r.packed()}
	case typeScores:
		c = content{scores, r.scored()}
	case typeScoresPacked:
		c = content{scores, r.groups(r.packed(), 2, score)}
	case typeHash:
		c = content{hash, r.groups(r.texts(2*r.count()), 2, never)}
	case typeHashPacked:
		c = content{hash, r.groups(r.packed(), 2, never)}
	case typeHashValkey, typeHashTimed:
		c = content{hash, r.timed(payload[0] == typeHashTimed)}
	case typeHashTimedPack:
		r.take(8) // the first that ends; the list has all
		c = content{hash, r.groups(r.packed(), 3, moment)}
	}
	if c.kind != list {
		slices.Sort(c.items)
	}
	return c, true
}

// scored reads members with scores as eight bytes each.
func (r *reader) scored() (items []string) {
	for range r.count() {
		member := r.text()
		bits := r.take(8)
		if r.bad {
			return nil
		}
		items = append(items, joined(member, number(math.Float64frombits(binary.LittleEndian.Uint64([]byte(bits))))))
	}
	return items
}

// timed reads fields that may have times to live: in Redis before each, counted
// from the first that ends; in Valkey behind each.
func (r *reader) timed(redis bool) (items []string) {
	var first uint64
	if redis {
		first = r.moment()
	}
	for range r.count() {
		var ends uint64
		if redis {
			if ends = r.length(); ends > 0 {
				ends += first - 1
			}
		}
		field, value := r.text(), r.text()
		if !redis {
			if ends = r.moment(); ends == math.MaxUint64 { // -1
				ends = 0
			}
		}
		if r.bad {
			return nil
		}
		items = append(items, joined(field, value, strconv.FormatUint(ends, 10)))
	}
	return items
}

// groups joins what belongs together in a flat list; last says how the last of a
// group is written so that equal ones are equal.
func (r *reader) groups(flat []string, size int, last func(group []string) string) (items []string) {
	if len(flat)%size != 0 {
		r.bad = true
	}
	for group := range slices.Chunk(flat, size) {
		if r.bad {
			return nil
		}
		items = append(items, last(group))
	}
	return items
}

// never is a field with its value, and no time to live.
func never(pair []string) string { return joined(pair[0], pair[1], "0") }

// moment is a field with its value and when it ends.
func moment(triple []string) string { return joined(triple...) }

// score is a member with its score as a number.
func score(pair []string) string {
	f, err := strconv.ParseFloat(pair[1], 64)
	if err != nil {
		return joined(pair...)
	}
	return joined(pair[0], number(f))
}

func number(f float64) string {
	if f == 0 {
		f = 0 // and not -0, which has the same place
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// joined is several texts as one, from which they can be told apart.
func joined(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%d:", len(p))
		b.WriteString(p)
	}
	return b.String()
}
