package cluster

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/keyslot"
)

func wantTold(t *testing.T, prev, next *Snapshot, want ...string) []Event {
	t.Helper()
	events := Diff(prev, next)
	if got := tellAll(events); !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	for _, e := range events {
		if !e.At.Equal(next.At) {
			t.Errorf("at %v", e.At)
		}
	}
	return events
}

func TestDiffOfTheFirstPictureIsOneNote(t *testing.T) {
	s := threePairs().merge(nil, noon)
	for _, prev := range []*Snapshot{nil, Merge(nil, Inputs{})} {
		events := wantTold(t, prev, s, ": first picture: 6 nodes in 3 shards, 16384 of 16384 slots assigned")
		if events[0].Kind != Note || events[0].Gravity != Quiet {
			t.Errorf("%+v", events[0])
		}
	}
	wantTold(t, nil, Merge(nil, Inputs{}))
	if Diff(s, nil) != nil || Diff(nil, nil) != nil {
		t.Error("events without a picture")
	}
}

func TestDiffTellsAFailoverStepByStep(t *testing.T) {
	peace := threePairs().merge(nil, noon)
	wantTold(t, peace, threePairs().merge(peace, noon.Add(time.Second)))

	silent := threePairs().dead(7003, noon).merge(peace, noon.Add(time.Second))
	wantTold(t, peace, silent, "C 7003: no answer")

	suspect := threePairs().dead(7003, noon)
	for _, port := range []int{7001, 7005} {
		suspect.says(port, func(m []Member) []Member { find(m, 7003).Flags |= PFail; return m })
	}
	suspected := suspect.merge(silent, noon.Add(3*time.Second))
	wantTold(t, silent, suspected, "C 7003: fail? says "+namesOf(suspected, 7001, 7005)+"; 1 of 2 voters")

	failed := threePairs().with(7003, func(m *Member) { m.Flags |= Fail }).dead(7003, noon).merge(suspected, noon.Add(4*time.Second))
	wantTold(t, suspected, failed, "C 7003: fail, agreed by 2 of 2")

	over := failedOver().merge(failed, noon.Add(5*time.Second))
	events := wantTold(t, failed, over,
		"C 7006: takes over from 127.0.0.1:7003 (epoch 4)",
		"C 7006: 5461 slots 10923-16383: C 7003 → C 7006")
	if events[0].Kind != RoleChanged || events[0].Gravity != Good || events[0].Node != nodeID(7006) || events[1].Kind != SlotsChanged {
		t.Errorf("%+v", events)
	}

	back := failedOver().with(7003, func(m *Member) { *m = replica(7003, 7006, 4) })
	back.silent, back.views = nil, nil
	in := back.inputs(noon.Add(10 * time.Second))
	for i := range in.Nodes {
		if in.Nodes[i].ID == nodeID(7003) {
			in.Nodes[i].Since = noon.Add(4200 * time.Millisecond)
		}
	}
	wantTold(t, over, Merge(over, in),
		"C 7003: answers again after 4.2 s",
		"C 7003: became a replica of 7006",
		"C 7003: fail was lifted")
}

// namesOf lists ports in the order of their ids.
func namesOf(s *Snapshot, ports ...int) string {
	var out []string
	for _, id := range sortedIDs(ports...) {
		n, _ := s.Node(id)
		out = append(out, strings.TrimPrefix(n.Member.Endpoint.Addr(), "127.0.0.1:"))
	}
	return strings.Join(out, ", ")
}

