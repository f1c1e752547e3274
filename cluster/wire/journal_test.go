package wire

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func split(line string) []any {
	var args []any
	for _, w := range strings.Fields(line) {
		args = append(args, w)
	}
	return args
}

func TestPasswordsNeverReachTheJournal(t *testing.T) {
	for line, want := range map[string]string{
		"AUTH s3cret":                                "AUTH ***",
		"auth user s3cret":                           "AUTH *** ***",
		"HELLO 3 AUTH default s3cret SETNAME x":      "HELLO 3 AUTH *** *** SETNAME x",
		"MIGRATE h 1 k 0 5 REPLACE AUTH s3cret":      "MIGRATE h 1 k 0 5 REPLACE AUTH ***",
		"MIGRATE h 1 x 0 5 AUTH2 u s3cret KEYS a b":  "MIGRATE h 1 x 0 5 AUTH2 *** *** KEYS a b",
		"MIGRATE h 1 x 0 5 AUTH s3cret KEYS auth b":  "MIGRATE h 1 x 0 5 AUTH *** KEYS auth b",
		"CONFIG SET requirepass s3cret":              "CONFIG SET requirepass ***",
		"config set maxmemory 1 masterauth s3cret":   "CONFIG set maxmemory 1 masterauth ***",
		"CONFIG SET primaryauth s3cret timeout 0":    "CONFIG SET primaryauth *** timeout 0",
		"CONFIG SET masteruser s3cret":               "CONFIG SET masteruser ***",
		"ACL SETUSER bob on >s3cret ~* +@all":        "ACL SETUSER bob on *** ~* +@all",
		"ACL SETUSER bob #s3cret !s3cret <s3cret on": "ACL SETUSER bob *** *** *** on",
		"SENTINEL SET m auth-pass s3cret":            "SENTINEL SET m auth-pass ***",
		"CONFIG GET requirepass":                     "CONFIG GET requirepass",
		"SET a b":                                    "SET a b",
	} {
		if got := display(split(line)); got != want {
			t.Errorf("%s: shown as %s", line, got)
		}
	}
	if got := display([]any{"WHATEVER", NewSecret("s3cret"), 5}); got != "WHATEVER *** 5" {
		t.Error(got)
	}
}

func TestCommandsAreShownOnOneBoundedLine(t *testing.T) {
	got := display([]any{"SET", "a\r\nb\x1b", strings.Repeat("v", 10000)})
	if len(got) > 2*maxCommand || strings.ContainsAny(got, "\r\n\x1b") {
		t.Errorf("%q", got)
	}
	many := []any{"MIGRATE"}
	for i := range 1000 {
		many = append(many, fmt.Sprint("k", i))
	}
	if got := display(many); !strings.HasSuffix(got, "…") || len(got) > 2*maxCommand {
		t.Errorf("%q", got)
	}
	if got := display([]any{"set", "a key", ""}); got != `SET "a key" ""` {
		t.Errorf("%q", got)
	}
}

func TestUnknownCommandsCountAsChanges(t *testing.T) {
	for line, want := range map[string]bool{
		"PING": false, "info": false, "CLUSTER NODES": false, "cluster info": false, "CONFIG GET x": false,
		"ACL LOG": false, "ACL LOG 5": false, "acl log reset": true, "ACL LOG x": true,
		"SCAN 0": false, "SLOWLOG GET 10": false, "CLIENT LIST": false,
		"CLUSTER SETSLOT 1 STABLE": true, "CLUSTER FAILOVER": true, "CONFIG SET a b": true, "CONFIG REWRITE": true,
		"SLOWLOG RESET": true, "CLUSTER": true, "CLUSTER MIGRATION STATUS ALL": false, "CLUSTER MIGRATION IMPORT 1 1": true, "CLUSTER MIGRATION": true, "SET a b": true, "GETDEL a": true,
		"DEBUG SLEEP 1": true, "FROBNICATE": true, "COMMAND": false, "COMMAND FROB": true, "COMMAND COUNT": false, "GET COUNT": false, "CLIENT KILL ID 1": true, "SHUTDOWN": true, "BGSAVE": true,
	} {
		if got := changes(commandName(split(line))); got != want {
			t.Errorf("%s: changes = %v", line, got)
		}
		if name := knownReading(split(line)); name != "" && (want || name != commandName(split(line))) {
			t.Errorf("%s is taken for the reading %s", line, name)
		}
	}
}

// TestJournalTakesAMigrateThatFoundNoKeyForNoChange: a mover sends such ones by the
// hundred; one that failed, or was not answered, may have moved something.
func TestJournalTakesAMigrateThatFoundNoKeyForNoChange(t *testing.T) {
	j := NewJournal()
	migrate := []any{"MIGRATE", "h", 1, "k", 0, 1000}
	j.record("h:1", [][]any{migrate, {"SET", "k", "NOKEY"}, migrate, migrate, migrate},
		[]Answer{{Value: "NOKEY"}, {Value: "NOKEY"}, {Value: "OK"}, {Err: errors.New("IOERR")}, {}}, time.Now(), false)
	if got := j.Entries(); len(got) != 4 {
		t.Errorf("%+v", got)
	}
	if got := j.Counts(); len(got) != 1 || got[0].Command != "MIGRATE (no key)" || got[0].Sent != 1 {
		t.Errorf("%+v", got)
	}
}

func TestJournalKeepsEveryChangeAndOnlyCountsReads(t *testing.T) {
	j := NewJournal()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 1000 {
				j.record(fmt.Sprint("h:", g), [][]any{{"PING"}, {"SET", fmt.Sprint(i), "v"}}, make([]Answer, 2), time.Now(), false)
			}
		})
	}
	all.Wait()
	entries := j.Entries()
	if len(entries) != JournalSize {
		t.Fatalf("%d entries, want %d", len(entries), JournalSize)
	}
	for i, e := range entries {
		if e.Seq != uint64(4000-JournalSize+i+1) || !strings.HasPrefix(e.Command, "SET ") || !e.Changes {
			t.Fatalf("entry %d: %+v", i, e)
		}
	}
	counts := j.Counts()
	if len(counts) != 4 || counts[0] != (Count{Addr: "h:0", Command: "PING", Sent: 1000}) {
		t.Errorf("%+v", counts)
	}
}

func TestJournalCountsStayBounded(t *testing.T) {
	j := NewJournal()
	for i := range maxCounts + 500 {
		j.record(fmt.Sprint("h:", i), [][]any{{"PING"}}, make([]Answer, 1), time.Now(), false)
	}
	counts := j.Counts()
	if len(counts) != maxCounts+1 || counts[0].Addr != "" || counts[0].Sent != 500 {
		t.Errorf("%d counts, first %+v", len(counts), counts[0])
	}
}
