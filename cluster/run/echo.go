package run

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
)

// echo is keys of a MIGRATE that failed for want of an answer, and that the source
// has kept. The target may have got them all the same, or may still get them,
// once it goes on: they wait in its socket.
type echo struct {
	haul
	some bool // whether the source kept a key is known only when it has it still

	// What was sent, and how many keys had come before to which node: of keys that go
	// home.
	sent int
	came int64
	to   cluster.NodeID
}

// expectEcho notes which keys may arrive late. Clients know nothing of that: one
// that removes such a key from the source is sent to the target for it from then
// on, and would find it there again.
func (p *pair) expectEcho(ctx context.Context, f failure) {
	e := echo{haul: f.haul, some: !f.none, sent: len(f.haul.keys), came: f.came, to: p.to}
	e.sizes, e.keys = nil, slices.Clone(f.haul.keys)
	if e.some {
		if here, err := p.exist(ctx, p.from, e.haul); err == nil {
			e.keys, e.some = those(e.keys, here), false
		}
	}
	p.echoes = append(p.echoes, e)
}

// those are the keys that are there.
func those(keys []string, there []bool) (out []string) {
	for i, key := range keys {
		if there[i] {
			out = append(out, key)
		}
	}
	return out
}

// silence removes echoes before keys move again.
func (p *pair) silence(ctx context.Context) error {
	if len(p.echoes) == 0 {
		return nil
	}
	if err := p.awaitEchoes(ctx); err != nil {
		return err
	}
	for len(p.echoes) > 0 {
		e := p.echoes[0]
		here, err := p.exist(ctx, p.from, e.haul)
		if err != nil {
			return err
		}
		there, err := p.exist(ctx, p.to, e.haul)
		if err != nil {
			return err
		}
		came := p.cameOf(ctx, e)
		for i, key := range e.keys {
			one := haul{load: e.load, db: e.db, keys: []string{key}}
			switch {
			case p.homing && !there[i] && here[i] && i < came:
				err = p.dropStale(ctx, one)
			case !there[i]:
			case p.homing: // the owner has it; what was to come home is not needed any more
				err = p.settleEcho(ctx, one)
			case here[i] || !e.some:
				err = p.dropEcho(ctx, one, here[i])
			}
			if err != nil {
				return err
			}
		}
		p.echoes = p.echoes[1:]
	}
	return nil
}

// dropEcho removes a key from the target. What the source does not hold any more
// is saved first: a client has removed it there, or it expired, unless a client
// wrote it anew on the target just now.
func (p *pair) dropEcho(ctx context.Context, one haul, here bool) error {
	if !here {
		v, err := p.j.valueOf(ctx, p.to, one.db, one.keys[0])
		if err != nil || !v.exists {
			return err
		}
		if err := p.j.save(p.to, one, v); err != nil {
			return err
		}
	}
	back := &pair{j: p.j, from: p.to}
	return back.drop(ctx, one)
}

// cameOf is how many of the keys of an echo, the first ones, certainly came home:
// MIGRATE sends them in order, and whoever gets them counts them. Those that the
// holder lost meanwhile may have been the first.
func (p *pair) cameOf(ctx context.Context, e echo) int {
	if !p.homing || e.came < 0 || e.some || e.to != p.to {
		return 0
	}
	now, err := p.j.arrivals(ctx, p.to)
	if err != nil {
		return 0
	}
	return int(now-e.came) - (e.sent - len(e.keys))
}

// arrivals is how many keys MIGRATE has ever brought to a node; -1 when it does
// not tell. The error is of a node that does not answer.
func (j *Job) arrivals(ctx context.Context, id cluster.NodeID) (int64, error) {
	answers, err := j.crew.call(ctx, id, homeTimeout, []any{"INFO", "commandstats"})
	if err != nil {
		return -1, err
	}
	text, ok := answers[0].Value.(string)
	if !ok {
		return -1, nil
	}
	_, line, _ := strings.Cut(text, "cmdstat_restore-asking:calls=")
	n, _ := strconv.ParseInt(line[:max(0, strings.IndexByte(line, ','))], 10, 64) // not there: never
	return n, nil
}

// dropStale removes the copy of a key that had come home, and is gone there again:
// clients removed it, or it expired.
func (p *pair) dropStale(ctx context.Context, one haul) error {
	v, err := p.j.valueOf(ctx, p.from, one.db, one.keys[0])
	if err != nil || !v.exists {
		return err
	}
	if err := p.j.save(p.from, one, v); err != nil {
		return err
	}
	return p.dismiss(ctx, one)
}

// settleEcho decides about a key that came home though nobody said so.
func (p *pair) settleEcho(ctx context.Context, one haul) error {
	t, err := p.target()
	if err == nil {
		_, err = p.settleKey(ctx, t, one)
	}
	return err
}

// awaitEchoes gives the target time to read what a source that gave up has sent:
// such a connection is gone once it is read to its end. One that the source keeps
// for the next MIGRATE looks alike, so this does not wait for long.
func (p *pair) awaitEchoes(ctx context.Context) error {
	for deadline := time.Now().Add(400 * time.Millisecond); time.Now().Before(deadline); {
		v, err := p.j.crew.do(ctx, p.to, "CLIENT", "LIST")
		if err != nil && passing(err) {
			return err
		}
		if text, _ := v.(string); err == nil && !strings.Contains(text, "cmd=restore-asking") {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
