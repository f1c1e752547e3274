package run

import (
	"context"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// readyForMigrate makes sure, before the first slot, that the targets will let
// the sources in: a MIGRATE whose password is wrong fails only when it meets the
// first key.
func (j *Job) readyForMigrate(ctx context.Context) error {
	nodes := map[cluster.NodeID]bool{}
	for _, m := range j.plan.Moves {
		nodes[m.To], nodes[m.From] = true, true // slots can come back the same way
	}
	return j.loginFor(ctx, nodes)
}

func (j *Job) loginFor(ctx context.Context, nodes map[cluster.NodeID]bool) error {
	user, password := j.opts.User, j.opts.Password
	if user == "" && password.Empty() {
		for id := range nodes {
			if n, err := j.crew.node(id); err == nil {
				n.Twin(func(o *wire.Options) {
					who := o.ForChanges()
					user, password = who.Username, who.Password
				}).Close()
				break
			}
		}
	}
	j.speaks = j.insides(ctx, nodes)
	j.login = nil
	switch {
	case password.Empty():
	case user == "" || user == "default":
		j.login = []any{"AUTH", password}
	default:
		j.login = []any{"AUTH2", user, password}
	}
	for id := range nodes {
		if err := j.letsIn(ctx, id, user, password); err != nil {
			return err
		}
	}
	return nil
}

// letsIn logs in to a target as MIGRATE will, and restores a value that is none:
// who may not is refused before the value is looked at.
func (j *Job) letsIn(ctx context.Context, id cluster.NodeID, user string, password wire.Secret) error {
	n, err := j.crew.node(id)
	if err != nil {
		return err
	}
	guest := n.Twin(func(o *wire.Options) {
		o.Username, o.Password, o.Changer = user, password, nil
	})
	defer guest.Close()
	answers := guest.Pipeline(ctx, []any{"SELECT", 0}, []any{"RESTORE-ASKING", "{slotdeck}no such key", 0, "no value"})
	name := j.crew.name(id)
	for _, a := range answers {
		switch wire.KindOf(a.Err) {
		case wire.AuthWrong:
			return refuse(id, a.Err, "%s refuses the user or password that MIGRATE would give it; give the ones of a user who may SELECT and RESTORE-ASKING there", name)
		case wire.AuthMissing:
			return refuse(id, a.Err, "%s asks for a password, and MIGRATE was given none; give user and password for the move", name)
		case wire.NoPermission:
			return refuse(id, a.Err, "on %s the user of MIGRATE lacks a right: it needs +select +restore-asking and ~* there (%s)", name, said(a.Err))
		case wire.Reply, wire.ClusterDown: // rights are looked at first
		default:
			if a.Err != nil {
				return a.Err
			}
		}
	}
	return nil
}

// readyForMigrateSlots makes sure that a Valkey source can log in to its target:
// it uses its own masteruser and masterauth.
func (j *Job) readyForMigrateSlots(ctx context.Context) error {
	for _, m := range j.plan.Moves {
		user, _ := j.setting(ctx, m.From, "masteruser")
		password, known := j.setting(ctx, m.From, "masterauth")
		if !known {
			continue // the migration's own error will tell
		}
		n, err := j.crew.node(m.To)
		if err != nil {
			return err
		}
		guest := n.Twin(func(o *wire.Options) {
			o.Username, o.Password, o.Changer = user, wire.NewSecret(password), nil
		})
		_, err = guest.Do(ctx, "PING")
		guest.Close()
		switch wire.KindOf(err) {
		case wire.AuthWrong, wire.AuthMissing:
			if err != nil {
				return refuse(m.From, err, "%s cannot log in to %s for an atomic migration: it uses its own masteruser and masterauth, and those are missing or wrong; set them, or use the driver migrate",
					j.crew.name(m.From), j.crew.name(m.To))
			}
		}
	}
	return nil
}
