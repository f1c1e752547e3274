package keys

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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

func TestLargeValuesAreNotFetchedUnasked(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1})
	n := wire.Open(c.Seed(), wire.Options{CallTimeout: 30 * time.Second})
	defer n.Close()
	for _, cmd := range [][]any{
		{"SETRANGE", "big", 100 << 20, "x"}, {"EVAL", "for i=1,1000000 do redis.call('hset',KEYS[1],i,i) end", 1, "hash"},
		{"HSET", "fat", "f", strings.Repeat("x", 10<<20)},
	} {
		if _, err := n.Do(t.Context(), cmd...); err != nil {
			t.Fatal(err)
		}
	}
	r := Reading{Courier: courierTo(t), Start: c.Seed()}
	v, err := r.Value(t.Context(), "big", keyspace.ValueAsk{From: fmt.Sprint(100<<20 - 10)})
	if err != nil || v.Text != strings.Repeat("\x00", 10)+"x" || v.Elements != 100<<20+1 || v.Next != "" {
		t.Errorf("the end of 100 MiB: %q, %v", v.Text, err)
	}
	began := time.Now()
	v, err = r.Value(t.Context(), "hash", keyspace.ValueAsk{})
	if err != nil || len(v.Rows) == 0 || len(v.Rows) > 3*keyspace.PageRows || v.Next == "" || time.Since(began) > 5*time.Second {
		t.Errorf("a million fields: %d rows, %v, after %v", len(v.Rows), err, time.Since(began))
	}
	v, err = r.Value(t.Context(), "fat", keyspace.ValueAsk{})
	if err != nil || v.Withheld == "" || len(v.Rows) != 0 {
		t.Errorf("a field of 10 MiB: %d rows, %q, %v", len(v.Rows), v.Withheld, err)
	}
	if v, err = r.Value(t.Context(), "fat", keyspace.ValueAsk{Whole: true}); err != nil || len(v.Rows) != 1 || len(v.Rows[0].Text) != 10<<20 {
		t.Errorf("asked for: %d rows, %v", len(v.Rows), err)
	}
}
