package wire

import (
	"bufio"
	"reflect"
	"strings"
	"testing"
)

func TestRepliesAreReadWhateverTheirSize(t *testing.T) {
	long := strings.Repeat("x", 40_000)
	raw := "*9\r\n+OK\r\n$2\r\nOK\r\n:-5\r\n$-1\r\n*-1\r\n*2\r\n$4\r\na\r\nb\r\n*0\r\n-ERR \x1bno\r\n$40000\r\n" + long + "\r\n+" + long + "\r\n"
	in := bufio.NewReaderSize(strings.NewReader(raw+":1\r\n"), 16<<10)
	got, err := reply(in)
	want := []any{"OK", "OK", int64(-5), nil, nil, []any{"a\r\nb", []any{}}, replyError(`ERR \x1bno`), long, long}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%.200v, %v", got, err)
	}
	if next, err := reply(in); err != nil || next != any(int64(1)) {
		t.Errorf("behind it %v, %v", next, err)
	}
}

func TestCommandsAreWrittenAsTheProtocolHasThem(t *testing.T) {
	got, ok := encoded(nil, [][]any{{"SET", "k\x00\r\n", []byte("\xff")}, {"SCAN", 10, int64(-3), ""}, {"AUTH", NewSecret("p w")}})
	want := "*3\r\n$3\r\nSET\r\n$4\r\nk\x00\r\n\r\n$1\r\n\xff\r\n*4\r\n$4\r\nSCAN\r\n$2\r\n10\r\n$2\r\n-3\r\n$0\r\n\r\n*2\r\n$4\r\nAUTH\r\n$3\r\np w\r\n"
	if !ok || string(got) != want {
		t.Errorf("%q", got)
	}
	if _, ok := encoded(nil, [][]any{{"SET", "k", 1.5}}); ok {
		t.Error("a word of a kind that is not known is written")
	}
}

func FuzzReplyNeverFailsOnWhatTheGuardLetsPass(f *testing.F) {
	f.Add("*2\r\n$3\r\nabc\r\n+x\r\n")
	f.Add("-ERR\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		var guard frames
		guard.renew()
		if guard.pass([]byte(raw)) != nil || !guard.whole() || guard.replies != 1 || len(raw) > 1<<16 {
			return // nothing else comes through
		}
		in := bufio.NewReaderSize(strings.NewReader(raw), 16<<10)
		if _, err := reply(in); err != nil && !strings.Contains(err.Error(), "not a server's answer") {
			t.Errorf("%q: %v", raw, err)
		} else if err == nil && in.Buffered() > 0 {
			t.Errorf("%q leaves %d bytes", raw, in.Buffered())
		}
	})
}
