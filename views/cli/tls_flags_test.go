package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes one that signs itself, for a name, and returns the files.
func certificate(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(file, kind string, der []byte) string {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", keyDER)
}

// connected are the two ends of a connection, bounded in time.
func connected(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{near, far} {
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return near, far
}

func TestTLSFlagsDecideWhomToTrust(t *testing.T) {
	cert, key := certificate(t, "node.example")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags  string
		trusts bool
	}{
		{"--tls --sni node.example --cacert " + cert, true},
		{"--tls --sni node.example --cacertdir " + filepath.Dir(cert), true},
		{"--tls --sni node.example --cacert " + cert + " --cert " + cert + " --key " + key, true},
		{"--tls --sni other.example --cacert " + cert, false},
		{"--tls --sni node.example", false},
		{"--tls --sni other.example --insecure", true},
	} {
		got, _, err := resolved(t, nil, c.flags+" h:1")
		if err != nil {
			t.Errorf("%s: %v", c.flags, err)
			continue
		}
		near, far := connected(t)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer far.Close()
			_ = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: tls.VersionTLS12}).Handshake() // the other side judges
		}()
		err = tls.Client(near, got.Options.TLS).Handshake()
		near.Close()
		<-ended
		if (err == nil) != c.trusts {
			t.Errorf("%s: the handshake ended with %v", c.flags, err)
		}
	}
}

func TestOnlyTheCiphersThatAreNamedAreOffered(t *testing.T) {
	cert, key := certificate(t, "node.example")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for names, want := range map[string]uint16{
		"ECDHE-ECDSA-AES256-GCM-SHA384":                 tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		"ECDHE-RSA-AES128-GCM-SHA256":                   0, // not for a key of this kind
	} {
		got, _, err := resolved(t, nil, "--tls --sni node.example --cacert "+cert+" --tls-ciphers "+names+" h:1")
		if err != nil {
			t.Fatal(err)
		}
		near, far := connected(t)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer far.Close()
			_ = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: tls.VersionTLS12}).Handshake() // the other side tells
		}()
		client := tls.Client(near, got.Options.TLS)
		err = client.Handshake()
		near.Close()
		<-ended
		if suite := client.ConnectionState().CipherSuite; suite != want || (err == nil) != (want != 0) {
			t.Errorf("%s: %s was agreed on (%v)", names, tls.CipherSuiteName(suite), err)
		}
	}
	for _, names := range []string{"NULL-MD5", "ECDHE-RSA-AES128-GCM-SHA256:NONSENSE", ":", ",:"} {
		if _, _, err := resolved(t, nil, "--tls --tls-ciphers "+names+" h:1"); ExitOf(err) != Usage {
			t.Errorf("%s: %v", names, err)
		}
	}
}

func TestFilesWithSecretsThatOthersMayReadAreWarnedOf(t *testing.T) {
	cert, key := certificate(t, "node.example")
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, line := range map[string]string{
		key:      "--tls --cert " + cert + " --key " + key + " h:1",
		password: "--pass-file " + password + " h:1",
	} {
		for mode, warns := range map[os.FileMode]bool{0o600: false, 0o640: true, 0o604: true} {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
			_, said, err := resolved(t, nil, line)
			if warned := strings.Contains(said, "chmod 600") && strings.Contains(said, file); err != nil || warned != warns || strings.Contains(said, "s3cret") {
				t.Errorf("%s with %v: it says %q, %v", line, mode, said, err)
			}
		}
	}
}