func TestDiffTellsOneChange(t *testing.T) {
	elsewhere := func(m *Member) { m.Endpoint.IP = "127.0.0.2" }
	for name, c := range map[string]struct {
		before, after *scene
		want          []string
	}{
		"a bus link blinks": {threePairs(), threePairs().with(7001, func(m *Member) { m.Linked = false; m.PingSent = noon }), nil},
		"suspicion ends": {
			threePairs().says(7001, func(m []Member) []Member { find(m, 7003).Flags |= PFail; return m }), threePairs(),
			[]string{"C 7003: is no longer suspected"}},
		"a node joins": {threePairs(), &scene{truth: append(threePairs().truth, replica(7007, 7001, 1))},
			[]string{"A 7007: joined as a replica of 7001"}},
		"a node is met": {threePairs(), &scene{truth: append(threePairs().truth, Member{ID: nodeID(7007), Endpoint: endpoint(7007), Flags: Handshake})},
			[]string{"7007: handshake began"}},
		"a meeting comes to nothing": {&scene{truth: append(threePairs().truth, Member{ID: nodeID(7007), Endpoint: endpoint(7007), Flags: Handshake})}, threePairs(),
			[]string{"7007: did not answer the handshake"}},
		"a met node turns real": {
			&scene{truth: append(threePairs().truth, Member{ID: "beef", Endpoint: endpoint(7007), Flags: Handshake})},
			&scene{truth: append(threePairs().truth, primary(7007, 0))},
			[]string{"D 7007: joined as a primary with 0 slots"}},
		"a newcomer shakes hands with an old node": {
			threePairs(), &scene{truth: append(threePairs().truth, Member{ID: "beef", Endpoint: endpoint(7001), Flags: Handshake})}, nil},
		"and has shaken": {
			&scene{truth: append(threePairs().truth, Member{ID: "beef", Endpoint: endpoint(7001), Flags: Handshake})}, threePairs(), nil},
		"a node goes": {threePairs(), &scene{truth: threePairs().truth[:5]},
			[]string{"C 7006: no node lists it any more"}},
		"a replica changes sides": {threePairs(), threePairs().with(7006, func(m *Member) { m.Primary = nodeID(7001) }),
			[]string{"A 7006: follows 7001 instead of 7003"}},
		"an epoch": {threePairs(), threePairs().with(7002, func(m *Member) { m.Epoch = 9 }).with(7005, func(m *Member) { m.Epoch = 9 }),
			[]string{"B 7002: epoch 9, was 2"}},
		"nofailover": {threePairs(), threePairs().with(7006, func(m *Member) { m.Flags |= NoFailover }),
			[]string{"C 7006: will not take over by itself any more (nofailover)"}},
		"slots are lost": {threePairs(), threePairs().with(7002, func(m *Member) { m.Slots = []keyslot.Range{slots(5462, 10922)} }),
			[]string{"B 7002: 1 slot 5461: B 7002 → nobody"}},
		"many runs move": {threePairs(), threePairs().
			with(7001, func(m *Member) {
				m.Slots = []keyslot.Range{slots(1, 1), slots(3, 3), slots(5, 5), slots(7, 7), slots(9, 5460)}
			}).
			with(7002, func(m *Member) {
				m.Slots = []keyslot.Range{slots(0, 0), slots(2, 2), slots(4, 4), slots(6, 6), slots(8, 8), slots(5461, 10922)}
			}),
			[]string{"B 7002: 5 slots 0,2,4,6,…: A 7001 → B 7002"}},
		"an address": {threePairs(), threePairs().with(7006, elsewhere),
			[]string{"C 7006: announces 127.0.0.2:7006 instead of 127.0.0.1:7006"}},
		"a hostname": {threePairs(), threePairs().with(7006, func(m *Member) { m.Endpoint.Hostname = "c\x1b[2J" + strings.Repeat("é", 200) }),
			[]string{"C 7006: announces the hostname c·[2J" + strings.Repeat("é", 75) + "…"}},
		"a slot opens on one side": {threePairs(), threePairs().with(7002, func(m *Member) { m.Open = []OpenSlot{{Slot: 5, Importing: true, Peer: nodeID(7001)}} }),
			[]string{"A 7001: 1 slot 5 opened: A 7001 → B 7002"}},
		"and then on the other": {
			threePairs().with(7002, func(m *Member) { m.Open = []OpenSlot{{Slot: 5, Importing: true, Peer: nodeID(7001)}} }),
			threePairs().with(7002, func(m *Member) { m.Open = []OpenSlot{{Slot: 5, Importing: true, Peer: nodeID(7001)}} }).
				with(7001, func(m *Member) { m.Open = []OpenSlot{{Slot: 5, Peer: nodeID(7002)}} }), nil},
		"a slot closes": {threePairs().with(7001, func(m *Member) { m.Open = []OpenSlot{{Slot: 5, Peer: nodeID(7002)}} }), threePairs(),
			[]string{"A 7001: 1 slot 5 closed: A 7001 → B 7002"}},
		"nodes begin to disagree": {threePairs(), threePairs().says(7001, func(m []Member) []Member { find(m, 7003).Slots = nil; return m }),
			[]string{": nodes disagree about 5461 slots 10923-16383"}},
		"and agree again": {threePairs().says(7001, func(m []Member) []Member { find(m, 7003).Slots = nil; return m }), threePairs(),
			[]string{": nodes agree about all slots again"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.before.merge(nil, noon)
			wantTold(t, before, c.after.merge(before, noon.Add(time.Second)), c.want...)
		})
	}
}

