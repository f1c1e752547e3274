package jump

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// bastion is an SSH server in this process that does nothing but connect on.
type bastion struct {
	addr string
	key  ssh.PublicKey

	mu    sync.Mutex
	links []net.Conn
	count int
}

func newSigner(t *testing.T) (ssh.Signer, ed25519.PrivateKey) {
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

// startBastion lets in who has the given key.
func startBastion(t *testing.T, welcome ssh.PublicKey) *bastion {
	t.Helper()
	own, _ := newSigner(t)
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
	b := &bastion{addr: listener.Addr().String(), key: own.PublicKey()}
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
			all.Go(func() { serve(conn, config, &all) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		b.cut()
		all.Wait()
	})
	return b
}

// cut breaks every connection.
func (b *bastion) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.links {
		_ = c.Close()
	}
	b.links = nil
}

func (b *bastion) logins() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

func serve(conn net.Conn, config *ssh.ServerConfig, all *sync.WaitGroup) {
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
		all.Go(func() { connect(c) })
	}
}

func connect(c ssh.NewChannel) {
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
	far, err := net.Dial("tcp", net.JoinHostPort(to.Host, itoa(to.Port)))
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

func itoa(n uint32) string {
	var digits []byte
	for ; n > 0; n /= 10 {
		digits = append([]byte{byte('0' + n%10)}, digits...)
	}
	return string(digits)
}

// operator is a home folder with a key, and known_hosts that names the bastions.
func operator(t *testing.T) (home Home, public ssh.PublicKey) {
	t.Helper()
	signer, private := newSigner(t)
	dir := t.TempDir()
	write(t, dir, ".ssh/id_ed25519", string(pemOf(t, private)))
	return Home{Dir: dir, User: "ann"}, signer.PublicKey()
}

func pemOf(t *testing.T, key ed25519.PrivateKey) []byte {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func know(t *testing.T, home Home, bastions ...*bastion) {
	t.Helper()
	var lines []string
	for _, b := range bastions {
		lines = append(lines, knownhosts.Line([]string{b.addr}, b.key))
	}
	write(t, home.Dir, ".ssh/known_hosts", strings.Join(lines, "\n")+"\n")
}
