package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/backup"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	engine "slotdeck/cluster/run"
)

// standalone is a server in no cluster, and a client to it.
func standalone(t testing.TB, server lab.Server, lines ...string) *redis.Client {
	t.Helper()
	dir, addr := t.TempDir(), freePair(t)
	_, port, _ := strings.Cut(addr, ":")
	lines = append([]string{"port " + port, "bind 127.0.0.1", "dir " + dir, `save ""`}, lines...)
	file := filepath.Join(dir, "standalone.conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	servedBy(t, server, dir, file)
	client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, Password: passwordIn(lines)})
	t.Cleanup(func() { client.Close() })
	labtest.Until(t, time.Minute, "the standalone server answers", func() bool { return client.Ping(context.Background()).Err() == nil })
	return client
}

func passwordIn(lines []string) string {
	for _, l := range lines {
		if word, ok := strings.CutPrefix(l, "requirepass "); ok {
			return word
		}
	}
	return ""
}

// plant writes keys of all kinds, names of any bytes among them, some with a
// time to live.
func plant(t testing.TB, c *redis.Client, n int) {
	t.Helper()
	ctx := t.Context()
	pipe := c.Pipeline()
	for i := range n {
		name := fmt.Sprintf("k:%d", i)
		switch i % 7 {
		case 0:
			pipe.HSet(ctx, name, "a", i, "b", strings.Repeat("x", i%200))
		case 1:
			pipe.RPush(ctx, name, i, i+1, i+2)
		case 2:
			pipe.SAdd(ctx, name, i, "z", "y")
		case 3:
			pipe.ZAdd(ctx, name, redis.Z{Score: float64(i), Member: "m"})
		case 4:
			pipe.Set(ctx, name, i, time.Hour)
		default:
			pipe.Set(ctx, fmt.Sprintf("%s\x00\xff\r\n{%d", name, i), strings.Repeat("v", i%500), 0)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
}

// dumps are all values of a server by key, and when they expire.
func dumps(t *testing.T, clients ...*redis.Client) map[string]string {
	t.Helper()
	all, ctx := map[string]string{}, t.Context()
	for _, c := range clients {
		for it := c.Scan(ctx, 0, "", 1000).Iterator(); it.Next(ctx); {
			key := it.Val()
			kind, err := c.Type(ctx, key).Result()
			if err != nil {
				t.Fatal(err)
			}
			if _, twice := all[key]; twice {
				t.Errorf("%q is on two nodes", key)
			}
			all[key] = fmt.Sprint(kind, contentOf(t, c, kind, key), c.PExpireTime(ctx, key).Val())
		}
	}
	return all
}

func contentOf(t *testing.T, c *redis.Client, kind, key string) any {
	t.Helper()
	ctx := t.Context()
	switch kind {
	case "hash":
		return c.HGetAll(ctx, key).Val()
	case "list":
		return c.LRange(ctx, key, 0, -1).Val()
	case "set":
		return c.SCard(ctx, key).Val()
	case "zset":
		return c.ZRangeWithScores(ctx, key, 0, -1).Val()
	}
	return c.Get(ctx, key).Val()
}

func clientsOf(t testing.TB, c *lab.Cluster, primaries int) (out []*redis.Client) {
	t.Helper()
	for _, n := range c.Nodes()[:primaries] {
		client := redis.NewClient(&redis.Options{Addr: n.Addr, Password: c.Password(), MaxRetries: -1})
		t.Cleanup(func() { client.Close() })
		out = append(out, client)
	}
	return out
}

func sameKeys(t *testing.T, got, want map[string]string) {
	t.Helper()
	wrong := 0
	for k, v := range want {
		if got[k] != v {
			if wrong++; wrong < 5 {
				t.Errorf("%q is %q, want %q", k, got[k], v)
			}
		}
	}
	if wrong > 0 || len(got) != len(want) {
		t.Errorf("%d of %d keys are wrong; there are %d", wrong, len(want), len(got))
	}
}

func TestImportMovesEveryKeyOnceAndAsItWas(t *testing.T) {
	onVersions(t, memberVersions(), func(t *testing.T, server lab.Server) {
		source := standalone(t, server, "requirepass from-there")
		plant(t, source, 3000)
		want := dumps(t, source)
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, Password: "over-here"})
		env := map[string]string{"REDISCLI_AUTH": "over-here", "SLOTDECK_FROM_AUTH": "from-there"}
		host, port, _ := strings.Cut(c.Seed(), ":")
		if got := run(t, "", env, "import", host, port, "--from", source.Options().Addr, "--dry-run"); got.code != Fine || len(dumps(t, source)) != 3000 {
			t.Fatalf("the dry run: %+v", got)
		}
		got := run(t, "", env, "import", host, port, "--from", source.Options().Addr, "--yes", "-o", "json")
		if got.code != Fine {
			t.Fatalf("code %d: %s%s", got.code, got.out, got.err)
		}
		if r := decode[engine.ImportReport](t, got.out); r.Imported != 3000 || r.Left != 0 || r.AtSource != 0 {
			t.Errorf("%+v", r)
		}
		sameKeys(t, dumps(t, clientsOf(t, c, 3)...), want)
	})
}

