package dump

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// writer puts values onto a node and reads their DUMPs.
type writer struct {
	t *testing.T
	n *lab.Node
}

func (w writer) do(words ...any) any {
	w.t.Helper()
	v, err := w.n.Do(w.t.Context(), words...).Result()
	if err != nil {
		w.t.Fatalf("%.200v: %v", words, err)
	}
	return v
}

func (w writer) dump(key string) string {
	w.t.Helper()
	return w.do("DUMP", key).(string)
}

// groups are made-up elements of that many words each.
func groups(count, size int, make func(i int) []any) [][]any {
	out := [][]any{}
	for i := range count {
		out = append(out, make(i)[:size])
	}
	return out
}

// put adds groups to a key in that order, a few at a time.
func (w writer) put(command, key string, groups [][]any) {
	w.t.Helper()
	for part := range slices.Chunk(groups, 100) {
		w.do(append([]any{command, key}, slices.Concat(part...)...)...)
	}
}

// words are elements of many kinds: small and large numbers, short, long and
// compressible texts, bytes.
func words(i int) []any {
	long := strings.Repeat(fmt.Sprint("long ", i, " "), 60)
	kinds := []any{i, -i, i * 1000, i * 100_000, int64(i) << 40, fmt.Sprint("w", i), fmt.Sprintf("\x00\xff%d", i), long[:64+i%300]}
	return []any{kinds[i%len(kinds)], kinds[(i+3)%len(kinds)]}
}

