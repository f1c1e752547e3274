package backup

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// FindChecker is the server's program that reads copies: the one named, else
// the first of them on PATH. Empty when there is none.
func FindChecker(named string) (string, error) {
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("the checker cannot be used: %w", err)
		}
		return path, nil
	}
	for _, name := range []string{"valkey-check-rdb", "redis-check-rdb"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", nil
}

// errTooOld is a checker's answer to a copy of a newer server.
var errTooOld = errors.New("the checker is older than the servers and cannot read their format")

// check has a copy read by the server's own program.
func check(ctx context.Context, program, file string) error {
	cmd := exec.CommandContext(ctx, program, file)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	switch text := string(out); {
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.Contains(text, "Can't handle RDB format version"), strings.Contains(text, "Wrong signature"):
		return errTooOld
	case err == nil:
		return nil
	default:
		lines := strings.Split(strings.TrimSpace(text), "\n")
		return fmt.Errorf("%s does not accept %s: %s (%w)", program, file, strconv.QuoteToASCII(lines[len(lines)-1]), err)
	}
}
