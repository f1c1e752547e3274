package views

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/ui"
)

// sampleLog is a record as main would hand it in.
type sampleLog struct {
	sent  []SentCommand
	reads []ReadCount
}

func (l *sampleLog) Sent() []SentCommand { return append([]SentCommand(nil), l.sent...) }
func (l *sampleLog) Reads() []ReadCount  { return append([]ReadCount(nil), l.reads...) }

func sampleRecord(sent int) *sampleLog {
	l := &sampleLog{}
	for i := range sent {
		c := SentCommand{
			Seq: uint64(i + 1), At: sampleNow.Add(time.Duration(i-sent) * 1500 * time.Millisecond), Addr: sampleAddr(1 + i%3),
			Command: fmt.Sprintf("CLUSTER SETSLOT %d MIGRATING %s", 398+i, sampleID(2)), Took: time.Duration(400+250*i) * time.Microsecond,
		}
		if i%5 == 3 {
			c.Command = "CLUSTER FAILOVER"
			c.Err = errors.New(c.Addr + " refused CLUSTER FAILOVER: ERR You should send CLUSTER FAILOVER to a replica\x1b[31m")
		}
		l.sent = append(l.sent, c)
	}
	for i := range 6 {
		for j, name := range []string{"PING", "CLUSTER NODES", "INFO", "CLUSTER INFO", "CLUSTER COUNTKEYSINSLOT", "CONFIG GET", "CLUSTER SLOT-STATS"} {
			c := ReadCount{Addr: sampleAddr(i + 1), Command: name, Sent: uint64(4000/(j+1) - 10*i)}
			if i == 4 && j == 0 {
				c.Failed = 12
			}
			l.reads = append(l.reads, c)
		}
	}
	return l
}

func logScreen(sc *Scene, source LogSource, keys ...string) *Log {
	l := NewLog(source)
	l.Show(sc)
	l.Body(sc)
	for _, k := range keys {
		l.Key(pressOf(k), sc)
	}
	return l
}

func TestLogPictures(t *testing.T) {
	for name, make := range map[string]func(*Scene) Screen{
		"log/none":  func(sc *Scene) Screen { return logScreen(sc, nil) },
		"log/quiet": func(sc *Scene) Screen { return logScreen(sc, sampleRecord(0)) },
		"log/busy": func(sc *Scene) Screen {
			l := logScreen(sc, sampleRecord(30), "j")
			sc.Now = sc.Now.Add(2 * time.Second)
			l.source.(*sampleLog).reads[0].Sent += 24
			l.Show(sc)
			return l
		},
		"log/reads": func(sc *Scene) Screen { return logScreen(sc, sampleRecord(3), "tab", "j", "j") },
	} {
		goldenBodies(t, name, sampleSnapshot(), make)
		fillsExactly(t, sampleSnapshot(), make)
	}
}

func TestNewestCommandIsOnTop(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), ui.Look{}, 80, 20)
	source := sampleRecord(4)
	l := logScreen(sc, source)
	if got := l.sent[0].Seq; got != 4 || l.Selected(sc).Text != "CLUSTER FAILOVER" {
		t.Fatalf("on top is %d, and y copies %q", got, l.Selected(sc).Text)
	}
	drive(t, l, sc, "j")
	source.sent = sampleRecord(6).sent
	l.Show(sc)
	if l.cursor.Key != "3" || l.sent[0].Seq != 6 {
		t.Fatalf("the cursor went from command 3 to %s", l.cursor.Key)
	}
	drive(t, l, sc, "g")
	source.sent = sampleRecord(9).sent
	l.Show(sc)
	if l.cursor.Key != "9" {
		t.Fatalf("on the newest it does not stay on the newest: %s", l.cursor.Key)
	}
}

