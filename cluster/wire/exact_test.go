package wire

import (
	"reflect"
	"testing"
)

func TestExactRepliesKeepTheirKinds(t *testing.T) {
	raw := "*7\r\n+OK\r\n$2\r\nOK\r\n:-5\r\n$-1\r\n*-1\r\n*2\r\n$4\r\na\r\nb\r\n*0\r\n-ERR \x1bno\r\n:1\r\n"
	got, rest := exactly(raw)
	want := []any{Status("OK"), "OK", int64(-5), nil, nil, []any{"a\r\nb", []any{}}, Complaint(`ERR \x1bno`)}
	if !reflect.DeepEqual(got, want) || rest != ":1\r\n" {
		t.Errorf("%#v, and behind it %q", got, rest)
	}
}

func FuzzExactNeverFails(f *testing.F) {
	f.Add("*2\r\n$3\r\nabc\r\n+x\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		var guard frames
		guard.renew()
		if guard.pass([]byte(raw)) != nil || !guard.whole() || guard.replies != 1 || len(raw) > 1<<16 {
			return // nothing else comes through
		}
		if _, rest := exactly(raw); rest != "" {
			t.Errorf("%q leaves %q", raw, rest)
		}
	})
}
