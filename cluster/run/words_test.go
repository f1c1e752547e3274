package run

import (
	"errors"
	"fmt"
	"testing"

	"slotdeck/cluster/wire"
)

func TestBriefErrorNamesNoKeys(t *testing.T) {
	moved := &wire.Error{Kind: wire.Reply, Addr: "10.0.0.1:7001", Tried: "MIGRATE 10.0.0.2 7002 \"\" 0 93 KEYS secret:1 secret:2", Err: errors.New("IOERR error or timeout")}
	for want, err := range map[string]error{
		"MIGRATE on 10.0.0.1:7001: it answered IOERR error or timeout":                                      errors.Join(nil, moved, moved),
		"connecting to 10.0.0.1:7001: no answer in time; it may be frozen, overloaded or behind a firewall": &wire.Error{Kind: wire.Timeout, Addr: "10.0.0.1:7001", Tried: "connecting to"},
		"A is not a primary any more": fmt.Errorf("A is not a primary any more\nand more"),
	} {
		if got := brief(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
