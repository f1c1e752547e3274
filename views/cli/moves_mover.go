package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/keys"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/watch"
	"slotdeck/keyslot"
	"slotdeck/views"
)

// mover carries plans out over the connections of a watch. Its jobs live until
// leave is called, whatever becomes of the screen.
type mover struct {
	watch  *watch.Watch
	state  string // the folder of checkpoints and saved values
	reader *keys.Reader
	life   context.Context
	end    context.CancelFunc

	mu    sync.Mutex
	gone  bool        // leave was called: nothing may begin any more
	begun spawn.Group // jobs that are just beginning
	jobs  []*engine.Job
	plans map[*engine.Job]plan.Plan // of those that move by a plan

	passing spawn.Group // what hands progress on
	rates   map[plan.Driver]plan.Rate
	loads   slotLoads
	window  time.Duration // over which traffic is measured; 0: not at all
	found   engine.Found  // what was found open last
}

func newMover(w *watch.Watch, env func(string) string) *mover {
	life, end := context.WithCancel(context.Background())
	return &mover{watch: w, state: engine.StateDirOf(env), reader: &keys.Reader{}, life: life, end: end, rates: usualRates(), plans: map[*engine.Job]plan.Plan{}}
}

// leave ends what runs at the next slot boundary, and waits until it has: less
// than 3 s.
func (m *mover) leave() {
	m.mu.Lock()
	m.gone = true
	m.mu.Unlock()
	m.end()
	m.begun.Wait()
	for _, j := range m.jobs { // nobody adds to them any more
		<-j.Done()
	}
	m.passing.Wait()
}

// Start begins a plan.
func (m *mover) Start(_ context.Context, p plan.Plan, o views.MoveOptions) (views.MoveJob, error) {
	return m.launch(func() (*engine.Job, error) {
		job, err := engine.Start(m.life, m.watch, p, m.runOptions(o))
		if err == nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.plans[job] = p
		}
		return job, err
	})
}

// moving reports whether a job at work moves slots from or to one of the nodes.
func (m *mover) moving(nodes []cluster.NodeID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for job, p := range m.plans {
		select {
		case <-job.Done():
			continue
		default:
		}
		for _, move := range p.Moves {
			if slices.Contains(nodes, move.From) || slices.Contains(nodes, move.To) {
				return true
			}
		}
	}
	return false
}

var errLeaving = errors.New("nothing begins any more: the program is about to end")

// launch begins a job, unless the program is about to end.
func (m *mover) launch(start func() (*engine.Job, error)) (views.MoveJob, error) {
	m.mu.Lock()
	if m.gone {
		m.mu.Unlock()
		return nil, errLeaving
	}
	m.begun.Add(1)
	m.mu.Unlock()
	defer m.begun.Done()
	job, err := start()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobs = append(m.jobs, job)
	out := &moveJob{Job: job, updates: make(chan views.MoveProgress, 1)}
	m.passing.Go(func() { out.pass(m) })
	return out, nil
}

func (m *mover) runOptions(o views.MoveOptions) engine.Options {
	out := engine.Options{
		Driver: o.Driver, MaxBlock: o.MaxBlock, Timeout: o.Timeout, KeysPerCall: o.Pipeline, KeysPerSecond: o.Throttle,
		Replace: o.Replace, Durable: o.Durable, Unattended: !o.Questions, StateDir: m.state,
	}
	switch o.BigKeys {
	case views.LeaveBigKeys:
		out.BigKeys = engine.SkipSlot
	case views.MoveBigKeys:
		out.BigKeys = engine.MoveAnyway
	case views.RaiseTimeout:
		out.BigKeys = engine.RaiseNodeTimeout
	}
	return out
}

// usualRates are what moves over loopback and over a fast network were seen to
// reach; a finished job replaces them by its own.
func usualRates() map[plan.Driver]plan.Rate {
	return map[plan.Driver]plan.Rate{
		plan.Legacy:       {Low: plan.Pace{Keys: 20_000, Slots: 400}, High: plan.Pace{Keys: 100_000, Slots: 2000}},
		plan.AtomicRedis:  {Low: plan.Pace{Keys: 100_000, Slots: 4000}, High: plan.Pace{Keys: 400_000, Slots: 40_000}},
		plan.AtomicValkey: {Low: plan.Pace{Keys: 100_000, Slots: 4000}, High: plan.Pace{Keys: 400_000, Slots: 40_000}},
	}
}

// learn takes the pace of a finished job into account: the next will be about
// as fast.
func (m *mover) learn(r engine.Report) {
	const fewest = 5000 // keys; below, starting and checking weigh too much
	if r.Keys < fewest || r.Took <= 0 || r.Driver == plan.Auto {
		return
	}
	speed := float64(r.Keys) / r.Took.Seconds()
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.rates[r.Driver]
	m.rates[r.Driver] = plan.Rate{Low: plan.Pace{Keys: speed * 0.8, Slots: old.Low.Slots}, High: plan.Pace{Keys: speed * 1.2, Slots: old.High.Slots}}
}

