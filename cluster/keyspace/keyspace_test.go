package keyspace

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestErrorsAreReadAsClientsReadThem(t *testing.T) {
	for text, want := range map[string]Redirect{
		"MOVED 12182 127.0.0.1:7003":        {Moved, 12182, "127.0.0.1:7003"},
		"ASK 5 ::1:7003":                    {Ask, 5, "::1:7003"},
		"MOVED 5 :7003":                     {Moved, 5, ":7003"},
		"MOVED 16384 127.0.0.1:7003":        {Outcome: Failed},
		"MOVED":                             {Outcome: Failed},
		"MOVED 5 nowhere":                   {Outcome: Failed},
		"TRYAGAIN Multiple keys request":    {Outcome: TryAgain},
		"CROSSSLOT Keys in request":         {Outcome: CrossSlot},
		"CLUSTERDOWN Hash slot not served":  {Outcome: ClusterDown},
		"WRONGTYPE Operation against a key": {Outcome: Failed},
		"":                                  {Outcome: Failed},
	} {
		if got := ReadError(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestTraceFollowsRedirectionsAndGivesUp(t *testing.T) {
	tr := Begin("a", []string{"GET", "k"})
	addr, asking, more := tr.Next()
	if addr != "a" || asking || !more {
		t.Fatalf("it begins at %s, asking %v, %v", addr, asking, more)
	}
	tr.Add(Hop{Addr: "a", Redirect: Redirect{Outcome: Ask}}, "b", nil, nil)
	if addr, asking, more = tr.Next(); addr != "b" || !asking || !more {
		t.Errorf("after ASK: %s, asking %v, %v", addr, asking, more)
	}
	tr.Add(Hop{Addr: "b", Redirect: Redirect{Outcome: Answered}}, "", []any{"v"}, []error{nil})
	if _, _, more = tr.Next(); more || !strings.Contains(tr.Verdict(), "ASKING") {
		t.Errorf("it goes on after the answer, or says: %s", tr.Verdict())
	}
	round := Begin("a", []string{"GET", "k"})
	for range MaxHops {
		if _, _, more := round.Next(); !more {
			t.Fatal("it ends too early")
		}
		round.Add(Hop{Redirect: Redirect{Outcome: Moved, Slot: 7}}, "a", nil, nil)
	}
	if _, _, more := round.Next(); more || !strings.Contains(round.Verdict(), "slot 7") {
		t.Errorf("a circle without end: %s", round.Verdict())
	}
	down := Begin("a", []string{"GET", "k"})
	down.Add(Hop{Redirect: Redirect{Outcome: ClusterDown}, Err: errors.New("CLUSTERDOWN Hash slot not served")}, "", nil, nil)
	if !strings.Contains(down.Verdict(), "nobody owns the slot") {
		t.Errorf("an uncovered slot: %s", down.Verdict())
	}
}

func TestKeysAreFoundByTheTable(t *testing.T) {
	for line, want := range map[string]string{
		"GET a":                            "a",
		"mset a 1 b 2":                     "a b",
		"EVAL script 2 a b c":              "a b",
		"EVAL script 0 c":                  "",
		"ZUNIONSTORE d 2 a b WEIGHTS 1 2":  "d a b",
		"XREAD COUNT 2 STREAMS a b 0 0":    "a b",
		"BLPOP a b 0":                      "a b",
		"BITOP AND d a b":                  "d a b",
		"SORT a BY x STORE d":              "a d",
		"MIGRATE h 1 \"\" 0 10 KEYS a b":   "a b",
		"MIGRATE h 1 a 0 10":               "a",
		"OBJECT ENCODING a":                "a",
		"MEMORY USAGE a":                   "a",
		"PING x":                           "",
		"SINTERCARD 2 a b LIMIT 3":         "a b",
		"LMPOP 5 a":                        "a",
		"EVAL script nonsense a":           "",
		"BLMPOP 0 1 a LEFT":                "a",
		"GEORADIUS a 1 1 1 km STOREDIST d": "a d",
		"XREADGROUP GROUP g c STREAMS a >": "a",
		"SMOVE a b m":                      "a b",
		"INFO":                             "",
	} {
		words, err := Words(line)
		if err != nil {
			t.Fatal(err)
		}
		if got, known := KeysOf(words); strings.Join(got, " ") != want || !known {
			t.Errorf("%s: %q (known: %v), want %q", line, got, known, want)
		}
	}
	if keys, known := KeysOf([]string{"JSON.GET", "doc", "$"}); known || !slices.Equal(keys, []string{"doc"}) {
		t.Errorf("a command of a module: %q, known %v", keys, known)
	}
}

func TestNotesSayWhatWouldFailAndWhatHelps(t *testing.T) {
	for line, want := range map[string]string{
		"SELECT 1":               "only Valkey 9",
		"SELECT 0":               "",
		"GET a":                  "",
		"MGET user:7:a user:7:b": "with the tag {user:7}",
		"MGET a b":               "only the same {tag}",
		"RENAME a b":             "CROSSSLOT",
		"KEYS *":                 "slotdeck scan",
		"EVAL s 0":               "declare every key",
		"REPLICAOF h 1":          "CLUSTER REPLICATE",
		"SORT a BY w_*":          "refuses that",
	} {
		words, _ := Words(line)
		keys, _ := KeysOf(words)
		got := strings.Join(Note([][]string{words}, [][]string{keys}), " | ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	tx := [][]string{{"MULTI"}, {"SET", "a", "1"}, {"SET", "b", "1"}, {"EXEC"}}
	if got := strings.Join(Note(tx, [][]string{nil, {"a"}, {"b"}, nil}), " "); !strings.Contains(got, "EXECABORT") {
		t.Errorf("a transaction over two slots: %q", got)
	}
}

func TestWordsAreSplitAsRedisCliDoes(t *testing.T) {
	for line, want := range map[string][]string{
		`set a b`:          {"set", "a", "b"},
		"  a\t b \r":       {"a", "b"},
		`"a b" 'c d'`:      {"a b", "c d"},
		`"\x41\xfF\n\"\q"`: {"A\xff\n\"q"},
		`'it\'s' '\n'`:     {"it's", `\n`},
		`""`:               {""},
		``:                 nil,
		`a"b c"`:           {"ab c"},
		`"\xg1"`:           {"xg1"},
	} {
		if got, err := Words(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", line, got, err, want)
		}
	}
	for _, line := range []string{`"a`, `'a`, `"a"b`, `"\`} {
		if got, err := Words(line); err == nil {
			t.Errorf("%s: %q without an error", line, got)
		}
	}
}

func FuzzQuotedWordsAreReadBack(f *testing.F) {
	f.Add("a\x00\xff\" \\x")
	f.Fuzz(func(t *testing.T, s string) {
		for _, text := range []string{Quoted(s), Escaped(s)} {
			if got, err := Words(text); err != nil || len(got) != 1 || got[0] != s {
				t.Fatalf("%q is written %s and read %q, %v", s, text, got, err)
			}
		}
	})
}
