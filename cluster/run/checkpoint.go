package run

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// Checkpoint is what a job wrote about itself, for the next start. It is a help
// only: what is open is asked of the cluster. It holds no password.
type Checkpoint struct {
	Version int                    `json:"slotdeck_checkpoint"`
	Job     string                 `json:"job"`
	PID     int                    `json:"pid"`
	Started time.Time              `json:"started"`
	Written time.Time              `json:"written"`
	Ended   string                 `json:"ended,omitempty"` // the outcome, once there is one
	Driver  plan.Driver            `json:"driver"`
	Plan    plan.Plan              `json:"plan"`
	Done    keyslot.Set            `json:"done"`
	Flight  keyslot.Set            `json:"in_flight"`
	Raised  map[cluster.NodeID]int `json:"node_timeouts_to_restore_ms,omitempty"` // as they were

	RaisedTo int `json:"node_timeout_meanwhile_ms,omitempty"`

	Saved []string `json:"saved_values,omitempty"`
}

// openState makes the folder of checkpoints ready.
func (j *Job) openState() error {
	dir := j.opts.StateDir
	if dir == "" {
		dir = DefaultStateDir()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder of checkpoints %s cannot be made, and nothing moves without: %w", dir, err)
	}
	j.stateDir = dir
	return nil
}

// DefaultStateDir is $XDG_STATE_HOME/slotdeck, or ~/.local/state/slotdeck.
func DefaultStateDir() string { return StateDirOf(os.Getenv) }

// StateDirOf is DefaultStateDir in another environment than the process's own.
func StateDirOf(env func(name string) string) string {
	if base := env("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "slotdeck")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".local", "state", "slotdeck")
}

// checkpointPath is one file for each cluster, named by its nodes: the ids that
// take part would change from plan to plan.
func checkpointPath(dir string, s *cluster.Snapshot) string {
	h := fnv.New64a()
	var ids []string
	for i := range s.Nodes {
		ids = append(ids, string(s.Nodes[i].ID))
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintln(h, id)
	}
	return filepath.Join(dir, fmt.Sprintf("move-%016x.json", h.Sum64()))
}

// checkpoint writes how far the job is. A checkpoint that cannot be written
// stops nothing: the cluster itself tells what is open.
func (j *Job) checkpoint() { j.writeCheckpoint("") }

func (j *Job) endCheckpoint(r *Report) {
	j.mu.Lock()
	raised := len(j.raised) > 0
	j.mu.Unlock()
	if j.takenBack(r) {
		j.resumed.Plan = plan.Plan{ID: j.resumed.Plan.ID, Title: j.resumed.Plan.Title}
	}
	over := j.resumed == nil || len(j.resumed.Plan.Moves) == 0
	if (r.Outcome == Completed && over || r.Outcome == RolledBack) && !raised {
		_ = os.Remove(j.stateFile)
		return
	}
	j.writeCheckpoint(r.Outcome.String())
}

// takenBack reports whether an interrupted plan is not wanted any more: all of it
// that was open was rolled back, and nothing of it had moved.
func (j *Job) takenBack(r *Report) bool {
	return j.resumed != nil && !j.given && r.Outcome == Completed && r.Moved.Empty() && r.Back == j.recovered && !r.Back.Empty()
}

func (j *Job) writeCheckpoint(ended string) {
	j.mu.Lock()
	c := Checkpoint{Version: 1, Job: j.id, PID: os.Getpid(), Started: j.started, Written: time.Now(), Ended: ended, Driver: j.board.driver,
		Plan: j.plan, Done: j.done, Saved: slices.Clone(j.savedFiles)}
	for s := range j.board.flight {
		c.Flight.Add(s)
	}
	if len(j.raised) > 0 {
		c.Raised = map[cluster.NodeID]int{}
		for id, ms := range j.raised {
			c.Raised[id] = ms
		}
		c.RaisedTo = j.raisedTo
	}
	j.mu.Unlock()
	if j.resumed != nil { // its plan is what there is to go on with
		c.Plan, c.Driver, c.Saved = j.resumed.Plan, j.resumed.Driver, append(c.Saved, j.resumed.Saved...)
		c.Done = c.Done.Union(j.resumed.Done)
	}
	if err := c.write(j.stateFile); err != nil {
		j.remains("the checkpoint could not be written: " + err.Error())
	}
}

func (c *Checkpoint) write(path string) error {
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return err
	}
	return writeWhole(path, text)
}

// writeWhole replaces a file at once, or not at all.
func writeWhole(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".checkpoint-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
