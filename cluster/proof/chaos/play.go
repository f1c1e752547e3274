package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"slotdeck/cluster/lab"
)

// settings say what is played.
type settings struct {
	rounds  int
	seed    uint64
	servers []string // names; none: all that are found
	only    []string // names of troubles; none: all
	verbose bool
	still   bool // nothing is moved
	say     func(format string, args ...any)
}

// score is what all rounds together came to.
type score struct {
	rounds, failed                      int
	acked, unsure                       int64
	lost, risen, wrong, doubled, hidden int
	changed                             int // untouched keys
	async, excused, unseen              int // lost by asynchronous replication; writes and untouched keys lost in ways that no mover can help
	failing                             []uint64
}

// String is the score in a line or two.
func (s score) String() string {
	text := fmt.Sprintf("%d rounds, %d failed; %d writes acknowledged (%d unanswered): %d lost, %d risen, %d wrong, %d lost by asynchronous replication, %d writes and %d untouched keys excused; %d keys doubled, %d hidden; %d untouched keys changed",
		s.rounds, s.failed, s.acked, s.unsure, s.lost, s.risen, s.wrong, s.async, s.excused, s.unseen, s.doubled, s.hidden, s.changed)
	if s.failed > 0 {
		text += fmt.Sprintf("\nfailing seeds: %v", s.failing)
	}
	return text
}

// roundsOnOne is how many rounds a cluster lives through before a fresh one
// takes its place: what one round leaves behind must not hurt the next.
const roundsOnOne = 10

// play plays the rounds, on one server version after the other.
func (s settings) play(ctx context.Context) (score, error) {
	var sum score
	servers, err := s.choose(ctx)
	if err != nil {
		return sum, err
	}
	troubles, err := s.troubles()
	if err != nil {
		return sum, err
	}
	each := min(roundsOnOne, max(1, s.rounds/len(servers)))
	var a *arena
	defer func() { a.close() }()
	for i := range s.rounds {
		if ctx.Err() != nil {
			return sum, ctx.Err()
		}
		server := servers[i/each%len(servers)]
		if a == nil || a.Server.Name != server.Name || i%each == 0 {
			a.close()
			if a, err = newArena(ctx, server, s.seed+uint64(i)); err != nil {
				return sum, err
			}
		}
		r := newRound(a, s.seed+uint64(i), troubles)
		r.still = s.still
		sum.rounds++
		began := time.Now()
		fault := r.play(ctx)
		sum.add(r)
		switch {
		case ctx.Err() != nil:
			return sum, ctx.Err()
		case fault != nil:
			sum.failed++
			sum.failing = append(sum.failing, r.seed)
			s.say("FAILED round %d, seed %d, %v, %s: %v\n%v\n%s", i+1, r.seed, server, r.trouble.name, fault, r.story, a.logs())
			a.close()
			a = nil
		default:
			s.say("ok round %d, seed %d, %v, %s, %v: %.1f s, %v%s", i+1, r.seed, server, r.trouble.name, r.order.Driver, time.Since(began).Seconds(), r.tally, r.excused())
			if s.verbose {
				s.say("%v", r.story)
			}
		}
	}
	return sum, nil
}

func (s settings) choose(ctx context.Context) ([]lab.Server, error) {
	found, err := lab.Servers(ctx)
	if err != nil {
		return nil, err
	}
	if len(s.servers) == 0 {
		return found, nil
	}
	var chosen []lab.Server
	for _, name := range s.servers {
		i := slices.IndexFunc(found, func(f lab.Server) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("the server %s was not found; \"make servers\" installs it", name)
		}
		chosen = append(chosen, found[i])
	}
	return chosen, nil
}

func (s settings) troubles() ([]trouble, error) {
	if len(s.only) == 0 {
		return troubles(), nil
	}
	var chosen []trouble
	for _, name := range s.only {
		i := slices.IndexFunc(troubles(), func(t trouble) bool { return t.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no trouble called %q", name)
		}
		chosen = append(chosen, troubles()[i])
	}
	return chosen, nil
}

// add counts what a round found.
func (s *score) add(r *round) {
	v := r.verdict
	s.acked += r.tally.Acked + r.tally.Unsafe
	s.unsure += r.tally.Unsure
	s.lost += len(v.Lost)
	s.risen += len(v.Risen)
	s.wrong += len(v.Wrong)
	s.async += len(v.Async)
	s.excused += len(v.Excused)
	s.unseen += r.unseen
	s.doubled += len(v.Census.Doubled) + len(v.Census.Stray)
	s.hidden += int(v.Census.Hidden)
	s.changed += len(r.changes.Missing) + len(r.changes.Changed) + len(r.changes.Added)
}

// dice are a round's own.
func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 99)) }
