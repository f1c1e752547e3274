//go:build unix

package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// childDir makes this test program, started again, the owner of a cluster that
// is then killed.
const childDir = "SLOTDECK_LAB_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		ownACluster(dir)
	}
	os.Exit(m.Run())
}

// ownACluster starts a cluster with a frozen node, tells its processes, and
// exits without a word to anybody when its standard input ends.
func ownACluster(dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := lab.Start(ctx, lab.Config{Dir: dir, Replicas: 1})
	if err == nil {
		err = c.Nodes()[2].Freeze()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(pidsOf(c))
	bufio.NewReader(os.Stdin).ReadByte()
	os.Exit(3)
}

func TestServersDieWithTheirOwner(t *testing.T) {
	server := labtest.Any(t)
	ends := map[string]func(*exec.Cmd){
		"killed":                 func(cmd *exec.Cmd) { cmd.Process.Kill() },
		"killed with its group":  func(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) },
		"interrupted, unhandled": func(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) },
		"hung up":                func(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGHUP) },
		"exited without Stop":    func(*exec.Cmd) {}, // its input ends, as in every case
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childDir+"="+dir, "SLOTDECK_SERVER="+server.Path)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			cmd.Stderr = os.Stderr
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			pids := processes(line)
			if err != nil || len(pids) != 6 {
				t.Fatalf("the owner of the cluster said %q, %v", line, err)
			}
			for _, pid := range pids {
				if !exists(pid) {
					t.Fatalf("server %d does not run", pid)
				}
			}
			end(cmd)
			stdin.Close()
			if err := cmd.Wait(); err == nil {
				t.Error("the owner ended as if all was well")
			}
			for _, pid := range pids {
				labtest.Until(t, 10*time.Second, fmt.Sprintf("server %d is gone", pid), func() bool { return !exists(pid) })
			}
			labtest.Until(t, 10*time.Second, "the folder is gone", func() bool {
				left, _ := filepath.Glob(filepath.Join(dir, "*"))
				return len(left) == 0
			})
		})
	}
}

// processes reads "[1 2 3]".
func processes(line string) []int {
	var pids []int
	_, list, _ := strings.Cut(line, "[")
	for _, f := range strings.Fields(strings.TrimRight(list, "]\n")) {
		var pid int
		if _, err := fmt.Sscan(f, &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
