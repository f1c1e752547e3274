package views

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with testdata/NAME.golden; "go test -update" writes it.
// What changed is named by its first line, so that a picture that differs can
// be found without reading escape sequences.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", filepath.FromSlash(name)+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("no golden file (write it with -update): %v", err)
	}
	if string(raw) == text {
		return
	}
	want, got := strings.Split(string(raw), "\n"), strings.Split(text, "\n")
	for i := range max(len(want), len(got)) {
		if w, g := lineAt(want, i), lineAt(got, i); w != g {
			t.Fatalf("%s: line %d of %d (wanted %d) differs\n want %q\n got  %q", file, i+1, len(got), len(want), w, g)
		}
	}
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no line)"
}
