package wire

// Changes reports whether a command may change something that outlives its
// connection. One that is not known counts as if it did.
func Changes(args ...any) bool { return changes(commandName(args)) }

// Shown is a command as it may be shown: redacted, cleaned, bounded.
func Shown(args ...any) string { return display(args) }
