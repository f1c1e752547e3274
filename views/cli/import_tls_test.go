package cli

import (
	"context"
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	engine "slotdeck/cluster/run"
	"slotdeck/views"
)

// secured is a standalone server that also speaks TLS, at the address.
func secured(t *testing.T, server lab.Server, cert, key string, lines ...string) (plain *redis.Client, addr string) {
	t.Helper()
	addr = freePair(t)
	_, port, _ := strings.Cut(addr, ":")
	return standalone(t, server, append([]string{"tls-port " + port, "tls-cert-file " + cert, "tls-key-file " + key, "tls-ca-cert-file " + cert}, lines...)...), addr
}

func TestImportReadsASourceThatSpeaksTLSWithAUser(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	cert, key := certificate(t, "source.example")
	source, addr := secured(t, server, cert, key, "tls-auth-clients no", "user mover on >p4ss ~* +@all")
	plant(t, source, 700)
	want := dumps(t, source)
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	env := map[string]string{"SLOTDECK_FROM_AUTH": "p4ss"}
	args := []string{"import", c.Seed(), "--from", addr, "--from-user", "mover", "--yes", "-o", "json"}
	if got := run(t, "", env, args...); got.code == Fine {
		t.Error("without TLS it is taken in")
	}
	if got := run(t, "", env, append(args, "--from-tls")...); got.code != Denied {
		t.Errorf("a certificate that nobody vouches for: code %d, %s", got.code, got.err)
	}
	got := run(t, "", env, append(args, "--from-tls", "--from-cacert", cert, "--from-sni", "source.example")...)
	if got.code != Fine {
		t.Fatalf("code %d: %s%s", got.code, got.out, got.err)
	}
	if r := decode[engine.ImportReport](t, got.out); r.Imported != 700 {
		t.Errorf("%+v", r)
	}
	sameKeys(t, dumps(t, clientsOf(t, c, 3)...), want)
	over := redis.NewClient(&redis.Options{Addr: addr, Username: "mover", Password: "p4ss", TLSConfig: &tls.Config{InsecureSkipVerify: true}})
	defer over.Close()
	if n, err := over.DBSize(context.Background()).Result(); err != nil || n != 0 {
		t.Errorf("%d keys are left at the source (%v)", n, err)
	}
}

func TestConsoleImportsOneDatabaseFromASourceThatAsksForACertificate(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	cert, key := certificate(t, "source.example")
	source, addr := secured(t, server, cert, key, "tls-auth-clients yes")
	plant(t, source, 70)
	want := dumps(t, source)
	third := redis.NewClient(&redis.Options{Addr: source.Options().Addr, DB: 3})
	defer third.Close()
	if err := third.Set(t.Context(), "elsewhere", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	f := freightOf(t, c, "")
	full := views.FreightTLS{On: true, Trusted: cert, Name: "source.example", Cert: cert, Key: key}
	for says, bend := range map[string]func(w *views.FreightWish){
		"which the cluster does not have":     func(w *views.FreightWish) { w.DB = -1 },
		"the port may speak TLS":              func(w *views.FreightWish) { w.TLS = views.FreightTLS{} },
		"certificate":                         func(w *views.FreightWish) { w.TLS.Trusted = "" },
		"source.example, not other.example":   func(w *views.FreightWish) { w.TLS.Name = "other.example" },
		"holds no certificate in PEM form":    func(w *views.FreightWish) { w.TLS.Trusted = key },
		"cannot be used":                      func(w *views.FreightWish) { w.TLS.Cert = key },
		"the certificates to trust cannot be": func(w *views.FreightWish) { w.TLS.Trusted = "/no/such/file" },
	} {
		w := views.FreightWish{From: addr, Copy: true, DB: 0, TLS: full}
		bend(&w)
		if _, err := f.Plan(t.Context(), w, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("no %q in %v", says, err)
		}
	}
	w := views.FreightWish{From: addr, Copy: true, DB: 0, TLS: full}
	w.TLS.Trusted = filepath.Dir(cert) // a folder will do as well
	if end := brought(t, f, w); !end.OK {
		t.Fatalf("%+v", end)
	}
	sameKeys(t, dumps(t, clientsOf(t, c, 3)...), want)
	w.TLS.Trusted, w.TLS.Unchecked = "", true
	if end := brought(t, f, w); !end.OK || !strings.Contains(end.End, "70 were there already") {
		t.Fatalf("%+v", end)
	}
}
