package plan

import (
	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// CheckState is the outcome of a check.
type CheckState uint8

// From good to bad.
const (
	Passed  CheckState = iota // as it should be
	Warned                    // the operator should know
	Refused                   // no plan
)

var checkStates = [...]string{"ok", "warn", "refuse"}

// String is ok, warn or refuse.
func (s CheckState) String() string { return word(checkStates[:], int(s)) }

// MarshalText writes the word.
func (s CheckState) MarshalText() ([]byte, error) { return marshalWord(checkStates[:], int(s)) }

// UnmarshalText reads the word.
func (s *CheckState) UnmarshalText(text []byte) error {
	n, err := unmarshalWord(checkStates[:], text)
	*s = CheckState(n)
	return err
}

// Check is one thing that was looked at before moving slots.
type Check struct {
	State CheckState `json:"state"`
	Text  string     `json:"text"` // a sentence
}

// findings gathers checks; the first that refuses gives the refusal its reason.
type findings struct {
	checks  []Check
	refusal *Refusal
}

func (f *findings) ok(text string)   { f.checks = append(f.checks, Check{Passed, text}) }
func (f *findings) warn(text string) { f.checks = append(f.checks, Check{Warned, text}) }

func (f *findings) refuse(reason Reason, text string, nodes []cluster.NodeID, slots keyslot.Set) {
	f.checks = append(f.checks, Check{Refused, text})
	if f.refusal == nil {
		f.refusal = &Refusal{Reason: reason, Text: text, Nodes: nodes, Slots: slots}
	}
}

// err is the refusal with all checks, or nil.
func (f *findings) err() error {
	if f.refusal == nil {
		return nil
	}
	f.refusal.Checks = f.checks
	return f.refusal
}
