package cluster

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"slotdeck/keyslot"
)

func TestParseShardsReadsBothProtocolsAlike(t *testing.T) {
	for path, raw := range allRecorded(t, "shards.resp2") {
		two, err := ParseShards(decodeRESP(t, raw))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var owned keyslot.Set
		nodes := 0
		for _, s := range two {
			owned = owned.Union(keyslot.SetOf(s.Slots...))
			nodes += len(s.Nodes)
			if hasID := s.ID != ""; hasID != strings.Contains(path, "valkey-9") {
				t.Errorf("%s: the shard's id is %q", path, s.ID)
			}
			for _, n := range s.Nodes {
				if len(n.ID) != 40 || n.Port == 0 || (n.IP == "" || n.Endpoint == "") != strings.Contains(path, "fresh") || n.Offset < 0 ||
					n.Role != "master" && n.Role != "replica" || n.Health != "online" && n.Health != "fail" && n.Health != "loading" {
					t.Errorf("%s: %+v", path, n)
				}
			}
		}
		if fresh := strings.Contains(path, "fresh"); fresh && nodes != 1 || !fresh && (owned != keyslot.Full() || nodes != 6) {
			t.Errorf("%s: %d nodes, owned are %s", path, nodes, owned)
		}
	}
	for _, version := range versions {
		two, err2 := ParseShards(decodeRESP(t, recorded(t, version, "hostnames/1.shards.resp2")))
		three, err3 := ParseShards(decodeRESP(t, recorded(t, version, "hostnames/1.shards.resp3")))
		if err := errors.Join(err2, err3); err != nil {
			t.Fatal(err)
		}
		for _, shards := range [][]ShardEntry{two, three} {
			for _, s := range shards {
				for i := range s.Nodes {
					s.Nodes[i].Offset = 0 // grew between the two
				}
			}
		}
		if !reflect.DeepEqual(two, three) || two[0].Nodes[0].Hostname == "" {
			t.Errorf("%s:\n%+v\n%+v", version, two, three)
		}
	}
}

func TestParseSlotsReadsBothProtocolsAlike(t *testing.T) {
	for _, version := range versions {
		two, err2 := ParseSlots(decodeRESP(t, recorded(t, version, "hostnames/1.slots.resp2")))
		three, err3 := ParseSlots(decodeRESP(t, recorded(t, version, "hostnames/1.slots.resp3")))
		if err := errors.Join(err2, err3); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(two, three) || len(two) != 3 {
			t.Errorf("%s:\n%+v\n%+v", version, two, three)
		}
		var owned keyslot.Set
		for _, e := range two {
			owned.AddRange(e.Range)
			if len(e.Nodes) != 2 || e.Nodes[0].Endpoint == "" || e.Nodes[0].Hostname == "" || e.Nodes[1].Port == 0 {
				t.Errorf("%s: %+v", version, e)
			}
		}
		if owned != keyslot.Full() {
			t.Errorf("%s: owned are %s", version, owned)
		}
	}
}

