package cluster

import "time"

// EventKind tells what changed.
type EventKind uint8

// The kinds of events.
const (
	NodeAppeared EventKind = iota
	NodeWent
	RoleChanged
	PrimaryChanged // a replica follows another primary
	HealthChanged  // the node answers the console differently
	LinkChanged    // replication link went up or down
	FlagChanged    // fail?, fail, handshake … as others see it
	EpochChanged   // config epoch of a primary
	SlotsChanged   // slots changed owner
	SlotOpened     // a move began, or ended
	StateChanged   // cluster_state as one node sees it
	DisputeChanged // nodes began or ceased to disagree
	AddressChanged
	RestartSeen // uptime went back
	Note        // said by the console itself (connected, paused, …)
)

// Gravity orders events for the eye.
type Gravity uint8

// From quiet to loud.
const (
	Quiet Gravity = iota
	Good
	Notable
	Bad
)

// Event is one change, as seen by the console.
type Event struct {
	Seq     uint64 // counts up, never reused within a session
	At      time.Time
	Kind    EventKind
	Gravity Gravity
	Node    NodeID // whom it is about; may be empty
	Shard   string // letter of the shard at that time; may be empty
	Addr    string // the node's address at that time, for reading
	Text    string // the change in a few words, clean for the screen
}
