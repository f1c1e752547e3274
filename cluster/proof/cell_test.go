package proof

import (
	"errors"
	"strconv"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestCellsTellWhichWriteStayed(t *testing.T) {
	value := func(n int64) string { return strconv.FormatInt(n, 10) + filler }
	for _, c := range []struct {
		claim string
		cell  cell
		value string
		there bool
		want  fate
	}{
		{"the last acknowledged write is there", cell{tried: 2, acked: 2, safe: 2}, value(2), true, kept},
		{"a write without an answer may be there", cell{tried: 3, acked: 2, safe: 2}, value(3), true, kept},
		{"a write without an answer may be missing", cell{tried: 3, acked: 2, safe: 2}, value(2), true, kept},
		{"a key that was never acknowledged may be missing", cell{tried: 1}, "", false, kept},
		{"an older value is a lost write", cell{tried: 2, acked: 2, safe: 2}, value(1), true, lost},
		{"an absent key is a lost write", cell{tried: 1, acked: 1, safe: 1}, "", false, lost},
		{"what no replica confirmed is told apart", cell{tried: 2, acked: 2, safe: 1}, value(1), true, async},
		{"a removed key is absent", cell{tried: 2, acked: 2, safe: 2, deleted: 2}, "", false, kept},
		{"a removed key that is there is risen", cell{tried: 2, acked: 2, safe: 2, deleted: 2}, value(1), true, risen},
		{"a removal without an answer may not have happened", cell{tried: 2, acked: 1, safe: 1, deleted: 2}, value(1), true, kept},
		{"a removal without an answer may have happened", cell{tried: 2, acked: 1, safe: 1, deleted: 2}, "", false, kept},
		{"a removal without an answer excuses no older value", cell{tried: 3, acked: 2, safe: 2, deleted: 3}, value(1), true, lost},
		{"a write from the future is wrong", cell{tried: 1, acked: 1, safe: 1}, value(2), true, wrong},
		{"a torn value is wrong", cell{tried: 1, acked: 1, safe: 1}, "1:0123", true, wrong},
		{"a counter holds its number", cell{counter: true, tried: 4, acked: 4, safe: 4}, "4", true, kept},
		{"a counter that went on from what its replica had lost what no replica confirmed", counted(1, -2, 2, 3), "3", true, async},
		{"a counter that forgot a confirmed count lost it", counted(1, 2, 2, 3), "3", true, lost},
		{"a counter that began again lost all", counted(1, 2, 3, 1), "1", true, lost},
		{"a counter that is older than its last count lost it", counted(1, 2, 3), "2", true, lost},
		{"a counter that is older than what no replica confirmed is told apart", counted(1, 2, -3), "2", true, async},
		{"a counter that counted too far is wrong", cell{counter: true, tried: 4, acked: 4, safe: 4}, "5", true, wrong},
	} {
		if got, text := c.cell.judge(c.value, c.there); got != c.want {
			t.Errorf("%s: fate %d, want %d (%s)", c.claim, got, c.want, text)
		}
	}
}

// counted is a counter with these replies; those that no replica confirmed are
// negative.
func counted(replies ...int64) cell {
	c := cell{counter: true}
	for _, n := range replies {
		c.tried++
		c.acked = c.tried
		if n > 0 {
			c.safe = c.tried
		}
		c.acks = append(c.acks, Ack{Write: c.tried, Reply: max(n, -n), Safe: n > 0})
	}
	return c
}

func TestRefusedWritesCountForNothing(t *testing.T) {
	c := cell{tried: 1, acked: 1, safe: 1}
	c.command(true)
	c.refused()
	if got, text := c.judge("1"+filler, true); got != kept {
		t.Errorf("a removal that was refused: %s", text)
	}
	c.command(false)
	c.refused()
	if got, _ := c.judge("2"+filler, true); got != wrong {
		t.Error("a write that was refused and is there was not noticed")
	}
}

func TestNodeThatCallsTheClusterDownIsAskedAgain(t *testing.T) {
	asked := 0
	read := func() error {
		if asked++; asked < 3 {
			return errors.New("node x: CLUSTERDOWN The cluster is down")
		}
		return nil
	}
	if err := patiently(t.Context(), read); err != nil || asked != 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	other := errors.New("ERR no such thing")
	if err := patiently(t.Context(), func() error { return other }); err != other {
		t.Errorf("another error is not told: %v", err)
	}
}
