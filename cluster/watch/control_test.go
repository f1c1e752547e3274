package watch_test

import (
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/fake"
	"slotdeck/cluster/watch"
)

func TestPausingStopsQuestionsAndRefreshAsksOnce(t *testing.T) {
	f := fakeCluster(t, 3, 0)
	w := running(t, quick(f.Addr(fake.ID(0))))
	until(t, w, "all answer", full(3))
	w.Pause(true)
	s := until(t, w, "paused", func(s *cluster.Snapshot) bool { return s.Paused })
	asked := f.Server(fake.ID(1)).Count("PING")
	w.Refresh()
	until(t, w, "a fresh picture", func(now *cluster.Snapshot) bool {
		return now.Paused && now.Seq > s.Seq && f.Server(fake.ID(1)).Count("PING") > asked
	})
	if now := f.Server(fake.ID(1)).Count("PING"); now > asked+2 {
		t.Errorf("%d questions while paused", now-asked)
	}
	w.Pause(false)
	s = until(t, w, "resumed", func(s *cluster.Snapshot) bool { return !s.Paused && f.Server(fake.ID(1)).Count("PING") > asked+3 })
	if last := s.Events[len(s.Events)-1]; last.Kind != cluster.Note || last.Text != "polling resumed" {
		t.Errorf("%+v", last)
	}
}

func TestIntervalIsKeptWithinBounds(t *testing.T) {
	f := fakeCluster(t, 1, 0)
	w := running(t, quick(f.Addr(fake.ID(0))))
	for _, c := range []struct{ set, want time.Duration }{{0, watch.DefaultInterval}, {1, watch.MinInterval}, {48 * time.Hour, watch.MaxInterval}, {5 * time.Second, 5 * time.Second}} {
		w.SetInterval(c.set)
		until(t, w, "the interval is shown", func(s *cluster.Snapshot) bool { return s.Interval == c.want })
	}
}

func TestHistoryIsBoundedAndSnapshotsKeepTheirs(t *testing.T) {
	f := fakeCluster(t, 2, 0)
	config := quick(f.Addr(fake.ID(0)))
	config.History = 10
	w := running(t, config)
	s := until(t, w, "both answer", full(2))
	kept := append([]cluster.Event(nil), s.Events...)
	for i := range 12 {
		w.Pause(i%2 == 0)
		until(t, w, "it is noted", func(s *cluster.Snapshot) bool { return s.Paused == (i%2 == 0) })
	}
	now := w.Latest().Events
	if len(now) != 10 || now[9].Seq <= kept[len(kept)-1].Seq {
		t.Errorf("%d events", len(now))
	}
	for i := range kept {
		if s.Events[i] != kept[i] {
			t.Error("an old snapshot's events changed")
		}
	}
}
