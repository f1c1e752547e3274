package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slotdeck/cluster/keyspace"
)

// careful are flags that are never taken for words of the command, wherever they
// stand: overlooking one could change what was to be left alone.
var careful = []string{"readonly", "confirm", "context", "config"}

// commandWords parses the flags and returns the other words: a server's command
// may have words that look like flags, such as LRANGE k 0 -1. Only the flags
// named may follow the command; what stands behind "--" never is one.
func commandWords(cmd *cobra.Command, args []string, behind ...string) ([]string, error) {
	flags := cmd.Flags()
	flags.AddFlagSet(cmd.InheritedFlags())
	var words, given []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			words = append(words, args[i+1:]...)
			break
		}
		begun := len(words) >= 2 // the address, and its port or the command
		flag, attached := flagOf(flags, arg)
		if len(arg) < 2 || arg[0] != '-' || begun && (flag == nil || !slices.Contains(behind, flag.Name) && !slices.Contains(careful, flag.Name)) {
			words = append(words, arg)
			continue
		}
		given = append(given, arg)
		if flag != nil && flag.NoOptDefVal == "" && !attached && i+1 < len(args) {
			i++
			given = append(given, args[i])
		}
	}
	if err := flags.Parse(given); err != nil {
		return nil, flagError(cmd, err)
	}
	return words, nil
}

// flagOf finds the flag that a word is, nil for none; attached means that the
// word holds its value, too.
func flagOf(flags *pflag.FlagSet, word string) (flag *pflag.Flag, attached bool) {
	if name, long := strings.CutPrefix(word, "--"); long {
		name, _, attached = strings.Cut(name, "=")
		return flags.Lookup(name), attached
	}
	if len(word) < 2 || word[0] != '-' || word[1] >= 0x80 {
		return nil, false
	}
	return flags.ShorthandLookup(word[1:2]), len(word) > 2
}

// severalCommands splits words at each lone ";".
func severalCommands(words []string) [][]string {
	var out [][]string
	for part := range slices.Values(splitWords(words, ";")) {
		if len(part) > 0 {
			out = append(out, part)
		}
	}
	return out
}

func splitWords(words []string, at string) [][]string {
	out := [][]string{nil}
	for _, w := range words {
		if w == at {
			out = append(out, nil)
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], w)
	}
	return out
}

// isTransaction reports whether commands are MULTI, what is queued, EXEC or
// DISCARD; wrong says what is amiss with commands that are neither that nor one
// command alone.
func isTransaction(commands [][]string) (yes bool, wrong string) {
	switch {
	case keyspace.IsTransaction(commands):
		return true, ""
	case strings.EqualFold(commands[0][0], "MULTI"):
		return false, `MULTI is not followed by EXEC, so nothing was sent; give the whole transaction, with ";" between the commands`
	case len(commands) > 1:
		return false, `several commands are given as MULTI ";" … ";" EXEC, or one a line on the input`
	}
	return false, ""
}

// keepsState reports whether a command would change the connection for those
// that follow it; each command here may get another one.
func keepsState(command []string) bool {
	switch strings.ToUpper(command[0]) {
	case "WATCH", "HELLO", "RESET", "AUTH", "QUIT", "ASKING", "READONLY", "READWRITE", "EXEC", "DISCARD":
		return true
	case "SELECT":
		return len(command) > 1 && command[1] != "0"
	case "CLIENT":
		return len(command) > 1 && (strings.EqualFold(command[1], "REPLY") || strings.EqualFold(command[1], "TRACKING"))
	}
	return false
}
