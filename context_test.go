package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"slotdeck/cluster/fake"
)

func TestContextsAreSwitchedInPlace(t *testing.T) {
	t.Parallel()
	var seeds []any
	for _, primaries := range []int{3, 5} {
		c, err := fake.Start(primaries, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		seeds = append(seeds, c.Addr(fake.ID(0)))
	}
	config := filepath.Join(t.TempDir(), "c.toml")
	text := fmt.Sprintf("default = \"small\"\n[contexts.small]\nseeds = [%q]\n[contexts.large]\nseeds = [%q]\nreadonly = true\n[contexts.gone]\nseeds = [\"127.0.0.1:1\"]\n[contexts.lost]\nseeds = [\"127.0.0.1:1\"]\npassword = {file = \"/nowhere\"}\n", seeds...)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--config", config)
	s.shows("slotdeck  small", "3/3 nodes")
	s.press(":ctx large\r")
	s.shows("slotdeck  large", "5/5 nodes", "READ-ONLY")
	s.press(":ctx gone\r") // back to where one came from
	s.shows("slotdeck  large", "5/5 nodes", "READ-ONLY", "still here: connecting to 127.0.0.1:1")
	s.press(":ctx lost\r")
	s.shows("slotdeck  large", "5/5 nodes", "still here: the file with the password cannot be read")
	s.press(":ctx small\r")
	s.shows("slotdeck  small", "3/3 nodes")
	s.press("q")
	if code := s.ends(); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	s.restored()
}
