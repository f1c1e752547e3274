package labtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Bastion is an SSH server in this process that does nothing but connect on.
type Bastion struct {
	Addr string
	Key  ssh.PublicKey

	mu    sync.Mutex
	links []net.Conn
	count int
}

// NewSigner makes a key.
func NewSigner(t *testing.T) (ssh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, private
}

// StartBastion lets in who has the given key.
func StartBastion(t *testing.T, welcome ssh.PublicKey) *Bastion {
	t.Helper()
	own, _ := NewSigner(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(welcome.Marshal()) {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, nil
	}}
	config.AddHostKey(own)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Bastion{Addr: listener.Addr().String(), Key: own.PublicKey()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.links, b.count = append(b.links, conn), b.count+1
			b.mu.Unlock()
			all.Go(func() { serveSSH(conn, config, &all) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		b.Cut()
		all.Wait()
	})
	return b
}

// Cut breaks every connection.
func (b *Bastion) Cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.links {
		_ = c.Close()
	}
	b.links = nil
}

// Logins is how many connections there were.
func (b *Bastion) Logins() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

func serveSSH(conn net.Conn, config *ssh.ServerConfig, all *sync.WaitGroup) {
	defer conn.Close()
	link, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	defer link.Close()
	all.Go(func() {
		for r := range requests {
			_ = r.Reply(true, nil)
		}
	})
	for c := range channels {
		all.Go(func() { connectOn(c) })
	}
}

func connectOn(c ssh.NewChannel) {
	var to struct {
		Host     string
		Port     uint32
		From     string
		FromPort uint32
	}
	if c.ChannelType() != "direct-tcpip" || ssh.Unmarshal(c.ExtraData(), &to) != nil {
		_ = c.Reject(ssh.UnknownChannelType, "no")
		return
	}
	far, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = c.Reject(ssh.ConnectionFailed, "connect failed")
		return
	}
	near, requests, err := c.Accept()
	if err != nil {
		_ = far.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(far, near); _ = far.Close() })
	both.Go(func() { _, _ = io.Copy(near, far); _ = near.Close() })
	both.Wait()
}

// SSHHome is a home folder with a private key.
func SSHHome(t *testing.T) (dir string, public ssh.PublicKey) {
	t.Helper()
	signer, private := NewSigner(t)
	dir = t.TempDir()
	WriteIn(t, dir, ".ssh/id_ed25519", string(PEM(t, private)))
	return dir, signer.PublicKey()
}

// PEM is a private key as it stands in a file.
func PEM(t *testing.T, key ed25519.PrivateKey) []byte {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

// WriteIn writes a file that is for its owner alone.
func WriteIn(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Know writes the known_hosts of a home folder.
func Know(t *testing.T, dir string, bastions ...*Bastion) {
	t.Helper()
	var lines []string
	for _, b := range bastions {
		lines = append(lines, knownhosts.Line([]string{b.Addr}, b.Key))
	}
	WriteIn(t, dir, ".ssh/known_hosts", strings.Join(lines, "\n")+"\n")
}
