package cli

import (
	"cmp"
	"context"
	"net"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	engine "slotdeck/cluster/run"

	"slotdeck/cluster/audit"
	"slotdeck/cluster/jump"
	"slotdeck/cluster/reach"
	"slotdeck/cluster/wire"
)

// wayFlags say which way connections take.
type wayFlags struct {
	ssh       string
	sshConfig string
	rules     []string
}

func (f *wayFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.ssh, "ssh", "", "`user@bastion[,user@inner]` through which every node is dialled; names of ssh_config, too")
	flags.StringVar(&f.sshConfig, "ssh-config", "", "`file` in place of ~/.ssh/config; none: no file")
	flags.StringArrayVar(&f.rules, "map", nil, "`FROM=TO`: dial TO for what announces itself as FROM: host:port, host, network, id:PREFIX or *")
}

type dialler = func(ctx context.Context, network, addr string) (net.Conn, error)

// apply sets how the target's nodes are dialled.
func (f *wayFlags) apply(w *World, t *target, known chosen) error {
	for _, text := range f.rules {
		r, err := reach.ParseRule(text)
		if err != nil {
			return usage("--map: %w", err)
		}
		t.Rules = append(t.Rules, r)
	}
	t.Rules = append(t.Rules, known.Addresses...)
	if chain := cmp.Or(f.ssh, known.SSH); chain != "" && chain != "none" {
		hops, err := jump.Resolve(chain, jump.Home{Dir: w.Env("HOME"), User: loginName(w), Config: f.sshConfig})
		if err != nil {
			return usage("--ssh: %w", err)
		}
		tunnel := jump.Open(hops, w.Env("SSH_AUTH_SOCK"))
		w.atEnd(tunnel.Close)
		t.Straight = tunnel.DialContext
		t.Options.DialTimeout = tunnelTime
	}
	t.Options.Dial = ruled(t.Straight, t.Rules, t.Seeds)
	return nil
}

// tunnelTime is what a dial through a tunnel may take: the first one logs in.
const tunnelTime = 4 * wire.DefaultDialTimeout

// ruled dials where the address rules say. What the operator named is dialled as
// it was named.
func ruled(straight dialler, rules reach.Rules, seeds []string) dialler {
	if len(rules) == 0 {
		return straight
	}
	if straight == nil {
		straight = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if network == "tcp" && !slices.Contains(seeds, addr) {
			addr = rules.Addr(addr)
		}
		return straight(ctx, network, addr)
	}
}

// loginName is the name of the user at the terminal.
func loginName(w *World) string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username[strings.LastIndexByte(u.Username, '\\')+1:]
	}
	return cmp.Or(w.Env("USER"), w.Env("LOGNAME"), "?")
}

// audit opens the journal of changes. When it cannot be written that is said, and
// nothing is held up.
func (w *World) audit(context string) wire.Audit {
	host, _ := os.Hostname()
	who := audit.Who{User: cmp.Or(w.Env("SUDO_USER"), loginName(w)), Host: host, Context: context}
	journal, err := audit.Open(engine.StateDirOf(w.Env), who)
	if err != nil {
		w.Warn(clean(err.Error()))
		return nil
	}
	w.atEnd(func() {
		if err := journal.Trouble(); err != nil {
			w.Warn(clean(err.Error()))
		}
		_ = journal.Close()
	})
	return journal
}
