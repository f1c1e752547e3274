package cli

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	engine "slotdeck/cluster/run"
)

func TestImportReadsASourceThatSpeaksTLSWithAUser(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	cert, key := certificate(t, "source.example")
	addr := freePair(t)
	_, port, _ := strings.Cut(addr, ":")
	source := standalone(t, server, "tls-port "+port, "tls-cert-file "+cert, "tls-key-file "+key, "tls-ca-cert-file "+cert,
		"tls-auth-clients no", "user mover on >p4ss ~* +@all")
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
