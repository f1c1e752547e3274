package jump

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// keyring is what a hop may log in with, and what of it could not be used.
type keyring struct {
	signers []ssh.Signer
	unused  []string // sentences
	agent   net.Conn // to be closed after the login; may be nil
}

// keysOf gathers the agent's keys and those of files.
func keysOf(h Hop, agentSocket string) keyring {
	var k keyring
	wanted := k.files(h)
	if agentSocket == "" {
		return k
	}
	conn, err := net.Dial("unix", agentSocket)
	if err != nil {
		k.unused = append(k.unused, "the SSH agent does not answer")
		return k
	}
	k.agent = conn
	held, err := agent.NewClient(conn).Signers()
	if err != nil {
		k.unused = append(k.unused, "the SSH agent does not tell its keys")
		return k
	}
	var first []ssh.Signer
	for _, s := range held {
		if !h.OnlyKeys || wanted[string(s.PublicKey().Marshal())] {
			first = append(first, s)
		}
	}
	k.signers = append(first, k.signers...)
	return k
}

// files reads the files of keys. It returns their public halves, of the
// encrypted ones too, which only the agent can use.
func (k *keyring) files(h Hop) (public map[string]bool) {
	public = map[string]bool{}
	for _, path := range h.Keys {
		if pub, err := os.ReadFile(path + ".pub"); err == nil {
			if key, _, _, _, err := ssh.ParseAuthorizedKey(pub); err == nil {
				public[string(key.Marshal())] = true
			}
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			k.unused = append(k.unused, fmt.Sprintf("%s cannot be read", path))
			continue
		}
		signer, err := ssh.ParsePrivateKey(text)
		var locked *ssh.PassphraseMissingError
		switch {
		case errors.As(err, &locked):
			k.unused = append(k.unused, fmt.Sprintf("%s has a passphrase: add it to the agent (ssh-add)", path))
		case err != nil:
			k.unused = append(k.unused, fmt.Sprintf("%s holds no private key", path))
		default:
			public[string(signer.PublicKey().Marshal())] = true
			k.signers = append(k.signers, certified(path, signer)...)
		}
	}
	return public
}

// certified puts the certificate that lies beside a key before it.
func certified(path string, signer ssh.Signer) []ssh.Signer {
	text, err := os.ReadFile(path + "-cert.pub")
	if err != nil {
		return []ssh.Signer{signer}
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(bytes.TrimSpace(text))
	if cert, is := key.(*ssh.Certificate); err == nil && is {
		if both, err := ssh.NewCertSigner(cert, signer); err == nil {
			return []ssh.Signer{both, signer}
		}
	}
	return []ssh.Signer{signer}
}

// note is what could not be used, as an end of a sentence.
func (k *keyring) note() string {
	if len(k.unused) == 0 {
		return ""
	}
	return " (" + strings.Join(k.unused, "; ") + ")"
}

func (k *keyring) close() {
	if k.agent != nil {
		_ = k.agent.Close()
	}
}
