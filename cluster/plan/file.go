package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// fileVersion is the version of plan files that this program writes and reads.
const fileVersion = 1

// MaxFile is the most bytes that Decode looks at: 64 MiB.
const MaxFile = 64 << 20

// file is what a plan file holds.
type file struct {
	Version int  `json:"slotdeck_plan"`
	Plan    Plan `json:"plan"`
}

// moveFile is a Move in a file, with its slots as text: "0-99,200".
type moveFile struct {
	From  cluster.NodeID `json:"from"`
	To    cluster.NodeID `json:"to"`
	Slots keyslot.Set    `json:"slots"`
	Keys  Amount         `json:"keys"`
	Bytes Amount         `json:"bytes"`
}

// MarshalJSON writes the ranges as text.
func (m Move) MarshalJSON() ([]byte, error) {
	return json.Marshal(moveFile{m.From, m.To, m.Set(), m.Keys, m.Bytes})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Move) UnmarshalJSON(text []byte) error {
	var f moveFile
	if err := decodeStrictly(text, &f); err != nil {
		return err
	}
	*m = Move{From: f.From, To: f.To, Ranges: f.Slots.Ranges(), Keys: f.Keys, Bytes: f.Bytes}
	return nil
}

func decodeStrictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the plan")
	}
	return nil
}

// Encode writes a plan for a file, as JSON for people and programs to read.
func Encode(p Plan) ([]byte, error) {
	text, err := json.MarshalIndent(file{fileVersion, p}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("the plan cannot be written: %w", err)
	}
	return append(text, '\n'), nil
}

// Decode reads a plan file and makes sure that it is one: of a known version,
// unchanged since it was written (its id is the hash of its content), and sound
// in itself. Whether it still fits the cluster is for Recheck to say.
func Decode(text []byte) (Plan, error) {
	if len(text) > MaxFile {
		return Plan{}, fmt.Errorf("the plan file is larger than %d MiB; no plan is", MaxFile>>20)
	}
	var version struct {
		Version int `json:"slotdeck_plan"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return Plan{}, fmt.Errorf("the file is not a plan: %s", clean(err.Error()))
	}
	if version.Version != fileVersion {
		return Plan{}, fmt.Errorf("the file is not a plan of version %d (it says %d); make the plan anew", fileVersion, version.Version)
	}
	var f file
	if err := decodeStrictly(text, &f); err != nil {
		return Plan{}, fmt.Errorf("the plan file cannot be read: %s", clean(err.Error()))
	}
	if err := f.Plan.sound(); err != nil {
		return Plan{}, fmt.Errorf("the plan file does not make sense: %w; make the plan anew", err)
	}
	if id := f.Plan.digest(); id != f.Plan.ID {
		return Plan{}, fmt.Errorf("the plan file was changed after it was written (its id is %s, its content has %s); make the plan anew", quote(f.Plan.ID), id)
	}
	return f.Plan, nil
}
