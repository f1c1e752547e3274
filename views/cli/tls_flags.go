package cli

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
)

// tlsFlags are the flags about TLS, called as in redis-cli.
type tlsFlags struct {
	on         bool
	caCert     string
	caCertDir  string
	cert, key  string
	serverName string
	insecure   bool
}

func (t *tlsFlags) register(f *pflag.FlagSet) {
	f.BoolVar(&t.on, "tls", false, "connect with TLS")
	f.StringVar(&t.caCert, "cacert", "", "`file` with the certificates to trust (default: the system's)")
	f.StringVar(&t.caCertDir, "cacertdir", "", "`folder` with the certificates to trust")
	f.StringVar(&t.cert, "cert", "", "`file` with the certificate to show to the nodes")
	f.StringVar(&t.key, "key", "", "`file` with the key of that certificate")
	f.StringVar(&t.serverName, "sni", "", "`name` that the nodes' certificates must be for (default: the host)")
	f.BoolVar(&t.insecure, "insecure", false, "trust any certificate")
}

// config is nil when TLS is not wanted. asked tells that a URI wants it.
func (t *tlsFlags) config(asked bool) (*tls.Config, error) {
	if !t.on && !asked {
		for _, f := range []struct {
			name string
			set  bool
		}{
			{"--cacert", t.caCert != ""}, {"--cacertdir", t.caCertDir != ""}, {"--cert", t.cert != ""},
			{"--key", t.key != ""}, {"--sni", t.serverName != ""}, {"--insecure", t.insecure},
		} {
			if f.set {
				return nil, usage("%s means nothing without --tls", f.name)
			}
		}
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.serverName, InsecureSkipVerify: t.insecure}
	var err error
	if c.RootCAs, err = t.trusted(); err != nil {
		return nil, err
	}
	if (t.cert == "") != (t.key == "") {
		return nil, usage("--cert and --key belong together")
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.key)
		if err != nil {
			return nil, usage("the certificate %s and its key %s cannot be used: %w", t.cert, t.key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// trusted are the certificates of --cacert and --cacertdir; nil: the system's.
func (t *tlsFlags) trusted() (*x509.CertPool, error) {
	files := []string{}
	if t.caCert != "" {
		files = append(files, t.caCert)
	}
	if t.caCertDir != "" {
		entries, err := os.ReadDir(t.caCertDir)
		if err != nil {
			return nil, usage("--cacertdir cannot be read: %w", err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() || e.Type()&os.ModeSymlink != 0 {
				files = append(files, filepath.Join(t.caCertDir, e.Name()))
			}
		}
	}
	if t.caCert == "" && t.caCertDir == "" {
		return nil, nil
	}
	pool, any := x509.NewCertPool(), false
	for _, file := range files {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, usage("the certificates to trust cannot be read: %w", err)
		}
		added := pool.AppendCertsFromPEM(pem)
		if file == t.caCert && !added {
			return nil, usage("--cacert %s holds no certificate in PEM form", file)
		}
		any = any || added
	}
	if !any {
		return nil, usage("--cacertdir %s holds no certificate in PEM form", t.caCertDir)
	}
	return pool, nil
}
