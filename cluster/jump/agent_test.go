package jump

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh/agent"

	"slotdeck/cluster/lab/labtest"
)

// TestTheAgentsKeysLogIn: no file holds the key, and the agent is not needed for
// more than logins.
func TestTheAgentsKeysLogIn(t *testing.T) {
	dir, err := os.MkdirTemp("", "agent") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	signer, private := labtest.NewSigner(t)
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keys, conn) }()
		}
	}()
	bastion := labtest.StartBastion(t, signer.PublicKey())
	home := Home{Dir: dir, User: "ann"}
	labtest.Know(t, dir, bastion)
	for where, works := range map[string]bool{socket: true, filepath.Join(dir, "nobody"): false} {
		hops, err := Resolve(bastion.Addr, home)
		if err != nil {
			t.Fatal(err)
		}
		tunnel := Open(hops, where)
		err = says(t, tunnel, echo(t))
		tunnel.Close()
		if (err == nil) != works || !works && !strings.Contains(err.Error(), "the SSH agent does not answer") {
			t.Errorf("with the agent at %s: %v", where, err)
		}
	}
}
