package mover

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"slotdeck/cluster/lab"
)

// Tool is the command-line tool that comes with a server.
type Tool struct{ path string }

// ToolOf finds the tool beside the server program.
func ToolOf(server lab.Server) (Tool, error) {
	path := filepath.Join(filepath.Dir(server.Path), server.Flavor+"-cli")
	if _, err := os.Stat(path); err != nil {
		return Tool{}, fmt.Errorf("there is no command-line tool beside the server %s: %w", server.Path, err)
	}
	return Tool{path}, nil
}

// Reshard moves as many slots as the task has, the source's lowest: the tool
// chooses by itself. Flags are further ones, such as --cluster-pipeline 100. When
// the context ends the tool is killed.
func (t Tool) Reshard(ctx context.Context, task Task, flags ...string) error {
	return t.run(ctx, append([]string{"--cluster", "reshard", task.Seed, "--cluster-from", string(task.From), "--cluster-to", string(task.To),
		"--cluster-slots", strconv.Itoa(task.Slots.Len()), "--cluster-yes"}, flags...)...)
}

// Rebalance spreads the slots over all primaries, those without slots too.
func (t Tool) Rebalance(ctx context.Context, seed string, flags ...string) error {
	return t.run(ctx, append([]string{"--cluster", "rebalance", seed, "--cluster-use-empty-masters"}, flags...)...)
}

func (t Tool) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, t.path, args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(out.String())
		return fmt.Errorf("%s %s: %w: …%.300q", filepath.Base(t.path), args[1], err, text[max(0, len(text)-300):])
	}
	return nil
}
