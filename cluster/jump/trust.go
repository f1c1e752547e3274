package jump

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"slotdeck/cluster/spawn"
)

// trust checks a hop's key, and knows which kinds of keys can be checked.
type trust struct {
	check ssh.HostKeyCallback
	kinds []string // for the handshake; empty: any
}

func trustOf(h Hop) (trust, error) {
	var files []string
	for _, f := range h.KnownHosts {
		if _, err := os.Stat(f); err == nil {
			files = append(files, f)
		}
	}
	check, err := knownhosts.New(files...)
	if err != nil {
		return trust{}, fmt.Errorf("the known hosts cannot be read: %w", err)
	}
	t := trust{kinds: kindsKnown(check, h.Addr)}
	t.check = func(addr string, remote net.Addr, key ssh.PublicKey) error {
		defer spawn.Catch() // the library calls it in a goroutine of its own
		err := check(addr, remote, key)
		var wrong *knownhosts.KeyError
		if !errors.As(err, &wrong) {
			return err
		}
		print := ssh.FingerprintSHA256(key)
		if len(wrong.Want) == 0 {
			return fmt.Errorf("the key of %s is not known (%s %s): compare it with its administrator, then log in there once with ssh, which adds it to known_hosts", h.Addr, key.Type(), print)
		}
		return fmt.Errorf("THE KEY OF %s HAS CHANGED: it shows %s %s, and %s line %d has another; somebody may stand in between, or it was set up anew: ask its administrator",
			h.Addr, key.Type(), print, wrong.Want[0].Filename, wrong.Want[0].Line)
	}
	return t, nil
}

// kindsKnown are the kinds of keys that are known of a server: without asking
// for one of them it may show another, which then seems to be wrong.
func kindsKnown(check ssh.HostKeyCallback, addr string) []string {
	err := check(addr, nowhere{}, noKey{})
	var wrong *knownhosts.KeyError
	if !errors.As(err, &wrong) {
		return nil
	}
	var kinds []string
	for _, known := range wrong.Want {
		kind := known.Key.Type()
		if kind == ssh.KeyAlgoRSA {
			kinds = append(kinds, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// noKey is a key that no server has.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }

type nowhere struct{}

func (nowhere) Network() string { return "tcp" }
func (nowhere) String() string  { return "0.0.0.0:0" }
