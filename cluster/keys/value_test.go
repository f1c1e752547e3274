package keys

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/fake"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
)

func TestValuesOfEveryTypeAreReadPageByPage(t *testing.T) {
	some(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		ctx := t.Context()
		courier := courierTo(t)
		r := Reading{Courier: courier, Start: c.Seed()}
		send := func(line string) {
			words, err := keyspace.Words(line)
			must(t, err)
			tr := courier.Carry(ctx, keyspace.Begin(c.Seed(), words))
			if last, _ := tr.Last(); last.Outcome != keyspace.Answered {
				t.Fatalf("%s: %v", line, tr.Errs)
			}
		}
		for part := range 10 {
			var hash, list, set, zset []string
			for i := range 100 {
				n := part*100 + i
				hash = append(hash, fmt.Sprintf("f%d v%d", n, n))
				list = append(list, fmt.Sprintf("i%d", n))
				set = append(set, fmt.Sprintf("m%d", n))
				zset = append(zset, fmt.Sprintf("%d z%d", n, n))
			}
			send("HSET hash " + strings.Join(hash, " "))
			send("RPUSH list " + strings.Join(list, " "))
			send("SADD set " + strings.Join(set, " "))
			send("ZADD zset " + strings.Join(zset, " "))
			for i := range 25 {
				send(fmt.Sprintf(`XADD stream %d-1 a "x\x00 %d"`, part*25+i+1, i))
			}
		}
		send(`SET bin\xff "` + strings.Repeat(`\x00\xff`, 20000) + `"`)
		for kind, elements := range map[string]int{"hash": 1000, "list": 1000, "set": 1000, "zset": 1000, "stream": 250} {
			seen, pages, ask := map[string]string{}, 0, keyspace.ValueAsk{}
			for {
				v, err := r.Value(ctx, kind, ask)
				must(t, err)
				if v.Type != kind || int(v.Elements) != elements || v.TTL != keyspace.NoTTL || v.Bytes <= 0 || v.Encoding == "" {
					t.Fatalf("%s: %+v", kind, v.Entry)
				}
				if len(v.Rows) > 3*keyspace.PageRows {
					t.Errorf("%s: a page of %d rows", kind, len(v.Rows))
				}
				for _, row := range v.Rows {
					seen[row.Name] = row.Text
				}
				if pages++; v.Next == "" {
					break
				}
				ask.From = v.Next
			}
			if len(seen) != elements || pages < 2 {
				t.Errorf("%s: %d rows on %d pages, want %d", kind, len(seen), pages, elements)
			}
			switch kind {
			case "hash":
				if seen["f77"] != "v77" {
					t.Errorf("f77 is %q", seen["f77"])
				}
			case "stream":
				if seen["3-1"] != `a "x\x00 2"` {
					t.Errorf("entry 3-1 is %q", seen["3-1"])
				}
			}
		}
		v, err := r.Value(ctx, `bin\xff`, keyspace.ValueAsk{})
		must(t, err)
		if len(v.Text) != keyspace.PageText || v.Next != fmt.Sprint(keyspace.PageText) || !strings.HasPrefix(v.Text, "\x00\xff") {
			t.Errorf("a page of %d bytes, next %s", len(v.Text), v.Next)
		}
		if _, err := r.Value(ctx, "nothing", keyspace.ValueAsk{}); !errors.Is(err, ErrGone) {
			t.Errorf("a key that is not there: %v", err)
		}
		if server.Name != "redis-7.0" {
			send("HPEXPIRE hash 500000 FIELDS 1 f5")
			v, err := r.Value(ctx, "hash", keyspace.ValueAsk{})
			must(t, err)
			found := v.Next != "" // f5 may be on a later page
			for _, row := range v.Rows {
				found = found || row.Name == "f5" && row.TTL > 400*time.Second
			}
			if !found {
				t.Error("the field's time to live is not told")
			}
		}
	})
}

// sentBy is how many bytes a node has sent in all.
func sentBy(t *testing.T, n *wire.Node) int64 {
	t.Helper()
	v, err := n.Do(t.Context(), "INFO", "stats")
	must(t, err)
	_, rest, _ := strings.Cut(v.(string), "total_net_output_bytes:")
	number, _, _ := strings.Cut(rest, "\r")
	bytes, err := strconv.ParseInt(number, 10, 64)
	must(t, err)
	return bytes
}

