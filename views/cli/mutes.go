package cli

import (
	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	engine "slotdeck/cluster/run"
)

// muteFile keeps what is muted in the folder of state, a file for each cluster.
type muteFile struct{ dir string }

const muteKind = "muted" // of what is remembered

// Load reads what is muted of a cluster.
func (f muteFile) Load(s *cluster.Snapshot) (list []doctor.Mute) {
	if s == nil || !engine.Recall(f.dir, muteKind, s, &list) {
		return nil
	}
	return list
}

// Keep writes what is muted of a cluster.
func (f muteFile) Keep(s *cluster.Snapshot, list []doctor.Mute) error {
	if len(list) == 0 {
		return engine.Forget(f.dir, muteKind, s)
	}
	return engine.Remember(f.dir, muteKind, s, list)
}
