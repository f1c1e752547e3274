package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
)

// Cluster is a cluster that this process started. Its methods may be called
// from any goroutine.
type Cluster struct {
	Server Server

	config Config
	folder *folder
	guard  *guard

	ports   *ports
	portsMu sync.Mutex

	mu      sync.Mutex
	nodes   []*Node
	traffic []*Traffic

	stop sync.Once
	err  error // of the stop
}

// Start starts the servers and joins them, and returns when all nodes agree,
// every slot is served and every replica is linked and has an offset. The
// context bounds the start alone; the cluster then runs until Stop is called
// or this process ends. After an error nothing is left running.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	config = config.withDefaults()
	server, err := FindServer(ctx, config.Binary)
	if err != nil {
		return nil, err
	}
	if err := config.check(server); err != nil {
		return nil, err
	}
	c := &Cluster{Server: server, config: config, ports: newPorts(config.ip(), config.FirstPort)}
	if c.folder, err = newFolder(config.Dir); err != nil {
		return nil, err
	}
	if c.guard, err = newGuard(c.folder.path); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.folder.path), c.folder.lock.Close())
	}
	if err := c.bringUp(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) bringUp(ctx context.Context) error {
	began := time.Now()
	c.config.Progress(fmt.Sprintf("starting %d servers (%s)", c.config.size(), c.Server))
	nodes := make([]*Node, c.config.size())
	for i := range nodes { // one after the other, so that ports go up with the nodes
		var err error
		if nodes[i], err = c.newNode(i); err != nil {
			return err
		}
	}
	err := inParallel(len(nodes), func(i int) (err error) {
		nodes[i], err = c.startNode(ctx, nodes[i])
		return err
	})
	c.mu.Lock()
	c.nodes = nodes
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if err := c.join(ctx, nodes); err != nil {
		return err
	}
	c.config.Progress(fmt.Sprintf("the cluster serves all 16384 slots after %.1f s", time.Since(began).Seconds()))
	return nil
}

// startNode starts the server of a node. When somebody else was faster to take
// its ports, another node with other ports takes its place. The node that is
// returned, with an error too, is the one that was tried last.
func (c *Cluster) startNode(ctx context.Context, n *Node) (*Node, error) {
	err := n.launch(ctx)
	for tries := 1; tries < 10; tries++ {
		var taken *portTaken
		if !errors.As(err, &taken) {
			break
		}
		other, madeErr := c.newNode(n.index)
		if madeErr != nil {
			return n, madeErr
		}
		n.client.Close()
		n = other
		err = n.launch(ctx)
	}
	if err != nil {
		return n, err
	}
	id, err := n.Do(ctx, "CLUSTER", "MYID").Text()
	if err != nil {
		return n, fmt.Errorf("node %s does not tell its id: %w", n.Addr, err)
	}
	n.ID = cluster.NodeID(id)
	return n, nil
}

// newNode chooses ports for a node and makes its folder and configuration.
func (c *Cluster) newNode(index int) (*Node, error) {
	c.portsMu.Lock()
	port, bus, err := c.ports.pair()
	c.portsMu.Unlock()
	if err != nil {
		return nil, err
	}
	addr := address(c.config.ip(), port)
	n := &Node{
		Addr: addr, Port: port, BusPort: bus, Dir: filepath.Join(c.folder.path, fmt.Sprint(port)),
		index: index, server: c.Server, guard: c.guard,
	}
	if err := os.Mkdir(n.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of node %s cannot be made: %w", addr, err)
	}
	text := strings.Join(c.config.lines(n), "\n") + "\n"
	if err := os.WriteFile(n.configFile(), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("the configuration of node %s cannot be written: %w", addr, err)
	}
	n.client = newClient(addr, c.config.Password)
	return n, nil
}

// Nodes are all servers that the lab started, in this order: the primaries,
// the first replica of each, the second …, then the spares. It tells who was
// what at the start: roles change.
func (c *Cluster) Nodes() []*Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.nodes)
}

// Seed is the address of a node that runs, to begin with.
func (c *Cluster) Seed() string {
	nodes := c.Nodes()
	for _, n := range nodes {
		if n.State() == Running {
			return n.Addr
		}
	}
	return nodes[0].Addr
}

// Password is the one that the cluster was started with; empty: none.
func (c *Cluster) Password() string { return c.config.Password }

// Do sends one command to one node and to no other; it follows no redirection.
func (c *Cluster) Do(ctx context.Context, n *Node, args ...any) *redis.Cmd { return n.Do(ctx, args...) }

// AddSpare starts one more empty server in cluster mode that nobody has met
// yet, and returns when it answers.
func (c *Cluster) AddSpare(ctx context.Context) (*Node, error) {
	n, err := c.newNode(len(c.Nodes()))
	if err != nil {
		return nil, err
	}
	if n, err = c.startNode(ctx, n); err != nil {
		return nil, errors.Join(err, n.end((*process).kill), n.client.Close())
	}
	c.mu.Lock()
	c.nodes = append(c.nodes, n)
	c.mu.Unlock()
	return n, nil
}

// Stop ends the traffic, kills every server, removes the folder, and returns
// when all of it is gone. Calling it again does nothing.
func (c *Cluster) Stop() error {
	c.stop.Do(func() {
		c.mu.Lock()
		traffic := c.traffic
		c.mu.Unlock()
		for _, t := range traffic {
			t.Stop()
		}
		c.err = c.guard.release()
		for _, n := range c.Nodes() {
			n.end((*process).kill) // done by the watchdog, unless it failed
			n.client.Close()
		}
		c.portsMu.Lock()
		c.ports.close()
		c.portsMu.Unlock()
		c.folder.lock.Close()
	})
	return c.err
}

// inParallel calls f for 0 to n-1 at once, waits for all of them and joins
// what went wrong.
func inParallel(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg spawn.Group
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