func TestImportCopiesGoesOnAndLeavesWhatDiffers(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	source := standalone(t, server)
	plant(t, source, 700)
	want := dumps(t, source)
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	args := []string{"import", c.Seed(), "--from", source.Options().Addr, "--yes", "-o", "json"}
	r := decode[engine.ImportReport](t, expect(t, Fine, append(args, "--copy")...).out)
	if r.Imported != 700 || r.AtSource != 700 {
		t.Errorf("the copy: %+v", r)
	}
	if r = decode[engine.ImportReport](t, expect(t, Fine, append(args, "--copy")...).out); r.Present != 700 || r.Imported != 0 {
		t.Errorf("the copy again: %+v", r)
	}
	if err := source.Set(t.Context(), "k:0", "a string now", 0).Err(); err != nil {
		t.Fatal(err)
	}
	got := run(t, "", nil, args...)
	if r = decode[engine.ImportReport](t, got.out); got.code != No || r.Left != 1 || r.Present != 699 || r.AtSource != 1 || len(r.Trouble) != 1 || r.Trouble[0].Key != "k:0" {
		t.Errorf("with one that differs: code %d, %+v", got.code, r)
	}
	sameKeys(t, dumps(t, clientsOf(t, c, 3)...), want)
	if r = decode[engine.ImportReport](t, expect(t, Fine, append(args, "--replace")...).out); r.Imported != 1 || r.AtSource != 0 {
		t.Errorf("replaced: %+v", r)
	}
}

func TestImportInterruptedLosesNothingAndGoesOn(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	source := standalone(t, server)
	plant(t, source, 5000)
	want := dumps(t, source)
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan Exit, 1)
	go func() {
		var nothing strings.Builder
		ended <- Run(ctx, &World{Args: []string{"import", c.Seed(), "--from", source.Options().Addr, "--yes"},
			Env: func(string) string { return "" }, In: strings.NewReader(""), Out: &nothing, Err: &nothing})
	}()
	labtest.Until(t, time.Minute, "some keys have gone", func() bool { return source.DBSize(t.Context()).Val() < 4700 })
	cancel()
	if code := <-ended; code != Interrupted {
		t.Errorf("interrupted, it ended with code %d", code)
	}
	if left := source.DBSize(t.Context()).Val(); left == 0 {
		t.Fatal("nothing was left to go on with")
	}
	expect(t, Fine, "import", c.Seed(), "--from", source.Options().Addr, "--yes")
	sameKeys(t, dumps(t, clientsOf(t, c, 3)...), want)
	if left := source.DBSize(t.Context()).Val(); left != 0 {
		t.Errorf("%d keys are left at the source", left)
	}
}

func TestImportLosesNoWriteToAKeyThatItMoves(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	source := standalone(t, server)
	plant(t, source, 5000)
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	stop, done := make(chan struct{}), make(chan int64)
	go func() { // counts up for as long as the key is there; what it was told is true
		told := int64(0)
		for {
			select {
			case <-stop:
				done <- told
				return
			default:
			}
			if n, err := source.Eval(context.Background(), `if redis.call('exists', KEYS[1]) == 1 then return redis.call('incr', KEYS[1]) end return -1`, []string{"hot"}).Int64(); err == nil && n > 0 {
				told = n
			}
		}
	}()
	source.Set(t.Context(), "hot", 1, 0)
	got := run(t, "", nil, "import", c.Seed(), "--from", source.Options().Addr, "--yes", "-o", "json")
	close(stop)
	told := <-done
	r := decode[engine.ImportReport](t, got.out)
	if left, err := source.Get(t.Context(), "hot").Int64(); err == nil { // it changed too often: it has to be told
		if got.code != No || r.Left != 1 || r.Trouble[0].Key != "hot" || left != told {
			t.Errorf("left at the source with %d of %d: code %d, %+v", left, told, got.code, r)
		}
	} else {
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{c.Seed()}})
		defer client.Close()
		if n, err := client.Get(t.Context(), "hot").Int64(); err != nil || n != told {
			t.Errorf("moved with %d (%v), and %d was acknowledged", n, err, told)
		}
	}
	if r.Imported+r.Left != 5001 {
		t.Errorf("%+v", r)
	}
}

