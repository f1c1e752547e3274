package main

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	if order, is := ordered(); is {
		os.Exit(obey(order))
	}
	os.Exit(m.Run())
}

// TestTroubledMovesLoseNothing is the short form of "make chaos": two rounds on
// each server version. SLOTDECK_CHAOS_SEED begins elsewhere.
func TestTroubledMovesLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("needs real servers, which -short leaves out")
	}
	s := settings{rounds: 10, seed: 100, say: t.Logf}
	if text := os.Getenv("SLOTDECK_CHAOS_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		s.seed = seed
	}
	sum, err := s.play(t.Context())
	t.Log(sum)
	if err != nil {
		t.Fatal(err)
	}
	if sum.failed > 0 || sum.rounds != 10 || sum.acked < 1000 {
		t.Error("see above")
	}
}

// TestRoundsNoticeLosses lets rounds lose something on purpose: what the judge
// says of it has to fail the round.
func TestRoundsNoticeLosses(t *testing.T) {
	server := labtest.Any(t)
	a, err := newArena(t.Context(), server, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	r := newRound(a, 1, []trouble{{name: "keys removed", run: removeKeys}})
	if err := r.play(t.Context()); err == nil || len(r.changes.Missing) == 0 || len(r.verdict.Lost) == 0 {
		t.Errorf("fault %v; %v; %v", err, r.verdict, r.changes)
	}
}

func TestSameSeedDoesTheSame(t *testing.T) {
	first, second := dice(7), dice(7)
	for range 100 {
		if first.Uint64() != second.Uint64() {
			t.Fatal("the dice fell otherwise")
		}
	}
	var names []string
	for _, trouble := range troubles() {
		if slices.Contains(names, trouble.name) || trouble.run == nil {
			t.Errorf("the trouble %q is there twice, or does nothing", trouble.name)
		}
		names = append(names, trouble.name)
	}
}

func TestOrdersReachTheChildWhole(t *testing.T) {
	o := order{Recover: true, Seeds: []string{"127.0.0.1:1"}, To: "id", Driver: plan.AtomicValkey, KeysPerSecond: 3, Durable: true}
	o.Slots.Add(5)
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(orderVariable, string(text))
	if got, is := ordered(); !is || !reflect.DeepEqual(got, o) {
		t.Errorf("it reads %+v", got)
	}
}

// removeKeys takes keys away from every primary, as a faulty mover would.
func removeKeys(ctx context.Context, r *round) error {
	r.pause(ctx, 500*time.Millisecond)
	for _, n := range r.Nodes()[:3] {
		for _, pattern := range []string{"load:*:1", "still:*:1?"} {
			keys, err := r.Do(ctx, n, "KEYS", pattern).StringSlice()
			if err != nil {
				return err
			}
			for _, key := range keys { // one that moves meanwhile is left alone
				if err := r.Do(ctx, n, "DEL", key).Err(); err != nil && !strings.Contains(err.Error(), "MOVED") && !strings.Contains(err.Error(), "ASK") {
					return err
				}
			}
		}
	}
	return nil
}
