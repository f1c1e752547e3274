package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// versions are those that testdata/record was run on.
var versions = []string{"redis-7.0", "redis-8.0", "redis-8.6", "valkey-8.1", "valkey-9.1"}

// recorded reads one recorded answer, such as "healthy/1.nodes".
func recorded(t testing.TB, version, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", version, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// allRecorded reads every recorded answer with the given ending, by its path.
func allRecorded(t testing.TB, ending string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, version := range versions {
		paths, err := filepath.Glob(filepath.Join("testdata", version, "*", "*."+ending))
		if err != nil || len(paths) < 2 {
			t.Fatalf("%s has %d recorded answers *.%s: %v", version, len(paths), ending, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			out[path] = string(text)
		}
	}
	return out
}

// decodeRESP decodes one reply the way a client does.
func decodeRESP(t testing.TB, raw string) any {
	t.Helper()
	d := respDecoder{rest: raw}
	value := d.value()
	if d.bad != "" || d.rest != "" {
		t.Fatalf("not one reply: %s, left %q", d.bad, d.rest)
	}
	return value
}

type respDecoder struct{ rest, bad string }

func (d *respDecoder) value() any {
	head, rest, ok := strings.Cut(d.rest, "\r\n")
	if !ok || head == "" {
		d.bad = "no line"
		return nil
	}
	d.rest = rest
	n, _ := strconv.Atoi(head[1:])
	switch head[0] {
	case ':':
		return int64(n)
	case '_':
		return nil
	case '$':
		if n < 0 {
			return nil
		}
		text := d.rest[:n]
		d.rest = d.rest[n+2:]
		return text
	case '*':
		list := make([]any, 0, n)
		for range n {
			list = append(list, d.value())
		}
		return list
	case '%':
		m := make(map[any]any, n)
		for range n {
			key := d.value()
			m[key] = d.value()
		}
		return m
	}
	d.bad = fmt.Sprintf("type %q", head[0])
	return nil
}