func TestDiffTellsWhatInfoShows(t *testing.T) {
	told := func(was, is string) []string {
		t.Helper()
		read := func(prev *Snapshot, text string, at time.Time) *Snapshot {
			info, err := ParseInfo(text)
			if err != nil {
				t.Fatal(err)
			}
			in := threePairs().inputs(at)
			for i := range in.Nodes {
				if in.Nodes[i].ID == nodeID(7006) {
					in.Nodes[i].Info = in.Nodes[i].Info.Succeed(info, at)
				}
			}
			return Merge(prev, in)
		}
		before := read(nil, was, noon)
		return tellAll(Diff(before, read(before, is, noon.Add(time.Second))))
	}
	for _, c := range [][3]string{
		{"role:slave\nmaster_link_status:up", "role:slave\nmaster_link_status:down", "C 7006: replication link is down"},
		{"role:slave\nmaster_link_status:down", "role:slave\nmaster_link_status:up", "C 7006: replication link is up"},
		{"role:slave\nmaster_sync_in_progress:0", "role:slave\nmaster_sync_in_progress:1", "C 7006: full resynchronisation began"},
		{"uptime_in_seconds:900", "uptime_in_seconds:3", "C 7006: restarted 3.0 s ago"},
		{"uptime_in_seconds:3", "uptime_in_seconds:4", ""},
		{"role:master", "role:slave\nmaster_link_status:up", ""},
	} {
		if got := strings.Join(told(c[0], c[1]), "\n"); got != c[2] {
			t.Errorf("%q to %q: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestDiffTellsWhatEachNodeThinksOfTheCluster(t *testing.T) {
	with := func(state string, at time.Time) *Snapshot {
		in := threePairs().inputs(at)
		for i := range in.Nodes {
			if in.Nodes[i].ID == nodeID(7001) && state != "" {
				in.Nodes[i].ClusterInfo = in.Nodes[i].ClusterInfo.Succeed(ClusterInfo{State: state}, at)
			}
		}
		return Merge(nil, in)
	}
	wantTold(t, with("ok", noon), with("fail", noon), "A 7001: holds the cluster for down (fail)")
	wantTold(t, with("fail", noon), with("ok", noon), "A 7001: holds the cluster for ok")
	wantTold(t, with("", noon), with("ok", noon))

	all := func(state string) *Snapshot {
		in := threePairs().inputs(noon)
		for i := range in.Nodes {
			in.Nodes[i].ClusterInfo = in.Nodes[i].ClusterInfo.Succeed(ClusterInfo{State: state}, noon)
		}
		return Merge(nil, in)
	}
	wantTold(t, all("ok"), all("fail"), ": 6 of 6 nodes hold the cluster for down (fail): 7001, 7004, 7002 and 3 more")
}

func TestDiffTellsHowANodeAnswers(t *testing.T) {
	with := func(h Health) *Snapshot {
		in := threePairs().inputs(noon)
		for i := range in.Nodes {
			if in.Nodes[i].ID == nodeID(7001) {
				in.Nodes[i].Health = h
			}
		}
		return Merge(nil, in)
	}
	for h, want := range map[Health]string{
		NoAnswer: "no answer", Refused: "refuses connections", Loading: "is loading its dataset",
		Denied: "denies the console access", Rubbish: "answers, but not as a server does", NoAddress: "nobody knows its address",
	} {
		wantTold(t, with(Answering), with(h), "A 7001: "+want)
	}
	wantTold(t, with(Unknown), with(Answering))
	wantTold(t, with(Answering), with(Unknown))
	wantTold(t, with(Unknown), with(NoAnswer), "A 7001: no answer")
}

func TestDiffWritesWholeAddressesWhenHostsDiffer(t *testing.T) {
	s := threePairs().with(7003, func(m *Member) { m.Endpoint.IP = "::1" })
	before := s.merge(nil, noon)
	after := threePairs().with(7003, func(m *Member) { m.Endpoint.IP = "::1" }).with(7006, func(m *Member) { m.Primary = nodeID(7001) })
	events := Diff(before, after.merge(before, noon))
	if len(events) != 1 || events[0].Text != "follows 127.0.0.1:7001 instead of [::1]:7003" {
		t.Errorf("%+v", events)
	}
}

func TestDiffTellsRecordedFailoversOnce(t *testing.T) {
	for _, version := range versions {
		healthy := Merge(nil, recordedInputs(t, version, "healthy", "healthy", noon))
		over := Merge(healthy, recordedInputs(t, version, "failed-over", "healthy", noon.Add(5*time.Second)))
		kinds := map[EventKind]int{}
		for _, e := range Diff(healthy, over) {
			kinds[e.Kind]++
			if e.Shard != "C" {
				t.Errorf("%s: %+v", version, e)
			}
		}
		if kinds[RoleChanged] != 1 || kinds[SlotsChanged] != 1 || kinds[HealthChanged] != 1 || kinds[FlagChanged] != 1 || len(kinds) != 4 {
			t.Errorf("%s: %q", version, tellAll(Diff(healthy, over)))
		}
	}
}

func TestDurationsAreWrittenAsPeopleSayThem(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0.4 s": 420 * time.Millisecond, "4.2 s": 4200 * time.Millisecond, "3 min 5 s": 185 * time.Second,
		"2 h 1 min": 121 * time.Minute, "3 d 4 h": 76 * time.Hour,
	} {
		if got := duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