// Facts reads keys, abilities and running migrations of all primaries.
func (m *mover) Facts(ctx context.Context, s *cluster.Snapshot) (views.MoveFacts, error) {
	var f views.MoveFacts
	var all plan.Plan
	for i := range s.Shards {
		if id := s.Shards[i].Primary; id != "" {
			all.Nodes = append(all.Nodes, plan.Node{ID: id})
		}
	}
	var counted error
	var wg spawn.Group // every question costs a round trip, and some of them many
	wg.Go(func() { f.Load.Keys, counted = m.countAll(ctx, s) })
	wg.Go(func() { f.Load.Bytes, f.Load.Traffic = m.measured(ctx, s) })
	wg.Go(func() { f.Abilities = engine.Abilities(ctx, m.watch, all) })
	wg.Go(func() { f.Inside = engine.Insides(ctx, m.watch, all) })
	wg.Go(func() {
		running := engine.MigrationFacts(ctx, m.watch)
		f.JobsAsked, f.Jobs = running.JobsAsked, running.Jobs
	})
	wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	f.Rates = make(map[plan.Driver]plan.Rate, len(m.rates))
	for d, r := range m.rates {
		f.Rates[d] = r
	}
	return f, counted
}

// countAll counts the keys of every slot on its owner.
func (m *mover) countAll(ctx context.Context, s *cluster.Snapshot) (*plan.Measure, error) {
	var measure plan.Measure
	var mu sync.Mutex
	var wg spawn.Group
	var failed error
	for i := range s.Shards {
		sh := &s.Shards[i]
		if sh.Primary == "" || sh.SlotLen == 0 {
			continue
		}
		wg.Go(func() {
			slots := slotList(sh.Slots)
			counts, err := m.count(ctx, sh.Primary, slots)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = err
			}
			for k, n := range counts {
				if n >= 0 {
					measure[slots[k]] = plan.Amount{N: n, How: plan.Reported}
				}
			}
		})
	}
	wg.Wait()
	return &measure, failed
}

func (m *mover) count(ctx context.Context, id cluster.NodeID, slots []keyslot.Slot) ([]int64, error) {
	n, ok := m.watch.Node(id)
	if !ok {
		return nil, fmt.Errorf("node %s is not connected", id.Short())
	}
	return m.reader.Count(ctx, n, slots)
}

func slotList(ranges []keyslot.Range) []keyslot.Slot {
	set := keyslot.SetOf(ranges...)
	out := make([]keyslot.Slot, 0, set.Len())
	for slot := range set.All() {
		out = append(out, slot)
	}
	return out
}

// Survey looks at the slots of a plan on both sides. The servers' own drivers move
// keys of any size in the background: then they are not weighed.
func (m *mover) Survey(ctx context.Context, p plan.Plan, d plan.Driver, block time.Duration) (out views.MoveSurvey, err error) {
	if d.Atomic() {
		out.Stray, err = m.stray(ctx, p)
		return out, err
	}
	var w plan.Weights
	var weighed error
	var wg spawn.Group
	wg.Go(func() { w, weighed = engine.Weigh(ctx, m.watch, p, block) })
	wg.Go(func() { out.Stray, err = m.stray(ctx, p) })
	wg.Wait()
	out.Weights = &w
	return out, errors.Join(err, weighed)
}

// stray counts keys that receivers hold already in slots to come. Redis 8.4 and
// newer do not tell of them: the job itself looks there before it moves a slot.
func (m *mover) stray(ctx context.Context, p plan.Plan) (map[cluster.NodeID]plan.Stray, error) {
	out := map[cluster.NodeID]plan.Stray{}
	for _, mv := range p.Moves {
		slots := slotList(mv.Ranges)
		counts, err := m.count(ctx, mv.To, slots)
		if err != nil {
			return out, err
		}
		s := out[mv.To]
		for i, n := range counts {
			if n >= 0 {
				s.Counted.Add(slots[i])
			}
			if n > 0 {
				s.In.Add(slots[i])
				s.Keys += n
			}
		}
		out[mv.To] = s
	}
	return out, nil
}

// SavePlan writes a plan into a new file in the current folder.
func (m *mover) SavePlan(p plan.Plan) (string, error) {
	name := "slotdeck-plan-" + p.ID + ".json"
	return name, writePlan(name, p)
}

func writePlan(name string, p plan.Plan) error {
	text, err := plan.Encode(p)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o600)
}

// settleTime is how long the nodes may take to agree before a plan is made.
const settleTime = 6 * time.Second
