package cluster

import (
	"time"

	"slotdeck/keyslot"
)

// Health is what the console itself knows of a node: whether, and how, it
// answers. It says nothing of what the other nodes think.
type Health uint8

// The ways a node can answer the console.
const (
	Unknown   Health = iota // not asked yet
	Answering               // the newest attempt brought an answer
	NoAnswer                // timed out, or the link broke
	Refused                 // nothing listens there
	Loading                 // answers LOADING: reads its dataset
	Denied                  // wrong or missing password, or no right to look
	Rubbish                 // answers, but not the way a server does
	NoAddress               // nobody knows where it lives
)

// Node is one node as the console knows it now.
type Node struct {
	ID       NodeID
	Member   Member // the merged picture: its own line while it answers, else the best view of the others
	Dialled  string // host:port that the console dials; empty when there is none
	Shard    int    // index into Snapshot.Shards, -1 when in none
	Health   Health
	Since    time.Time // since when the node has this health
	LastSeen time.Time // last answer of any kind; zero: never
	Err      error     // a sentence for the operator while it does not answer

	Stranger NodeID // another node that answers at its address; empty: none
	Foreign  bool   // and that one is of another cluster
	KinTried bool   // a node was asked with whom it shares a shard

	Latency     Reading[time.Duration] // one PING, there and back
	Info        Reading[Info]
	Stats       Stats // numbers out of Info; zero value when Info never arrived
	ClusterInfo Reading[ClusterInfo]
	Config      Reading[map[string]string] // settings by their names in CONFIG GET; at least those the console asks for
	View        Reading[*View]             // what this node says of all nodes

	// What is asked seldom. Nothing of it need ever arrive.
	Checkup Reading[*Checkup]
	Strays  Reading[[]SlotKeys] // keys that a primary holds in slots it does not own; it was asked for every slot
	Earlier *Sample             // from one to two checkups ago; nil: not yet, or it was restarted since

	// What the other nodes that were read recently say of this one.
	PFailBy []NodeID // they suspect it
	FailBy  []NodeID // they hold it for failed
}

// Displaced reports whether a node is a primary that failed, owns nothing and
// has no shard: one that was replaced before anybody looked.
func (n *Node) Displaced() bool {
	return n.Shard < 0 && n.Member.Flags.Has(Primary) && n.Member.Flags.Has(Fail) && len(n.Member.Slots) == 0
}

// Stats are the numbers of INFO that the screens need, parsed once. A field
// the server did not report is -1.
type Stats struct {
	Version           string // "7.0.15"; Valkey's own version, not the compatibility one
	Flavor            string // "redis" or "valkey"
	Role              Flags  // Primary or Replica, as INFO replication says
	Keys              int64  // all databases
	Expires           int64
	UsedMemory        int64 // bytes
	MaxMemory         int64 // bytes, 0: no limit
	RSS               int64 // bytes
	Fragmentation     float64
	OpsPerSec         int64
	InputKbps         float64
	OutputKbps        float64
	Clients           int64
	BlockedClients    int64
	Hits, Misses      int64
	Evicted           int64
	Expired           int64
	Uptime            time.Duration
	Offset            int64         // master_repl_offset on a primary; slave_repl_offset on a replica
	LinkUp            bool          // replica: master_link_status
	LinkIdle          time.Duration // replica: since the last byte from the primary; -1 unknown
	Syncing           bool
	ConnectedReplicas int64
	Loading           bool
}

// Shard is one primary with slots (or a slotless primary) and those who follow it.
type Shard struct {
	Letter   string   // "A" to "Z", "AA" …: keeps while the shard lives, through failovers
	Hue      int      // A is 0, B is 1 …: an index into the palette, keeps with the letter
	Primary  NodeID   // empty when no node claims to be
	Replicas []NodeID // by address; a primary that was replaced and lost its slots stands here, too
	Slots    []keyslot.Range
	SlotLen  int // how many slots
}

// Move is an open slot, paired from what both sides show.
type Move struct {
	Slot             keyslot.Slot
	From             NodeID   // empty when no node shows it as migrating
	To               NodeID   // empty when no node shows it as importing
	FromSeen, ToSeen []NodeID // the nodes whose own lines show each half (replicas too, on Valkey)
	Gives            NodeID   // whom From means to give it to; empty when From is
	Expects          NodeID   // whom To expects it from; empty when To is
}

// Dispute is a run of slots about whose owner the nodes do not agree.
type Dispute struct {
	Range keyslot.Range
	Says  []Claim // at least two, the most backed first
}

// Claim is one of the answers in a dispute.
type Claim struct {
	Owner NodeID // empty: says that nobody owns it
	Epoch uint64 // the owner's config epoch as those nodes know it
	By    []NodeID
}

// NoShard marks an unassigned slot in Snapshot.Owner.
const NoShard int16 = -1

// Snapshot is the cluster at one moment, made from every node's last answers.
// It is never changed once made.
type Snapshot struct {
	At       time.Time     // when it was put together
	Seq      uint64        // counts up
	Interval time.Duration // between two polls
	Paused   bool
	Nodes    []Node                // by shard, primary first, then address
	Shards   []Shard               // by letter
	Owner    *[keyslot.Count]int16 // index into Shards, or NoShard
	Moves    []Move                // by slot
	Disputes []Dispute             // by slot
	Events   []Event               // newest last, bounded
	Seeds    []SeedState

	Unsettled time.Time   // since when the nodes do not agree who owns which slots at which epoch; zero: they do
	Converged Convergence // the last time that they came to agree; zero: not seen
}

// SeedState is how one of the addresses given on the command line fares.
type SeedState struct {
	Addr string
	ID   NodeID // the node behind it, once known
	Err  error
}

// Node finds a node by id.
func (s *Snapshot) Node(id NodeID) (*Node, bool) {
	if s != nil {
		for i := range s.Nodes {
			if s.Nodes[i].ID == id {
				return &s.Nodes[i], true
			}
		}
	}
	return nil, false
}

// ShardOf is the shard that owns a slot.
func (s *Snapshot) ShardOf(slot keyslot.Slot) (*Shard, bool) {
	if s == nil || s.Owner == nil || s.Owner[slot] == NoShard {
		return nil, false
	}
	return &s.Shards[s.Owner[slot]], true
}