func TestRefusedCommandShowsItsWholeSentence(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), ui.Look{}, 80, 20)
	l := logScreen(sc, sampleRecord(4))
	text := strings.Join(strings.Fields(bodyText(l, sc)), " ")
	if want := `10.0.0.11:7001 refused CLUSTER FAILOVER: ERR You should send CLUSTER FAILOVER to a replica\x1b[31m`; !strings.Contains(text, want) {
		t.Fatalf("%q is not in\n%s", want, text)
	}
}

func TestLogIsNarrowedByFilterAndIssues(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), ui.Look{}, 80, 20)
	sc.Issues = true
	l := logScreen(sc, sampleRecord(10))
	if len(l.sent) != 2 || len(l.reads.nodes) != 1 {
		t.Fatalf("%d commands failed, %d nodes had failed readings; want 2 and 1", len(l.sent), len(l.reads.nodes))
	}
	sc.Issues = false
	sc.Filter, _ = NewFilter("7002|setslot 400")
	l.Show(sc)
	if len(l.sent) != 4 || len(l.reads.nodes) != 1 {
		t.Fatalf("%d commands and %d nodes match; want 4 and 1", len(l.sent), len(l.reads.nodes))
	}
	sc.Filter, _ = NewFilter("no such thing")
	l.Show(sc)
	wantText(t, l, sc, "none of the 10 commands matches")
}

func TestReadsAddUpInEveryRowAtEveryWidth(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), ui.Look{}, 80, 20)
	l := logScreen(sc, sampleRecord(0))
	for w := 60; w < 220; w += 7 {
		tb, shown := l.reads.table(w)
		row := l.reads.row(sc.Theme, l.reads.total, "all", shown)
		if others := shown < len(l.reads.commands); others != (tb.Columns[len(tb.Columns)-1].Title == "others") {
			t.Fatalf("at %d: %d of %d commands, yet the last column is %q", w, shown, len(l.reads.commands), tb.Columns[len(tb.Columns)-1].Title)
		}
		if len(row.Cells) < len(tb.Columns) {
			t.Fatalf("at %d: %d cells for %d columns", w, len(row.Cells), len(tb.Columns))
		}
		sum := uint64(0)
		for _, c := range l.reads.commands[:shown] {
			sum += l.reads.total.by[c]
		}
		if shown == len(l.reads.commands) && sum != l.reads.total.sent {
			t.Fatalf("the columns come to %d, the row to %d", sum, l.reads.total.sent)
		}
	}
}

func TestRateIsOverTheLastPictures(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), ui.Look{}, 80, 20)
	source := &sampleLog{reads: []ReadCount{{Addr: "a:1", Command: "PING", Sent: 100}}}
	l := logScreen(sc, source)
	if got := l.reads.rate(); got != -1 {
		t.Fatalf("after one picture the rate is %v", got)
	}
	for range 30 {
		sc.Now = sc.Now.Add(2 * time.Second)
		source.reads[0].Sent += 14
		l.Show(sc)
	}
	if got := l.reads.rate(); got != 7 || len(l.reads.recent) != loadPoints {
		t.Fatalf("the rate is %v over %d pictures, want 7 over %d", got, len(l.reads.recent), loadPoints)
	}
}

func TestReadsAreOrderedByNameOrByLoad(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), ui.Look{}, 80, 20)
	source := &sampleLog{reads: []ReadCount{{"a:1", "PING", 5, 0}, {"b:1", "PING", 9, 0}, {"", "PING", 1, 0}}}
	l := logScreen(sc, source, "tab")
	if got := l.reads.current(); got != "" {
		t.Errorf("first by name is %q", got)
	}
	drive(t, l, sc, "s", "g")
	if got := l.Selected(sc).Text; got != "b:1" {
		t.Errorf("first by load is %q", got)
	}
	wantText(t, l, sc, "other nodes")
}

func TestLogIsReadBeforeTheFirstSnapshot(t *testing.T) {
	sc := sampleScene(nil, ui.Look{}, 80, 20)
	l := NewLog(sampleRecord(2))
	wantText(t, l, sc, "CLUSTER SETSLOT", "PING")
}
