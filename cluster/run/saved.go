package run

import (
	"encoding/json"
	"os"
	"time"

	"slotdeck/cluster"
)

// Saved is a value in a file, to be brought back by RESTORE.
type Saved struct {
	At      time.Time      `json:"at"`
	Job     string         `json:"job"`
	Node    cluster.NodeID `json:"node"` // that held it
	Addr    string         `json:"addr"`
	Slot    int            `json:"slot"`
	DB      int            `json:"db"`
	Key     []byte         `json:"key"`        // base64
	Dump    []byte         `json:"dump"`       // base64, for RESTORE
	Expires int64          `json:"expires_ms"` // since 1970; -1: never
}

// AppendSaved adds values to a file, one JSON object a line, and returns when
// they are on the disk.
func AppendSaved(path string, values ...Saved) error {
	var text []byte
	for _, v := range values {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		text = append(append(text, line...), '\n')
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
