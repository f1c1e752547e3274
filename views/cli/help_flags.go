package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupFlags makes the help of root and of all commands show what is a command's
// own before the two dozen flags that most of them share.
func groupFlags(root *cobra.Command) {
	help, usage := root.HelpFunc(), root.UsageTemplate()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		own, shared := splitFlags(c)
		if own.HasFlags() && shared.HasFlags() {
			c.SetUsageTemplate(strings.Replace(usage, "{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}",
				literally(own.FlagUsages())+"\n\nWhich cluster, and how to reach it:\n"+literally(shared.FlagUsages()), 1))
		}
		help(c, args)
	})
}

// splitFlags parts the flags of a command from those that say where to connect to.
func splitFlags(c *cobra.Command) (own, shared *pflag.FlagSet) {
	own, shared = pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(connection).register(all)
	connects := c.LocalFlags().Lookup("host") != nil
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if connects && all.Lookup(f.Name) != nil {
			shared.AddFlag(f)
		} else {
			own.AddFlag(f)
		}
	})
	return own, shared
}

// literally is a text that a template leaves as it is.
func literally(text string) string {
	return "{{" + strconv.Quote(strings.TrimRight(text, "\n")) + "}}"
}