func TestParseSlotsTakesAnUnknownEndpointForTheAddressAsked(t *testing.T) {
	got, err := ParseSlots([]any{[]any{int64(0), int64(5), []any{nil, int64(7001), "id", []any{"ip", "10.0.0.1"}}, []any{"::1", "7002", "id2"}}})
	want := []SlotsEntry{{Range: keyslot.Range{First: 0, Last: 5}, Nodes: []SlotsNode{{ID: "id", Port: 7001, IP: "10.0.0.1"}, {ID: "id2", Endpoint: "::1", Port: 7002}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestMalformedShardsAndSlotsSayWhere(t *testing.T) {
	node := func(pairs ...any) any { return []any{map[any]any{"nodes": []any{pairs}}} }
	for _, c := range []struct {
		reply any
		want  string
	}{
		{"text", `unreadable answer to CLUSTER SHARDS: "text" stands where a list should`},
		{[]any{"\x1b[2J" + strings.Repeat("x", 999)}, `shard 1: "\x1b[2J`},
		{[]any{[]any{"slots"}}, "shard 1: a list of keys and values has the odd length 1"},
		{[]any{map[any]any{}, map[any]any{"slots": []any{int64(5)}}}, "shard 2, slots: a list of starts and ends has the odd length 1"},
		{[]any{map[any]any{"slots": []any{int64(5), int64(3)}}}, "shard 1, slots: 5 to 3 is not a range of slots"},
		{[]any{map[string]any{"slots": []any{int64(5), int64(99999)}}}, "not a range"},
		{[]any{map[string]any{"slots": []any{int64(5), nil}}}, "not a range"},
		{node("ip", "10.0.0.1"), "shard 1, node 1: it has no id"},
		{node("id", int64(3)), "shard 1, node 1: id: 3 stands where text should"},
		{node("id", "x", "port", int64(99999)), "port: a port is a number"},
		{node("id", "x", "port", "\x07"), `port: "\a" stands where a number should`},
		{node("id", "x", "replication-offset", 1.5), "replication-offset: a float64 stands"},
	} {
		_, err := ParseShards(c.reply)
		var malformed *MalformedError
		if !errors.As(err, &malformed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v; want %s", c.reply, err, c.want)
		} else {
			fitToPrint(t, err)
		}
	}
	for _, c := range []struct {
		reply any
		want  string
	}{
		{int64(1), "1 stands where a list should"},
		{[]any{[]any{int64(1)}}, "entry 1: a list of 1 holds no range"},
		{[]any{[]any{int64(1), int64(2), []any{"ip", int64(1)}}}, "entry 1, node 1: a list of 2"},
		{[]any{[]any{int64(1), int64(2), []any{"ip", int64(1), nil}}}, "entry 1, node 1: it has no id"},
		{[]any{[]any{int64(1), int64(2), []any{"ip", int64(1), "x", []any{"ip", int64(5)}}}}, "entry 1, node 1: ip: 5 stands"},
	} {
		if _, err := ParseSlots(c.reply); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v; want %s", c.reply, err, c.want)
		}
	}
	if shards, err := ParseShards(nil); err != nil || len(shards) != 0 {
		t.Errorf("nothing is %v, %v", shards, err)
	}
}

// anyOf builds a reply of any shape out of bytes.
func anyOf(data *[]byte, depth int) any {
	if len(*data) == 0 {
		return nil
	}
	b := (*data)[0]
	*data = (*data)[1:]
	n := int(b >> 4)
	switch {
	case b%8 < 3 && depth > 0:
		list := []any{}
		for range n {
			list = append(list, anyOf(data, depth-1))
		}
		return list
	case b%8 == 3 && depth > 0:
		m := map[any]any{}
		for range n {
			m[[]any{"id", "slots", "nodes", "ip", "port", "role", int64(1)}[n%7]] = anyOf(data, depth-1)
			n++
		}
		return m
	case b%8 == 4:
		return []string{"id", "slots", "nodes", "ip", "port", "\x1b"}[n%6]
	case b%8 == 5:
		return nil
	case b%8 == 6:
		return float64(n)
	}
	return int64(n) - 2
}

func FuzzParseShardsAndSlots(f *testing.F) {
	f.Add([]byte{0x11, 0x23, 0x21, 0x37, 0x47})
	f.Add([]byte{0x10, 0x30, 0x37, 0x47, 0x30, 0x34, 0x37, 0x04})
	f.Add([]byte{0x10, 0x40, 0x14, 0x20, 0x37, 0x47, 0x24, 0x10, 0x20, 0x04, 0x14})
	f.Fuzz(func(t *testing.T, data []byte) {
		reply := anyOf(&data, 5)
		if _, err := ParseShards(reply); err != nil {
			fitToPrint(t, err)
		}
		if _, err := ParseSlots(reply); err != nil {
			fitToPrint(t, err)
		}
	})
}
