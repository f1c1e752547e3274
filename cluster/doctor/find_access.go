package doctor

import (
	"net/netip"
	"strings"

	"slotdeck/cluster"
)

// accessChecks are the rules of this file, in their order.
func accessChecks() []check {
	return []check{
		{openDoors, []Rule{
			{ID: "password-none", Least: Note, Most: Look,
				Means: "Whoever reaches the port is let in as the user default, without a password, and may read and delete everything. A note while protected mode or the bound addresses keep all but the host itself away.",
				Next:  "Give the users passwords (an aclfile, or requirepass and masterauth) on every node; first tell the clients. docs/acl.md has the rights that slotdeck needs."},
			{ID: "protected-off", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "protected-mode",
				Means: "Protected mode is off while no password is asked for: the node answers whoever reaches it from elsewhere.",
				Next:  "Set a password first, or protected-mode to yes where only the host itself connects."},
			{ID: "default-user-open", Least: Note, Most: Note,
				Means: "The user default may do everything with every key, also FLUSHALL, CONFIG and SHUTDOWN: whoever knows the one password owns the cluster.",
				Next:  "Make users with the rights they need, and take the dangerous ones away: ACL SETUSER default -@dangerous."},
		}},
		{dangerousCommands, []Rule{
			{ID: "commands-open", Least: Look, Most: Look,
				Means: "DEBUG, MODULE or protected settings are open to every connection: DEBUG can crash the server, a module is foreign code, and with protected settings files can be written anywhere.",
				Next:  "Set enable-debug-command, enable-module-command and enable-protected-configs to no in the configuration file, and restart."},
		}},
	}
}

func openDoors(e *examination) []Finding {
	var shut, open, unprotected, powerful []*cluster.Node
	for n := range e.informed {
		c := checkupOf(n)
		if c == nil || c.Default == nil || !c.Default.On {
			continue
		}
		switch {
		case !c.Default.NoPassword:
			if c.Default.EveryCommand && c.Default.EveryKey {
				powerful = append(powerful, n)
			}
		case sheltered(c.Settings):
			shut = append(shut, n)
		default:
			open = append(open, n)
			if c.Settings["protected-mode"] == "no" {
				unprotected = append(unprotected, n)
			}
		}
	}
	out := e.together("password-none", Look, open, "asks for no password", "ask for no password")
	out = append(out, e.together("password-none", Note, shut, "asks for no password; it lets only its own host in", "ask for no password; they let only their own hosts in")...)
	out = append(out, e.together("protected-off", Look, unprotected, "has protected mode off, and asks for no password", "have protected mode off, and ask for no password")...)
	return append(out, e.together("default-user-open", Note, powerful, "lets the user default do everything", "let the user default do everything")...)
}

// sheltered reports whether only the host itself gets in without a password. That
// is not known without the settings; then it counts as not.
func sheltered(settings map[string]string) bool {
	if settings["protected-mode"] == "yes" {
		return true
	}
	addresses := strings.Fields(settings["bind"])
	for _, a := range addresses {
		ip, err := netip.ParseAddr(strings.TrimPrefix(a, "-"))
		if err != nil || !ip.IsLoopback() {
			return false
		}
	}
	return len(addresses) > 0
}

func dangerousCommands(e *examination) []Finding {
	who := map[cluster.NodeID][]string{}
	open := e.having(func(n *cluster.Node) bool {
		for _, name := range []string{"enable-debug-command", "enable-module-command", "enable-protected-configs"} {
			if v, known := setting(n, name); known && v == "yes" {
				who[n.ID] = append(who[n.ID], name)
			}
		}
		return len(who[n.ID]) > 0
	})
	out := e.together("commands-open", Look, open, "lets every connection use dangerous commands", "let every connection use dangerous commands")
	for i := range out {
		out[i].Evidence = nil
		for _, n := range open {
			out[i].Evidence = append(out[i].Evidence, name(n)+": "+strings.Join(who[n.ID], ", "))
		}
	}
	return out
}
