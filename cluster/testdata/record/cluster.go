//go:build ignore

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const size = 6

// cluster is six servers; nodes[0:3] become the primaries.
type cluster struct {
	bin, dir string
	nodes    [size]*node
}

type node struct {
	port int
	cmd  *exec.Cmd // nil while it is down
}

func start(bin string) (*cluster, error) {
	dir, err := os.MkdirTemp("", "record-")
	if err != nil {
		return nil, err
	}
	c := &cluster{bin: bin, dir: dir}
	for i := range c.nodes {
		port, err := freePort()
		if err == nil {
			c.nodes[i] = &node{port: port}
			err = c.run(i)
		}
		if err != nil {
			c.stop()
			return nil, err
		}
	}
	return c, nil
}

// freePort finds a port that is free together with its bus port, 10000 above.
func freePort() (int, error) {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if port > 32000 {
			port -= 20000
		}
		free := true
		for _, p := range []int{port, port + 10000} {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
			if free = free && err == nil; err == nil {
				l.Close()
			}
		}
		if free {
			return port, nil
		}
	}
	return 0, errors.New("no free pair of ports")
}

// run starts a server and waits until it answers.
func (c *cluster) run(i int) error {
	n := c.nodes[i]
	dir := filepath.Join(c.dir, fmt.Sprint(n.port))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	program, err := c.program("server")
	if err != nil {
		return err
	}
	n.cmd = exec.Command(program, "--port", fmt.Sprint(n.port), "--bind", "127.0.0.1", "-::1",
		"--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--save", "", "--dir", dir,
		"--repl-diskless-sync-delay", "0", "--logfile", filepath.Join(dir, "log"))
	if err := n.cmd.Start(); err != nil {
		return err
	}
	return wait("an answer to PING", func() bool {
		pong, err := n.ask(2, "PING")
		return err == nil && strings.Contains(string(pong), "PONG")
	})
}

func (c *cluster) program(name string) (string, error) {
	found, err := filepath.Glob(filepath.Join(c.bin, "*-"+name))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("no %s in %s", name, c.bin)
	}
	return found[0], nil
}

func (n *node) kill() {
	if n.cmd != nil {
		n.cmd.Process.Kill()
		n.cmd.Wait()
		n.cmd = nil
	}
}

func (c *cluster) stop() {
	for _, n := range c.nodes {
		if n != nil {
			n.kill()
		}
	}
	os.RemoveAll(c.dir)
}

// ask sends one command, as words without spaces, and hands back the raw reply.
func (n *node) ask(protocol int, command string) ([]byte, error) {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", n.port), time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	const mark = "$16\r\nend-of-recording\r\n"
	in := bufio.NewReader(conn)
	fmt.Fprintf(conn, "HELLO %d\r\nECHO end-of-recording\r\n", protocol)
	if _, err := readTo(in, mark); err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "%s\r\nECHO end-of-recording\r\n", command)
	return readTo(in, mark)
}

func readTo(in io.ByteReader, mark string) ([]byte, error) {
	var all []byte
	for !bytes.HasSuffix(all, []byte(mark)) {
		b, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all[:len(all)-len(mark)], nil
}

// text asks for a reply that is one text, and takes it out of its frame.
func (n *node) text(command string) (string, error) {
	raw, err := n.ask(2, command)
	if err != nil {
		return "", err
	}
	head, body, _ := strings.Cut(string(raw), "\r\n")
	if strings.HasPrefix(head, "-") {
		return "", fmt.Errorf("%s: %s", command, head[1:])
	}
	if !strings.HasPrefix(head, "$") {
		return head, nil
	}
	return strings.TrimSuffix(body, "\r\n"), nil
}

// wait polls until the condition holds.
func wait(what string, holds func() bool) error {
	deadline := time.Now().Add(40 * time.Second)
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		if holds() {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited in vain for %s", what)
		}
	}
}
