package cli

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slotdeck/cluster/fake"
	"slotdeck/cluster/spawn"
)

// crashSeed tells the test's own program to be the one that crashes.
const crashSeed = "SLOTDECK_TEST_CRASH"

// crashWhileWatching watches as commands without a screen do, until a goroutine of
// the watch panics.
func crashWhileWatching(seed string) {
	ctx := context.Background()
	w := &World{Env: os.Getenv, In: strings.NewReader(""), Out: os.Stdout, Err: os.Stderr}
	t, err := new(connection).resolve(ctx, w, []string{seed})
	if err != nil {
		panic(err)
	}
	spawn.OnPanic(w.panicked)
	var left atomic.Int64
	left.Store(20)
	t.Options.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return brittle{conn, &left}, nil
	}
	for range watchTarget(ctx, t, 100*time.Millisecond).Updates() {
	}
}

func TestAPanicWhileACommandWatchesIsCode10(t *testing.T) {
	const secret = "while" // stands in the panic's text
	c, err := fake.Start(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), crashSeed+"="+c.Addr(fake.ID(0)), "REDISCLI_AUTH="+secret)
	var said bytes.Buffer
	cmd.Stderr = &said
	_ = cmd.Run() // the code says how it ended
	if code := cmd.ProcessState.ExitCode(); code != int(Internal) {
		t.Errorf("it ended with code %d", code)
	}
	if text := said.String(); !strings.Contains(text, "panic: *** reading") || !strings.Contains(text, "brittle") ||
		!strings.Contains(text, ownFault) || strings.Contains(text, secret) || strings.Contains(text, "\x1b") {
		t.Errorf("it says %q", text)
	}
}