func TestLargeValuesAreNotFetchedUnasked(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1})
	n := wire.Open(c.Seed(), wire.Options{CallTimeout: 30 * time.Second})
	defer n.Close()
	for _, cmd := range [][]any{
		{"SETRANGE", "big", 100 << 20, "x"}, {"EVAL", "for i=1,1000000 do redis.call('hset',KEYS[1],i,i) end", 1, "hash"},
		{"HSET", "fat", "f", strings.Repeat("x", 10<<20)},
		{"EVAL", "for i=1,1000 do redis.call('rpush',KEYS[1],string.rep('i',100)) end; redis.call('lpush',KEYS[1],string.rep('x',90*1024*1024))", 1, "list"},
	} {
		if _, err := n.Do(t.Context(), cmd...); err != nil {
			t.Fatal(err)
		}
	}
	r := Reading{Courier: courierTo(t), Start: c.Seed()}
	before := sentBy(t, n)
	if v, err := r.Value(t.Context(), "big", keyspace.ValueAsk{}); err != nil || len(v.Text) != keyspace.PageText {
		t.Errorf("the beginning of 100 MiB: %d bytes, %v", len(v.Text), err)
	}
	v, err := r.Value(t.Context(), "big", keyspace.ValueAsk{From: fmt.Sprint(100<<20 - 10)})
	if err != nil || v.Text != strings.Repeat("\x00", 10)+"x" || v.Elements != 100<<20+1 || v.Next != "" {
		t.Errorf("the end of 100 MiB: %q, %v", v.Text, err)
	}
	v, err = r.Value(t.Context(), "hash", keyspace.ValueAsk{})
	if err != nil || len(v.Rows) == 0 || len(v.Rows) > 3*keyspace.PageRows || v.Next == "" {
		t.Errorf("a million fields: %d rows, %v", len(v.Rows), err)
	}
	v, err = r.Value(t.Context(), "fat", keyspace.ValueAsk{})
	if err != nil || v.Withheld == "" || len(v.Rows) != 0 {
		t.Errorf("a field of 10 MiB: %d rows, %q, %v", len(v.Rows), v.Withheld, err)
	}
	if sent := sentBy(t, n) - before; sent > 100<<10 {
		t.Errorf("for a page of each the server sent %d KiB", sent>>10)
	}
	v, err = r.Value(t.Context(), "list", keyspace.ValueAsk{}) // 90 MiB among a thousand small ones
	if err != nil || v.Withheld == "" || len(v.Rows) != 0 {
		t.Errorf("an average that deceives: %d rows, %q, %v", len(v.Rows), v.Withheld, err)
	}
	if _, err = r.Value(t.Context(), "list", keyspace.ValueAsk{Whole: true}); err == nil || !strings.Contains(err.Error(), "LRANGE") {
		t.Errorf("90 MiB that were asked for: %v", err)
	}
	if v, err = r.Value(t.Context(), "fat", keyspace.ValueAsk{Whole: true}); err != nil || len(v.Rows) != 1 || len(v.Rows[0].Text) != 10<<20 {
		t.Errorf("asked for: %d rows, %v", len(v.Rows), err)
	}
}

// oneKey answers what is asked about a single key; commands that are not named
// are answered with an error.
func oneKey(t *testing.T, answer func(command string) string) Reading {
	t.Helper()
	s, err := fake.Listen("", func(cmd fake.Command) []byte {
		name := cmd.Name()
		if text := answer(name); text != "" {
			return []byte(text)
		}
		switch name {
		case "PTTL":
			return []byte(":-1\r\n")
		case "MEMORY":
			return []byte(":500\r\n")
		}
		return []byte("-ERR unknown command\r\n")
	})
	must(t, err)
	t.Cleanup(s.Close)
	return Reading{Courier: courierTo(t), Start: s.Addr()}
}

func TestDocumentsOfTheJSONModuleAreRead(t *testing.T) {
	t.Parallel()
	bytes := ":500\r\n"
	r := oneKey(t, func(command string) string {
		return map[string]string{"TYPE": "+ReJSON-RL\r\n", "JSON.GET": "$7\r\n{\"a\":1}\r\n", "MEMORY": bytes}[command]
	})
	v, err := r.Value(t.Context(), "doc", keyspace.ValueAsk{})
	if err != nil || v.Text != `{"a":1}` || v.Type != "ReJSON-RL" || v.TTL != keyspace.NoTTL || v.Elements != keyspace.Unknown {
		t.Errorf("%+v, %v", v, err)
	}
	bytes = ":50000000\r\n"
	if v, err := r.Value(t.Context(), "doc", keyspace.ValueAsk{}); err != nil || v.Text != "" || !strings.Contains(v.Withheld, "47 MiB") {
		t.Errorf("a large one: %+v, %v", v, err)
	}
	if v, err := r.Value(t.Context(), "doc", keyspace.ValueAsk{Whole: true}); err != nil || v.Text == "" {
		t.Errorf("a large one that was asked for: %+v, %v", v, err)
	}
}

func TestAKeyThatBecomesAnotherTypeWhileItIsReadIsReadAnew(t *testing.T) {
	t.Parallel()
	asked := 0
	r := oneKey(t, func(command string) string {
		switch command {
		case "TYPE":
			if asked++; asked == 1 {
				return "+hash\r\n"
			}
			return "+string\r\n"
		case "HLEN":
			return "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
		case "STRLEN":
			return ":3\r\n"
		case "GETRANGE":
			return "$3\r\nnew\r\n"
		}
		return ""
	})
	if v, err := r.Value(t.Context(), "k", keyspace.ValueAsk{From: "77"}); err != nil || v.Type != "string" || v.Text != "new" || v.From != "" {
		t.Errorf("%+v, %v", v, err)
	}
	gone := oneKey(t, func(command string) string {
		return map[string]string{"TYPE": "+hash\r\n", "HLEN": ":0\r\n", "HSCAN": "*2\r\n$1\r\n0\r\n*0\r\n"}[command]
	})
	if v, err := gone.Value(t.Context(), "k", keyspace.ValueAsk{}); !errors.Is(err, ErrGone) || !v.Gone {
		t.Errorf("gone while it was read: %+v, %v", v, err)
	}
}
