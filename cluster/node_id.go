package cluster

// NodeID is a node's name for life: 40 hexadecimal digits on every known
// version. It is kept as text, because a server may answer anything.
type NodeID string

// Short is the first eight characters, enough for a person to tell nodes apart.
func (id NodeID) Short() string {
	if len(id) <= 8 {
		return string(id)
	}
	return string(id[:8])
}
