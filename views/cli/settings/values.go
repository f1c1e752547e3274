package settings

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
)

// Seed is the address of a node: host:port, or unix:///path of a socket.
type Seed struct{ Addr string }

// UnmarshalText checks it.
func (s *Seed) UnmarshalText(text []byte) error {
	if path, local := strings.CutPrefix(string(text), "unix://"); local {
		if !strings.HasPrefix(path, "/") {
			return fmt.Errorf("%q is no socket; write unix:///path", text)
		}
		s.Addr = string(text)
		return nil
	}
	host, port, err := cluster.ParseAddr(string(text))
	if err != nil {
		return err
	}
	s.Addr = cluster.JoinAddr(host, port)
	return nil
}

// Colour is one of the names in Colours, or empty.
type Colour struct{ Name string }

// Colours are the names of colours that a context may have in the header.
func Colours() []string { return []string{"red", "yellow", "green", "blue", "magenta", "cyan"} }

// UnmarshalText checks it.
func (c *Colour) UnmarshalText(text []byte) error {
	if !slices.Contains(Colours(), string(text)) {
		return fmt.Errorf("%q is no colour; there are %s", text, strings.Join(Colours(), ", "))
	}
	c.Name = string(text)
	return nil
}
