package cli

import "github.com/spf13/cobra"

// needShell lets the toolkit's completion command complain when it is not told
// a shell that it knows, where it would only print its help.
func needShell(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Short = "A script that lets your shell complete slotdeck's commands and flags"
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("for which shell: bash, zsh, fish or powershell?")
			}
			return usage("there is no completion for %q, only for bash, zsh, fish and powershell", args[0])
		}
	}
}
