package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"slotdeck/cluster/plan"
	"slotdeck/cluster/proof/mover"
	"slotdeck/cluster/run"
)

// obey is the life of a process that is a slotdeck: it returns the exit status,
// 0 when all that was asked for was done.
func obey(o order) int {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(9) // whoever gave the order is no more
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	defer stop()
	if o.Still {
		tell(news{State: "moving"})
		time.Sleep(time.Second)
		return 0
	}
	s, err := mover.OpenSlotdeck(o.Seeds, o.State)
	if err != nil {
		tell(news{End: true, Text: err.Error()})
		return 1
	}
	defer s.Close()
	options := run.Options{Driver: o.Driver, Durable: o.Durable, KeysPerSecond: o.KeysPerSecond, Unattended: true, StateDir: o.State}
	if o.Recover {
		// Who recovers knows nothing of what happened, and is asked about every key
		// with two values. This operator lets the owner's stay, which clients see.
		options.Replace = true
		return recoverAll(ctx, s, o, options)
	}
	report, err := s.Move(ctx, plan.MoveExactly{Slots: o.Slots, To: o.To}, options, progress)
	return last(report, err)
}

func tell(n news) { json.NewEncoder(os.Stdout).Encode(n) }

func progress(p run.Progress) {
	tell(news{State: p.State.String(), Slots: p.Slots.Done, Keys: p.Keys.Done, Text: p.Message})
}

func last(report run.Report, err error) int {
	if err != nil {
		tell(news{End: true, Text: "refused: " + err.Error()})
		return 1
	}
	tell(news{End: true, OK: report.OK(), State: report.Outcome.String(), Slots: int64(report.Moved.Len()), Keys: report.Keys,
		Text: fmt.Sprintf("took %v, err %v, open %v, left %v, %q", report.Took.Round(time.Millisecond), report.Err, report.Open, report.Left, report.Sentences)})
	if !report.OK() {
		return 1
	}
	return 0
}
