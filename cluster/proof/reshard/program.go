package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"time"
)

// program is slotdeck as people start it: a process of its own, as the server's
// tool is, so that neither shares a scheduler or a heap with the client that
// watches.
type program struct {
	path  string
	state string // folder for what it keeps
}

// run carries a change out and tells how long the job itself took, by its own
// report.
func (p program) run(ctx context.Context, args ...string) (job time.Duration, err error) {
	cmd := exec.CommandContext(ctx, p.path, append(args, "--yes", "-o", "json")...)
	cmd.Env = append(cmd.Environ(), "XDG_STATE_HOME="+p.state, "XDG_CONFIG_HOME="+p.state)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("slotdeck %s: %w: …%q %.500s", args[0], err, errs.String()[max(0, errs.Len()-500):], out.String())
	}
	var report struct {
		Seconds float64 `json:"seconds"`
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || report.Seconds <= 0 {
		return 0, fmt.Errorf("slotdeck %s ends with what is no report (%w): %.500q", args[0], err, out.String())
	}
	return time.Duration(report.Seconds * float64(time.Second)), nil
}
