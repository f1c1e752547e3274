package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
	"slotdeck/ui"
)

// danger is what a command can do.
type danger uint8

const (
	harmless danger = iota // it only reads
	changing               // it changes something, or holds the server up
	losing                 // it can lose keys, or the cluster
)

// String is what a command can do, as the end of a sentence.
func (d danger) String() string {
	return [...]string{"only reads", "changes something, or holds the servers up", "can lose keys, or the cluster"}[d]
}

// losingCommands can lose what nobody can bring back, on all nodes at once.
const losingCommands = ` FLUSHALL FLUSHDB SHUTDOWN DEBUG SWAPDB REPLICAOF SLAVEOF RESTORE MIGRATE DEL UNLINK
CLUSTER|RESET CLUSTER|FORGET CLUSTER|FLUSHSLOT CLUSTER|FLUSHSLOTS CLUSTER|DELSLOTS CLUSTER|DELSLOTSRANGE CLUSTER|ADDSLOTS
CLUSTER|ADDSLOTSRANGE CLUSTER|SETSLOT CLUSTER|REPLICATE CLUSTER|FAILOVER CLUSTER|BUMPEPOCH CLUSTER|SET-CONFIG-EPOCH
CLUSTER|CANCELSLOTMIGRATIONS CLUSTER|MIGRATESLOTS CLUSTER|MIGRATION FUNCTION|FLUSH FUNCTION|DELETE FUNCTION|RESTORE ACL|DELUSER ACL|LOAD `

func dangerOf(args []any) danger {
	var name [2]string
	for i := range min(2, len(args)) {
		name[i], _ = args[i].(string)
		name[i] = strings.ToUpper(name[i])
	}
	for _, known := range strings.Fields(losingCommands) {
		if known == name[0] || known == name[0]+"|"+name[1] {
			return losing
		}
	}
	if wire.Changes(args...) || name[0] == "KEYS" {
		return changing
	}
	return harmless
}

// endless reports whether the answer of a command has no end.
func endless(command []string) bool {
	switch strings.ToUpper(command[0]) {
	case "MONITOR", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "SYNC", "PSYNC":
		return true
	}
	return false
}

// printAnswers prints "host:port: answer" for each node, as redis-cli does; the
// further lines of longer ones are indented.
func printAnswers(w *World, answers []engine.MemberAnswer) error {
	for _, a := range answers {
		lines := replyLines(a.Value)
		if a.Err != nil {
			lines = []string{"(error) " + a.Err.Error()}
		}
		text := " " + clean(lines[0])
		if len(lines) > 1 {
			text = ""
			for _, l := range lines {
				text += "\n  " + clean(l)
			}
		}
		if _, err := fmt.Fprintf(w.Out, "%s:%s\n", ui.Clean(a.Addr), text); err != nil {
			return err
		}
	}
	return nil
}

// replyLines is a reply as redis-cli prints it when it is not on a terminal, but
// with lists numbered.
func replyLines(v any) []string {
	switch v := v.(type) {
	case nil:
		return []string{"(nil)"}
	case int64:
		return []string{strconv.FormatInt(v, 10)}
	case string:
		return strings.Split(strings.TrimRight(strings.ReplaceAll(v, "\r\n", "\n"), "\n"), "\n")
	case []any:
		if len(v) == 0 {
			return []string{"(empty list)"}
		}
		var out []string
		for i, item := range v {
			mark := fmt.Sprintf("%*d) ", len(strconv.Itoa(len(v))), i+1)
			for k, line := range replyLines(item) {
				if k > 0 {
					mark = strings.Repeat(" ", len(mark))
				}
				out = append(out, mark+line)
			}
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}

// callAnswer is one node's answer as programs get it.
type callAnswer struct {
	ID     string `json:"id"`
	Addr   string `json:"addr"`
	Role   string `json:"role"`
	Reply  any    `json:"reply"` // text, number, list or null; bytes that are no text are written as \xNN
	Error  string `json:"error,omitempty"`
	TookUS int64  `json:"took_us"`
}

func callAnswers(answers []engine.MemberAnswer) []callAnswer {
	out := make([]callAnswer, len(answers))
	for i, a := range answers {
		out[i] = callAnswer{ID: string(a.ID), Addr: a.Addr, Role: "primary", Reply: textual(a.Value), TookUS: a.Took.Microseconds()}
		if a.Replica {
			out[i].Role = "replica"
		}
		if a.Err != nil {
			out[i].Error = a.Err.Error()
		}
	}
	return out
}

// textual makes a reply fit for JSON.
func textual(v any) any {
	switch v := v.(type) {
	case string:
		if utf8.ValidString(v) {
			return v
		}
		var b strings.Builder
		for i := 0; i < len(v); {
			r, size := utf8.DecodeRuneInString(v[i:])
			if r == utf8.RuneError && size == 1 {
				fmt.Fprintf(&b, `\x%02x`, v[i])
			} else {
				b.WriteString(v[i : i+size])
			}
			i += size
		}
		return b.String()
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = textual(v[i])
		}
		return out
	}
	return v
}
