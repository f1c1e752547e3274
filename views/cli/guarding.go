package cli

// guarding is what the chosen context asks of whoever changes something.
type guarding struct {
	name      string
	protected bool
	readOnly  bool
	confirmed string // the name that --confirm gave
}

// watches reports whether changes are to be looked at more closely than usual.
func (g guarding) watches() bool { return g.protected || g.readOnly }

// allows reports whether a change may be made; ask means that the context's name
// has to be typed first, whatever was said beforehand.
func (g guarding) allows(yes bool) (ask bool, err error) {
	switch {
	case g.readOnly && g.name != "":
		return false, failure(No, "nothing was changed: the context %s is read-only here", g.name)
	case g.readOnly:
		return false, failure(No, "nothing was changed: --readonly was given")
	case !g.protected || yes && g.confirmed == g.name:
		return false, nil
	case g.confirmed != "" && g.confirmed != g.name:
		return false, usage("nothing was changed: --confirm %q is not the name of the context, %q", g.confirmed, g.name)
	case yes:
		return false, usage("nothing was changed: the context %s is protected, so --yes needs --confirm %s beside it", g.name, g.name)
	}
	return true, nil
}

func (g guarding) question(typed string) string {
	if g.protected && typed == g.name {
		return "The context " + typed + " is protected. Type its name to go on: "
	}
	return "This can lose data. Type " + typed + " to go on: "
}
