package wire

import (
	"errors"
	"strings"
	"testing"
)

func feed(text string, step int) (*frames, error) {
	f := new(frames)
	f.renew()
	for len(text) > 0 {
		n := min(step, len(text))
		if err := f.pass([]byte(text[:n])); err != nil {
			return f, err
		}
		text = text[n:]
	}
	return f, nil
}

func TestFramesFollowsRepliesInPiecesOfAnySize(t *testing.T) {
	const whole = "+PONG\r\n:12\r\n-ERR no\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n*0\r\n*-1\r\n*2\r\n*1\r\n:1\r\n$1\r\nx\r\n"
	for step := 1; step <= len(whole); step++ {
		f, err := feed(whole, step)
		if err != nil {
			t.Fatalf("in pieces of %d: %v", step, err)
		}
		if !f.whole() {
			t.Fatalf("in pieces of %d: not at the end of a reply", step)
		}
	}
	for cut := 1; cut < 5; cut++ {
		if f, _ := feed("*1\r\n$3\r\nabc\r\n"[:13-cut], 3); f.whole() {
			t.Errorf("cut short by %d, yet whole", cut)
		}
	}
}

func TestFramesRefusesWhatWouldTakeMemoryWithoutBound(t *testing.T) {
	for name, text := range map[string]string{
		"giant text":        "$999999999999\r\n",
		"text over budget":  "$67108864\r\n",
		"length overflow":   "$99999999999999999999999\r\n",
		"negative length":   "$-2\r\n",
		"no digits":         "$\r\n",
		"streamed":          "$?\r\n",
		"giant list":        "*999999999\r\n",
		"many large lists":  strings.Repeat("*1000000\r\n", 5),
		"lists in lists":    strings.Repeat("*1\r\n", 20),
		"line without end":  "+" + strings.Repeat("x", 70<<10),
		"a web server":      "HTTP/1.1 400 Bad Request\r\n",
		"a mail server":     "220 mail.example ESMTP\r\n",
		"null bytes":        "\x00\x00\x00",
		"bare line feed":    "$3\nabc",
		"endless reply":     "*4000000\r\n" + strings.Repeat("$100\r\n"+strings.Repeat("y", 100)+"\r\n", 650000),
		"resp3 by surprise": "%1\r\n",
	} {
		if _, err := feed(text, 8192); !errors.Is(err, errRubbish) {
			t.Errorf("%s: got %v, want rubbish", name, err)
		}
	}
}

// FuzzFrames feeds the same bytes whole and in pieces: what is refused, and
// where replies end, must not depend on how the network cut them.
func FuzzFrames(f *testing.F) {
	for _, text := range []string{"+PONG\r\n", "$3\r\nabc\r\n*2\r\n:1\r\n$-1\r\n", "*-1\r\n*1\r\n*0\r\n", "-ERR no\r\n$5\r\na\r\nb", "HTTP/1.1 400\r\n", "$99999999999999999999\r\n", "*16\r\n"} {
		f.Add(text, 1)
	}
	f.Fuzz(func(t *testing.T, text string, step int) {
		step = max(1, step%64)
		whole, wholeErr := feed(text, max(1, len(text)))
		pieces, piecesErr := feed(text, step)
		if (wholeErr == nil) != (piecesErr == nil) {
			t.Fatalf("whole: %v, in pieces of %d: %v", wholeErr, step, piecesErr)
		}
		if wholeErr == nil && (whole.whole() != pieces.whole() || whole.replies != pieces.replies) {
			t.Fatalf("whole: %d replies, ended %v; in pieces of %d: %d, %v", whole.replies, whole.whole(), step, pieces.replies, pieces.whole())
		}
		if len(whole.line) > maxLine+1 || len(whole.open) > maxDepth {
			t.Fatalf("it holds a line of %d bytes and is %d deep", len(whole.line), len(whole.open))
		}
	})
}
