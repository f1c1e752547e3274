package keyspace

import "strings"

// IsTransaction reports whether commands are MULTI, what is queued, EXEC or
// DISCARD, so that they can be sent as one.
func IsTransaction(commands [][]string) bool {
	last := len(commands) - 1
	return last > 0 && named(commands[0], "MULTI") && (named(commands[last], "EXEC") || named(commands[last], "DISCARD"))
}

// KeepsConnection reports whether one of the commands changes the connection for
// those that follow, or has an answer without end: each command here may get
// another connection.
func KeepsConnection(commands [][]string) bool {
	for _, c := range commands {
		switch strings.ToUpper(c[0]) {
		case "MONITOR", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "SYNC", "PSYNC", "HELLO", "RESET", "WATCH", "AUTH", "QUIT":
			return true
		case "CLIENT":
			if len(c) > 1 && (strings.EqualFold(c[1], "REPLY") || strings.EqualFold(c[1], "TRACKING")) {
				return true
			}
		}
	}
	return len(commands) == 1 && (named(commands[0], "MULTI") || named(commands[0], "EXEC"))
}

func named(words []string, name string) bool { return strings.EqualFold(words[0], name) }