func TestImportBringsABackupBack(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	if err := c.Fill(t.Context(), 1200); err != nil {
		t.Fatal(err)
	}
	want := dumps(t, clientsOf(t, c, 3)...)
	dir := filepath.Join(t.TempDir(), "b")
	l := decode[backup.Listing](t, expect(t, Fine, "backup", c.Seed(), dir, "--yes", "-o", "json").out)
	fresh := labtest.Start(t, lab.Config{Binary: server.Path, Primaries: 4})
	for _, one := range l.Copies {
		source := standalone(t, server, "dir "+dir, "dbfilename "+one.File)
		expect(t, Fine, "import", fresh.Seed(), "--from", source.Options().Addr, "--copy", "--yes")
	}
	sameKeys(t, dumps(t, clientsOf(t, fresh, 4)...), want)
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	source := standalone(t, server)
	c := labtest.Start(t, lab.Config{Binary: server.Path})
	from := source.Options().Addr
	if got := expect(t, Fine, "import", c.Seed(), "--from", from, "--yes"); !strings.Contains(got.out, "holds no keys") {
		t.Errorf("an empty source: %s", got.out)
	}
	if err := source.Do(t.Context(), "SELECT", "0").Err(); err != nil {
		t.Fatal(err)
	}
	third := redis.NewClient(&redis.Options{Addr: from, DB: 3})
	defer third.Close()
	third.Set(t.Context(), "k", "v", 0)
	for _, x := range []struct {
		code Exit
		says string
		args []string
	}{
		{Usage, "--from is missing", []string{c.Seed()}},
		{Usage, "which the cluster does not have", []string{c.Seed(), "--from", from, "--yes"}},
		{Usage, "is in cluster mode", []string{c.Seed(), "--from", c.Nodes()[1].Addr, "--yes"}},
		{Unreachable, "nothing listens", []string{c.Seed(), "--from", "127.0.0.1:1", "--yes"}},
		{NotCluster, "", []string{from, "--from", from, "--yes"}},
		{Fine, "holds no keys", []string{c.Seed(), "--from", from, "--db", "0", "--yes"}},
		{Usage, "--from-cacert", []string{c.Seed(), "--from", from, "--from-cacert", "x"}},
	} {
		if got := run(t, "", nil, append([]string{"import"}, x.args...)...); got.code != x.code || !strings.Contains(got.err+got.out, x.says) {
			t.Errorf("import %q: code %d, %s%s", x.args, got.code, got.out, got.err)
		}
	}
}

func TestImportOutlivesTheDeathOfATarget(t *testing.T) {
	t.Parallel()
	server := labtest.Any(t)
	source := standalone(t, server)
	plant(t, source, 5000)
	want := dumps(t, source)
	c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, NodeTimeout: time.Second})
	ended := make(chan outcome, 1)
	go func() {
		ended <- run(t, "", nil, "import", c.Nodes()[1].Addr, "--from", source.Options().Addr, "--yes", "-o", "json")
	}()
	labtest.Until(t, time.Minute, "some keys have gone", func() bool { return source.DBSize(t.Context()).Val() < 4800 })
	if err := c.Nodes()[0].Kill(); err != nil {
		t.Fatal(err)
	}
	got := <-ended
	if got.code != Fine {
		t.Fatalf("code %d: %s%s", got.code, got.out, got.err)
	}
	if r := decode[engine.ImportReport](t, got.out); r.AtSource != 0 || r.Left != 0 {
		t.Errorf("%+v", r)
	}
	all := clientsOf(t, c, 4) // the replica of the first has its place
	sameKeys(t, dumps(t, all[1:]...), want)
}
