package cli

import (
	"slotdeck/cluster/wire"
	"slotdeck/views"
)

// sentLog shows the journal to the screens.
type sentLog struct{ journal *wire.Journal }

// Sent are the commands that may have changed something, oldest first.
func (l sentLog) Sent() []views.SentCommand {
	entries := l.journal.Entries()
	sent := make([]views.SentCommand, len(entries))
	for i, e := range entries {
		sent[i] = views.SentCommand{Seq: e.Seq, At: e.At, Addr: e.Addr, Command: e.Command, Took: e.Took, Err: e.Err}
	}
	return sent
}

// Reads count the commands that only read.
func (l sentLog) Reads() []views.ReadCount {
	counts := l.journal.Counts()
	reads := make([]views.ReadCount, len(counts))
	for i, c := range counts {
		reads[i] = views.ReadCount{Addr: c.Addr, Command: c.Command, Sent: c.Sent, Failed: c.Failed}
	}
	return reads
}