func TestTheSameValueIsRecognisedInWhateverOrderItWasWritten(t *testing.T) {
	for _, version := range []string{"redis-7.0", "redis-8.0", "redis-8.6", "valkey-8.1", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := writer{t, labtest.Start(t, lab.Config{Primaries: 1, Binary: labtest.Only(t, version).Path}).Nodes()[0]}
			timed := version == "redis-8.0" || version == "redis-8.6" || version == "valkey-9.1"
			for _, c := range []struct {
				name, command, remove string
				count, size           int
				make                  func(int) []any
				ordered, timed        bool
			}{
				{"a small set", "SADD", "SREM", 50, 1, words, false, false},
				{"a large set", "SADD", "SREM", 2000, 1, words, false, false},
				{"a set of numbers", "SADD", "SREM", 300, 1, func(i int) []any { return []any{i - 150} }, false, false},
				{"a set of large numbers", "SADD", "SREM", 30, 1, func(i int) []any { return []any{int64(i) << 36} }, false, false},
				{"a small hash", "HSET", "HDEL", 20, 2, func(i int) []any { return []any{words(i)[0], words(i)[1]} }, false, false},
				{"a large hash", "HSET", "HDEL", 2000, 2, func(i int) []any { return []any{fmt.Sprint("f", i), words(i)[1]} }, false, false},
				{"a small hash with times", "HSET", "HDEL", 20, 2, words, false, true},
				{"a large hash with times", "HSET", "HDEL", 2000, 2, func(i int) []any { return []any{fmt.Sprint("f", i), words(i)[1]} }, false, true},
				{"a small sorted set", "ZADD", "ZREM", 50, 2, func(i int) []any { return []any{float64(i%5) / 3, words(i)[0]} }, false, false},
				{"a large sorted set", "ZADD", "ZREM", 2000, 2, func(i int) []any { return []any{[]any{i, "-inf", 1e300, float64(i) / 7}[i%4], fmt.Sprint("m", i)} }, false, false},
				{"a short list", "RPUSH", "", 30, 1, words, true, false},
				{"a long list", "RPUSH", "", 3000, 1, func(i int) []any {
					if i == 1500 {
						return []any{strings.Repeat("plain", 3000)}
					}
					return words(i)
				}, true, false},
			} {
				if c.timed && !timed {
					continue
				}
				elements := groups(c.count, c.size, c.make)
				w.do("DEL", "a")
				w.do("DEL", "b")
				w.put(c.command, "a", elements)
				if !c.ordered {
					rand.Shuffle(len(elements), func(i, k int) { elements[i], elements[k] = elements[k], elements[i] })
				}
				w.put(c.command, "b", elements)
				if c.remove != "" { // it was larger once, so it is kept in another way
					more := groups(1000, c.size, func(i int) []any { return []any{i, fmt.Sprint("gone ", i)} })
					w.put(c.command, "b", more)
					for part := range slices.Chunk(more, 100) {
						cmd := []any{c.remove, "b"}
						for _, g := range part {
							if c.command == "ZADD" {
								g = g[1:]
							}
							cmd = append(cmd, g[0])
						}
						w.do(cmd...)
					}
					w.put(c.command, "b", elements) // what had the same name
				}
				ends := []any{}
				if c.timed {
					for i := range 5 {
						ends = append(ends, elements[3*i][0])
						for _, key := range []any{"a", "b"} {
							w.do("HPEXPIREAT", key, 4_000_000_000_000+i*1000, "FIELDS", 1, elements[3*i][0])
						}
					}
				}
				a, b := w.dump("a"), w.dump("b")
				if same, read := Same(a, b); !same || !read {
					t.Errorf("%s (types %d and %d) is not recognised: the same %v, read %v", c.name, a[0], b[0], same, read)
				}
				for _, change := range [][]any{{"RPUSH", "b", "x"}, {"SADD", "b", "x"}, {"HSET", "b", elements[1][0], "another"}, {"ZADD", "b", 4711.5, elements[c.count/2-1][c.size-1]}, {"LSET", "b", 7, "another"}, {"HPEXPIREAT", "b", 4_000_000_000_777, "FIELDS", 1, append(ends, "")[0]}} {
					word := change[0].(string)
					if word[0] != c.command[0] && !(word[0] == 'L' && c.ordered) || word == "HPEXPIREAT" && !c.timed {
						continue
					}
					w.do("RESTORE", "b", 0, b, "REPLACE")
					w.do(change...)
					if same, read := Same(a, w.dump("b")); same || !read {
						t.Errorf("%s after %v counts as the same: %v, read %v", c.name, change, same, read)
					}
				}
			}
			w.do("SET", "a", "12345")
			w.do("SET", "b", "1234")
			before := w.dump("b")
			w.do("APPEND", "b", "5")
			if same, _ := Same(w.dump("a"), w.dump("b")); !same {
				t.Error("a text is not recognised")
			}
			if same, read := Same(w.dump("a"), before); same || !read {
				t.Error("another text counts as the same")
			}
			w.do("XADD", "s", "*", "f", "v")
			one := w.dump("s")
			w.do("XADD", "s", "*", "f", "v")
			if same, read := Same(one, w.dump("s")); same || read {
				t.Error("streams are not read, and that is not said")
			}
		})
	}
}

func FuzzSame(f *testing.F) {
	const end = "\x09\x00........"
	for _, s := range []string{
		"\x00\xc0\x05", "\x00\xc3\x04\x0a\x01aa\xe0\x00\x00", "\x02\x02\x01a\x01b", "\x04\x01\x01f\x01v", "\x05\x01\x01m\x00\x00\x00\x00\x00\x00\xf0\x3f",
		"\x0b\x0a\x02\x00\x00\x00\x01\x00\x00\x00\x05\x00", "\x14\x0a\x0a\x00\x00\x00\x01\x00\x05\x01\xff", "\x12\x01\x02\x0a\x0a\x00\x00\x00\x01\x00\x05\x01\xff",
		"\x16\x01\x01f\x01v\xff\xff\xff\xff\xff\xff\xff\xff", "\x18\x00\x10\x00\x00\x00\x00\x00\x00\x01\x05\x01f\x01v", "\x10\x0c\x0c\x00\x00\x00\x02\x00\x81f\x02\x07\x01\xff",
	} {
		f.Add(s + end)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		c, ok := contents(payload)
		if !ok && len(c.items) > 0 && c.kind == 0 {
			t.Errorf("%q has items and no kind", payload)
		}
		if same, read := Same(payload, payload+"x"); same && !read {
			t.Errorf("%q is the same, unread", payload)
		}
	})
}
