package views

import (
	"context"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// Freight brings all data of the cluster into a folder, and the keys of a server
// into the cluster.
type Freight interface {
	// Plan reads what a wish is planned from, and works it out. It blocks for
	// some seconds at most; the error is a sentence.
	Plan(ctx context.Context, w FreightWish, s *cluster.Snapshot) (FreightPlan, error)
	// Start begins what was planned, once a fresh read comes to the same plan. It
	// does not block: what stands against it is how the run ends.
	Start(w FreightWish, p FreightPlan, s *cluster.Snapshot) ConductRun
}

// FreightWish is what is to be brought where.
type FreightWish struct {
	Folder string // of a backup; empty: it is an import

	From     string // the server to import from
	User     string // to log in as there; empty: the default user
	Password string // to give there; empty: none
	TLS      FreightTLS
	DB       int  // of the databases there, this one alone; -1: all
	Copy     bool // leave the keys there, too
	Replace  bool // overwrite what the cluster has under the same names
}

// FreightTLS is how TLS is spoken with the server to import from.
type FreightTLS struct {
	On        bool
	Unchecked bool   // take any certificate
	Trusted   string // file or folder of the certificates to trust; empty: the system's
	Name      string // that its certificate must be for; empty: the host's
	Cert, Key string // files of the certificate to show; empty: none
}

// FreightPlan is what would be done.
type FreightPlan struct {
	Title string
	Risk  plan.Risk
	Why   string
	Type  string   // to be typed before a lossy plan
	Lines []string // what goes where
	Notes []string
	Same  string // equal for plans that come to the same
}
