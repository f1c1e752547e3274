package cli

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"slotdeck/views/cli/settings"
)

// tlsFlags are the flags about TLS, called as in redis-cli.
type tlsFlags struct {
	prefix     string // of the flags' names: "from-" for the other side of an import
	side       string // which side that is, in their descriptions: " (of the source)"
	on         bool
	caCert     string
	caCertDir  string
	cert, key  string
	serverName string
	insecure   bool
	ciphers    string
	suites     string
}

func (t *tlsFlags) register(f *pflag.FlagSet) {
	f.BoolVar(&t.on, t.prefix+"tls", false, "connect with TLS"+t.side)
	f.StringVar(&t.caCert, t.prefix+"cacert", "", "`file` with the certificates to trust"+t.side+" (default: the system's)")
	f.StringVar(&t.caCertDir, t.prefix+"cacertdir", "", "`folder` with the certificates to trust"+t.side)
	f.StringVar(&t.cert, t.prefix+"cert", "", "`file` with the certificate to show"+t.side)
	f.StringVar(&t.key, t.prefix+"key", "", "`file` with the key of that certificate"+t.side)
	f.StringVar(&t.serverName, t.prefix+"sni", "", "`name` that the nodes' certificates must be for (default: the host)")
	f.BoolVar(&t.insecure, t.prefix+"insecure", false, "trust any certificate"+t.side)
	f.StringVar(&t.ciphers, t.prefix+"tls-ciphers", "", "`names` of ciphers for TLS 1.2, as OpenSSL or the standard calls them, with colons between")
	f.StringVar(&t.suites, t.prefix+"tls-ciphersuites", "", "`names` of ciphers for TLS 1.3; all of the three are always allowed here")
}

// or fills what the flags leave open from a context.
func (t tlsFlags) or(known *settings.TLS) *tlsFlags {
	if known == nil {
		return &t
	}
	t.on = true
	for _, f := range []struct {
		flag *string
		from string
	}{
		{&t.caCert, known.CACert}, {&t.caCertDir, known.CACertDir}, {&t.cert, known.Cert}, {&t.key, known.Key},
		{&t.serverName, known.ServerName}, {&t.ciphers, known.Ciphers},
	} {
		if *f.flag == "" {
			*f.flag = f.from
		}
	}
	t.insecure = t.insecure || known.Insecure
	return &t
}

// config is nil when TLS is not wanted. asked tells that a URI wants it.
func (t *tlsFlags) config(asked bool) (*tls.Config, error) {
	if !t.on && !asked {
		for _, f := range []struct {
			name string
			set  bool
		}{
			{"cacert", t.caCert != ""}, {"cacertdir", t.caCertDir != ""}, {"cert", t.cert != ""},
			{"key", t.key != ""}, {"sni", t.serverName != ""}, {"insecure", t.insecure},
			{"tls-ciphers", t.ciphers != ""}, {"tls-ciphersuites", t.suites != ""},
		} {
			if f.set {
				return nil, usage("--%s%s means nothing without --%stls", t.prefix, f.name, t.prefix)
			}
		}
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.serverName, InsecureSkipVerify: t.insecure}
	var err error
	if c.RootCAs, err = t.trusted(); err != nil {
		return nil, err
	}
	if c.CipherSuites, err = cipherSuites(t.ciphers); err != nil {
		return nil, err
	}
	if (t.cert == "") != (t.key == "") {
		return nil, usage("--%scert and --%skey belong together", t.prefix, t.prefix)
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
			return nil, usage("--%scacertdir cannot be read: %w", t.prefix, err)
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
			return nil, usage("%s holds no certificate in PEM form (--%scacert)", file, t.prefix)
		}
		any = any || added
	}
	if !any {
		return nil, usage("%s holds no certificate in PEM form (--%scacertdir)", t.caCertDir, t.prefix)
	}
	return pool, nil
}
