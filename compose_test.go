package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/lab/labtest"
)

// composeVariable switches the test of the classroom on: it needs a Docker
// engine, which "make test" is not to need.
const composeVariable = "SLOTDECK_COMPOSE"

// TestClassroomTeachesItsLesson goes through the README's lesson in containers,
// with an image of a Redis and one of a Valkey, or with $SERVER_IMAGE. With
// $SLOTDECK_IMAGE the Dockerfile is not built.
func TestClassroomTeachesItsLesson(t *testing.T) {
	if os.Getenv(composeVariable) == "" {
		t.Skip(`needs a Docker engine: run it with "make compose-test"`)
	}
	compose := findCompose(t)
	console := os.Getenv("SLOTDECK_IMAGE")
	if console == "" {
		console = consoleImage(t)
	}
	if image := os.Getenv("SERVER_IMAGE"); image != "" {
		newClassroom(t, compose, image, console).lesson()
		return
	}
	for _, name := range []string{"redis-8.6", "valkey-9.1"} {
		t.Run(name, func(t *testing.T) {
			newClassroom(t, compose, serverImage(t, labtest.Only(t, name)), console).lesson()
		})
	}
}

// findCompose is the command of Docker Compose: the plugin, else the program.
func findCompose(t *testing.T) []string {
	t.Helper()
	if out, err := exec.Command("docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		t.Fatalf("the classroom needs a running Docker engine, and there is none: %v\n%s", err, out)
	}
	for _, words := range [][]string{{"docker", "compose"}, {"docker-compose"}} {
		if out, err := exec.Command(words[0], append(words[1:], "version")...).CombinedOutput(); err == nil {
			t.Logf("%s: %s", strings.Join(words, " "), bytes.SplitN(out, []byte("\n"), 2)[0])
			return words
		}
	}
	t.Fatal(`neither "docker compose" nor "docker-compose" (1.28 or newer) runs here; install Docker's compose plugin`)
	return nil
}

// classroom is compose.yaml, under a project name, in a network and with images
// that are the test's own.
type classroom struct {
	t       *testing.T
	compose []string
	env     []string
	net     string
	project string
}

func newClassroom(t *testing.T, compose []string, server, console string) *classroom {
	c := &classroom{t: t, net: "172.30.231", project: fmt.Sprintf("slotdeck-test-%d", os.Getpid())}
	c.compose = append(slices.Clone(compose), "-p", c.project)
	c.env = append(os.Environ(), "SERVER_IMAGE="+server, "SLOTDECK_IMAGE="+console, "CLASSROOM_NET="+c.net)
	t.Cleanup(c.leave)
	return c
}

// node is the address of a node by its number.
func (c *classroom) node(n int) string { return fmt.Sprintf("%s.1%d", c.net, n) }

func (c *classroom) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.compose[0], append(c.compose[1:], args...)...)
	cmd.Env = c.env
	return cmd
}

// does runs one command of compose and returns what it printed.
func (c *classroom) does(args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := c.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("compose %q: %v\n%s%s", args, err, out.String(), errs.String())
	}
	return out.String()
}

// inside runs slotdeck in the network, as every platform can.
func (c *classroom) inside(args ...string) string {
	c.t.Helper()
	return c.does(append([]string{"run", "--rm", "-T", "slotdeck"}, args...)...)
}

// outside runs slotdeck on the host, as Linux can.
func (c *classroom) outside(args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(), args...)
	cmd.Env = terminalEnv()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("slotdeck %q: %v\n%s%s", args, err, out.String(), errs.String())
	}
	return out.String()
}

// leave takes everything down and holds that nothing stays behind.
func (c *classroom) leave() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), 2*time.Minute)
	defer cancel()
	if c.t.Failed() {
		out, _ := c.command(ctx, "logs", "--tail", "10").CombinedOutput() // whatever there is
		c.t.Logf("the servers' logs:\n%s", out)
	}
	if out, err := c.command(ctx, "down", "-v", "--remove-orphans").CombinedOutput(); err != nil {
		c.t.Errorf("the classroom cannot be taken down: %v\n%s", err, out)
	}
	for _, kind := range [][]string{{"ps", "-aq"}, {"network", "ls", "-q"}, {"volume", "ls", "-q"}} {
		list := append(kind, "--filter", "label=com.docker.compose.project="+c.project)
		if out, err := exec.CommandContext(ctx, "docker", list...).Output(); err != nil || len(out) > 0 {
			c.t.Errorf("docker %v after the classroom was taken down: %s (%v)", kind, out, err)
		}
	}
}

// classInfo is the part of "slotdeck info -o json" that the lesson looks at.
type classInfo struct {
	SlotsServed    int `json:"slots_served"`
	NodesAnswering int `json:"nodes_answering"`
	NodesKnown     int `json:"nodes_known"`
	OpenSlots      int `json:"open_slots"`
	Shards         []struct {
		SlotCount int         `json:"slot_count"`
		Primary   *classNode  `json:"primary"`
		Replicas  []classNode `json:"replicas"`
	} `json:"shards"`
}

type classNode struct {
	Addr  string `json:"addr"`
	State string `json:"state"`
}

