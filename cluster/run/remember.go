package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"slotdeck/cluster"
)

// memory is a file about one cluster. The cluster is known again by any node
// that it had: nodes come and go.
type memory struct {
	Version int              `json:"slotdeck_memory"`
	Nodes   []cluster.NodeID `json:"nodes"`
	What    json.RawMessage  `json:"what"`
}

// Remember writes something about a cluster into a folder, in place of what was
// remembered of the same kind, a word.
func Remember(dir, kind string, s *cluster.Snapshot, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	m := memory{Version: 1, What: text, Nodes: idsOf(s)}
	if len(m.Nodes) == 0 {
		return errors.New("the cluster is not known yet")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path, _ := recalled(dir, kind, s)
	if path == "" {
		h := fnv.New64a()
		for _, id := range m.Nodes {
			fmt.Fprintln(h, id)
		}
		path = filepath.Join(dir, fmt.Sprintf("%s-%016x.json", kind, h.Sum64()))
	}
	if text, err = json.MarshalIndent(m, "", "  "); err != nil {
		return err
	}
	return writeWhole(path, append(text, '\n'))
}

// Recall reads what was remembered of a kind about a cluster; false when there
// is nothing. A file that cannot be understood is as good as none.
func Recall(dir, kind string, s *cluster.Snapshot, what any) bool {
	path, m := recalled(dir, kind, s)
	return path != "" && json.Unmarshal(m.What, what) == nil
}

// Forget removes what was remembered of a kind about a cluster.
func Forget(dir, kind string, s *cluster.Snapshot) error {
	path, _ := recalled(dir, kind, s)
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// recalled is the file that shares a node with the cluster; of several the one
// that was written last.
func recalled(dir, kind string, s *cluster.Snapshot) (path string, found memory) {
	files, _ := filepath.Glob(filepath.Join(dir, kind+"-*.json")) // the pattern is well formed
	var newest fs.FileInfo
	for _, file := range files {
		var m memory
		text, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(text, &m) != nil || m.Version != 1 {
			continue
		}
		info, err := os.Stat(file)
		if err != nil || newest != nil && info.ModTime().Before(newest.ModTime()) {
			continue
		}
		for _, id := range m.Nodes {
			if _, known := s.Node(id); known {
				path, found, newest = file, m, info
				break
			}
		}
	}
	return path, found
}

func idsOf(s *cluster.Snapshot) []cluster.NodeID {
	if s == nil {
		return nil
	}
	var ids []cluster.NodeID
	for i := range s.Nodes {
		if s.Nodes[i].ID != "" {
			ids = append(ids, s.Nodes[i].ID)
		}
	}
	slices.Sort(ids)
	return ids
}
