package labtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"slotdeck/cluster/lab"
)

// Certificates are files of an authority made for one test, and of a certificate
// that it signed for this machine's loopback addresses.
type Certificates struct{ CA, Cert, Key string }

// Secure makes a cluster whose nodes speak TLS to each other and, on ports of
// their own, to clients. The plain ports stay, for the lab itself. With mutual,
// clients have to show a certificate.
func Secure(t testing.TB, config lab.Config, mutual bool) (*lab.Cluster, Certificates, []string) {
	t.Helper()
	return secure(t, config, mutual, "yes")
}

// SecureClients makes a cluster that speaks TLS to clients alone: its bus, its
// replication and what MIGRATE sends are plain.
func SecureClients(t testing.TB, config lab.Config) (*lab.Cluster, Certificates, []string) {
	t.Helper()
	return secure(t, config, false, "no")
}

func secure(t testing.TB, config lab.Config, mutual bool, inside string) (*lab.Cluster, Certificates, []string) {
	t.Helper()
	needServers(t)
	files := certify(t)
	auth := "no"
	if mutual {
		auth = "yes"
	}
	config.Extra = append(config.Extra,
		"tls-cluster "+inside, "tls-replication "+inside, "tls-auth-clients "+auth,
		"tls-ca-cert-file "+files.CA, "tls-cert-file "+files.Cert, "tls-key-file "+files.Key)
	primaries := config.Primaries
	if primaries == 0 {
		primaries = 3
	}
	var addrs []string
	if config.ExtraAt == nil {
		config.ExtraAt = map[int][]string{}
	}
	for i := range primaries * (1 + config.Replicas) {
		port := freePort(t)
		config.ExtraAt[i] = append(config.ExtraAt[i], fmt.Sprintf("tls-port %d", port))
		addrs = append(addrs, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return Start(t, config), files, addrs
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func certify(t testing.TB) Certificates {
	t.Helper()
	dir := t.TempDir()
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, DNSNames: []string{"localhost"},
			KeyUsage:    x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
	}
	authority := template(1, "authority of a test")
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ownKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ca, err := x509.CreateCertificate(rand.Reader, authority, authority, &caKey.PublicKey, caKey)
	must(err)
	own, err := x509.CreateCertificate(rand.Reader, template(2, "node of a test"), authority, &ownKey.PublicKey, caKey)
	must(err)
	key, err := x509.MarshalECPrivateKey(ownKey)
	must(err)
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		must(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	return Certificates{CA: write("ca.pem", "CERTIFICATE", ca), Cert: write("cert.pem", "CERTIFICATE", own), Key: write("key.pem", "EC PRIVATE KEY", key)}
}
