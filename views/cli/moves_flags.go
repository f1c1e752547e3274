package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/views"
)

// moveFlags are those of all commands that move slots.
type moveFlags struct {
	conn connection
	out  format

	yes      bool
	dryRun   bool
	file     string
	driver   string
	timeout  int
	pipeline int
	replace  bool
	maxBlock int
	throttle int
	durable  bool
	bigKeys  string

	onConflict, onStray, onFailure string
	answers                        map[string]string // to kinds of questions
}

func (f *moveFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.yes, "yes", false, "ask nothing, neither before the first slot moves nor later; needed without a terminal")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan and its commands, and change nothing")
	flags.StringVar(&f.file, "plan", "", "with --dry-run: write the plan to this `file`; without: carry out the plan in it")
	f.howFlags(flags)
	f.out.register(flags)
	f.conn.register(flags)
	flags.SetNormalizeFunc(likeRedisCLI)
}

// howFlags are about the way slots move.
func (f *moveFlags) howFlags(flags *pflag.FlagSet) {
	flags.StringVar(&f.driver, "driver", "auto", "way of moving: `auto|migrate|atomic`")
	flags.IntVar(&f.timeout, "timeout", 0, "`ms` that MIGRATE waits for a silent target (default a quarter of the node timeout, 2000 at most)")
	flags.IntVar(&f.pipeline, "pipeline", 0, "`keys` of one MIGRATE call (default as many as --max-block allows)")
	flags.BoolVar(&f.replace, "replace", false, "a key that is on both sides with different values: the source's wins, the other is saved in a file")
	flags.IntVar(&f.maxBlock, "max-block", int(engine.DefaultMaxBlock/time.Millisecond), "`ms` that one call may hold a server")
	flags.IntVar(&f.throttle, "throttle", 0, "at most so many `keys` a second; 0: no bound")
	flags.BoolVar(&f.durable, "durable", false, "wait for the target's replicas before a slot changes hands; keys of a slot in hand hang on the target alone until then, for MIGRATE waits for none")
	flags.StringVar(&f.bigKeys, "big-keys", "", "slots with a key that holds its server longer than --max-block: `leave|move|raise-timeout` (default: asked on a terminal, else leave)")
	flags.StringVar(&f.onConflict, "on-conflict", "", "a key that is on both sides with different values: `leave|source|target|stop` (default: asked on a terminal, else leave its slot)")
	flags.StringVar(&f.onStray, "on-stray", "", "keys that the target holds of a slot that is not its own: `leave|remove|move|stop` (default: asked on a terminal, else leave the slot)")
	flags.StringVar(&f.onFailure, "on-failure", "", "when the servers' own migration failed three times: `again|migrate|stop` (default: asked on a terminal, else stop)")
}

// likeRedisCLI accepts the names that redis-cli --cluster and valkey-cli
// --cluster have for flags.
func likeRedisCLI(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.TrimPrefix(name, "cluster-")
	if name == "use-empty-primaries" {
		name = "use-empty-masters"
	}
	return pflag.NormalizedName(name)
}

// options are the flags as the engine wants them.
func (f *moveFlags) options() (o views.MoveOptions, err error) {
	least, most := int(engine.MinMaxBlock/time.Millisecond), int(engine.MaxMaxBlock/time.Millisecond)
	switch {
	case f.maxBlock < least || f.maxBlock > most:
		return o, usage("--max-block %d is not %d to %d ms", f.maxBlock, least, most)
	case f.timeout < 0 || f.timeout > 3_600_000:
		return o, usage("--timeout %d is not 0 to 3600000 ms", f.timeout)
	case f.pipeline < 0 || f.pipeline > 1_000_000:
		return o, usage("--pipeline %d is not 0 to 1000000 keys", f.pipeline)
	case f.throttle < 0:
		return o, usage("--throttle %d is less than nothing", f.throttle)
	}
	if err := f.checkAnswers(); err != nil {
		return o, err
	}
	o = views.MoveOptions{
		Questions: true,
		MaxBlock:  time.Duration(f.maxBlock) * time.Millisecond, Timeout: time.Duration(f.timeout) * time.Millisecond,
		Pipeline: f.pipeline, Throttle: f.throttle, Replace: f.replace, Durable: f.durable,
	}
	switch f.bigKeys {
	case "": // asked, where there is somebody to ask
	case "leave":
		o.BigKeys = views.LeaveBigKeys
	case "move":
		o.BigKeys = views.MoveBigKeys
	case "raise-timeout":
		o.BigKeys = views.RaiseTimeout
	default:
		return o, usage("--big-keys is leave, move or raise-timeout, not %q", f.bigKeys)
	}
	switch f.driver {
	case "auto", "migrate", "atomic", plan.AtomicRedis.String(), plan.AtomicValkey.String():
		return o, nil
	}
	return o, usage("--driver is auto, migrate or atomic, not %q", f.driver)
}

// wanted is the driver that the flag means: there are two atomic ones, and no
// cluster has both.
func (f *moveFlags) wanted(facts views.MoveFacts) plan.Driver {
	switch f.driver {
	case "migrate":
		return plan.Legacy
	case plan.AtomicRedis.String():
		return plan.AtomicRedis
	case plan.AtomicValkey.String():
		return plan.AtomicValkey
	case "atomic":
		for _, a := range facts.Abilities {
			if a.AtomicRedis {
				return plan.AtomicRedis
			}
		}
		return plan.AtomicValkey
	}
	return plan.Auto
}
