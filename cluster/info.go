package cluster

// InfoField is one "name:value" line of INFO.
type InfoField struct{ Name, Value string }

// InfoSection is one "# Name" part of INFO, in the server's order.
type InfoSection struct {
	Name   string
	Fields []InfoField
}

// Info is a node's whole answer to INFO. The text is kept in order for the
// detail pane; Text, Int and Float look a field up by name.
type Info struct {
	Sections []InfoSection
}

// ClusterInfo is a node's answer to CLUSTER INFO. The state is this one node's
// opinion: others may think otherwise.
type ClusterInfo struct {
	State         string // "ok" or "fail"
	SlotsAssigned int
	SlotsOK       int
	SlotsPFail    int
	SlotsFail     int
	KnownNodes    int // counts nodes in handshake, too
	Size          int // primaries with slots
	CurrentEpoch  uint64
	MyEpoch       uint64
	Fields        []InfoField // every field, known or not, in the server's order
}