// looks is one look from the host at a node; what was asked may be answered
// with "not everything is served".
func (c *classroom) looks(node int) (i classInfo) {
	c.t.Helper()
	_, out, errs := plain(c.t, nil, "info", c.node(node), "-o", "json")
	if err := json.Unmarshal([]byte(out), &i); err != nil {
		c.t.Fatalf("slotdeck info: %v: %q, %q", err, out, errs)
	}
	return i
}

// shardOf is the address of the primary of the shard that a node is in, and
// whether the node itself is among its replicas that are well.
func (i classInfo) shardOf(addr string) (primary string, replica bool) {
	for _, s := range i.Shards {
		inside := s.Primary != nil && s.Primary.Addr == addr
		for _, r := range s.Replicas {
			if r.Addr == addr {
				inside, replica = true, r.State == "ok"
			}
		}
		if inside && s.Primary != nil {
			return s.Primary.Addr, replica
		}
	}
	return "", false
}

func (c *classroom) lesson() {
	t := c.t
	c.does("up", "-d")
	six := make([]string, 6)
	for i := range six {
		six[i] = c.node(i + 1)
	}
	labtest.Until(t, time.Minute, "the six servers can be made a cluster of", func() bool {
		code, _, _ := plain(t, nil, append([]string{"create", "--replicas", "1", "--dry-run"}, six...)...)
		return code == 0
	})
	c.inside(append([]string{"create", "--replicas", "1", "--yes"}, six...)...)
	if i := c.looks(1); i.SlotsServed != 16384 || i.NodesAnswering != 6 || len(i.Shards) != 3 {
		t.Fatalf("seen from the host after the creation: %+v", i)
	}
	c.consoleWorks()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{c.node(2) + ":6379"}})
	defer client.Close()
	c.write(client)
	c.grow()
	c.stopOne()
	if n := c.held(client); n != classKeys {
		t.Errorf("%d of %d keys are there at the end", n, classKeys)
	}
}

// consoleWorks opens the console from inside the network, on a terminal.
func (c *classroom) consoleWorks() {
	c.t.Helper()
	s := startCommand(c.t, usual, c.command(context.WithoutCancel(c.t.Context()), "run", "--rm", "slotdeck"))
	s.shows(whole...)
	s.press("q")
	if code := s.ends(); code != 0 {
		c.t.Errorf("the console in its container ended with code %d", code)
	}
	host := start(c.t, c.node(1))
	host.shows(whole...)
	host.press("q")
	host.ends()
}

// grow adds a spare as a primary, gives it its share, and adds the other as the
// replica that the new shard lacks.
func (c *classroom) grow() {
	t := c.t
	t.Helper()
	c.inside("add-node", c.node(7), c.node(1), "--yes")
	c.inside("reshard", c.node(1), "--from", c.node(1)+":6379", "--to", c.node(7)+":6379", "--slots", "100", "--yes")
	c.outside("rebalance", c.node(1), "--use-empty-masters", "--yes")
	c.outside("add-node", c.node(8), c.node(1), "--replica", "--yes")
	i := c.looks(8)
	if len(i.Shards) != 4 || i.OpenSlots != 0 || i.SlotsServed != 16384 || i.NodesAnswering != 8 {
		t.Fatalf("after the rebalance: %+v", i)
	}
	for _, s := range i.Shards {
		if s.SlotCount < 4000 || len(s.Replicas) != 1 {
			t.Errorf("a shard has %d slots and %d replicas: %+v", s.SlotCount, len(s.Replicas), i)
		}
	}
}

// stopOne stops a primary, sees its replica take over, starts it again and
// gives it its place back.
func (c *classroom) stopOne() {
	t, first := c.t, c.node(1)+":6379"
	t.Helper()
	c.does("stop", "node-1")
	labtest.Until(t, time.Minute, "a replica has taken over from the stopped node", func() bool {
		i := c.looks(2) // which begins anew: where the stopped node belongs, nobody tells it
		primary, _ := i.shardOf(first)
		return i.SlotsServed == 16384 && i.NodesAnswering == 7 && i.NodesKnown == 8 && primary != "" && primary != first
	})
	c.does("start", "node-1")
	labtest.Until(t, time.Minute, "the node is back, as a replica that is well", func() bool {
		_, replica := c.looks(2).shardOf(first)
		return replica
	})
	c.inside("failover", c.node(2), "--replica", first, "--yes")
	if primary, _ := c.looks(3).shardOf(first); primary != first {
		t.Errorf("after the failover the primary is %q, want %s", primary, first)
	}
}

// classKeys is how many keys live through the lesson.
const classKeys = 2000

func (c *classroom) write(client *redis.ClusterClient) {
	c.t.Helper()
	pipe := client.Pipeline()
	for n := range classKeys {
		pipe.Set(c.t.Context(), fmt.Sprintf("pupil:%d", n), n, 0)
	}
	if _, err := pipe.Exec(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *classroom) held(client *redis.ClusterClient) (n int) {
	c.t.Helper()
	pipe := client.Pipeline()
	for n := range classKeys {
		pipe.Get(c.t.Context(), fmt.Sprintf("pupil:%d", n))
	}
	cmds, err := pipe.Exec(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	for i, cmd := range cmds {
		if cmd.(*redis.StringCmd).Val() == fmt.Sprint(i) {
			n++
		}
	}
	return n
}
