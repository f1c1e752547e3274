package cluster

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseInfoKeepsSectionsAndFieldsInOrder(t *testing.T) {
	info, err := ParseInfo("# Server\r\nredis_version:8.0.2\r\nempty:\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=0\r\na:b:c\r\n")
	if err != nil || len(info.Sections) != 2 || info.Sections[1].Name != "Keyspace" || len(info.Sections[0].Fields) != 2 {
		t.Fatalf("%+v, %v", info, err)
	}
	if value, ok := info.Text("a"); value != "b:c" || !ok {
		t.Errorf("a is %q", value)
	}
	if value, ok := info.Text("empty"); value != "" || !ok {
		t.Errorf("empty is %q, %v", value, ok)
	}
	if _, ok := info.Text("nothing"); ok {
		t.Error("found what is not there")
	}
	if _, ok := info.Int("a"); ok {
		t.Error("text is a number")
	}
}

func TestParseInfoSaysWhichLineIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "it holds nothing",
		"# A\r\nx:1\r\n\x1b[2Jrubbish": `line 3: "\x1b[2Jrubbish" is not name:value`,
		":1":                           "line 1",
	} {
		_, err := ParseInfo(text)
		var malformed *MalformedError
		if !errors.As(err, &malformed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		} else {
			fitToPrint(t, err)
		}
	}
}

func TestStatsOfWhatServersSaid(t *testing.T) {
	for path, text := range allRecorded(t, "info") {
		info, err := ParseInfo(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		s := StatsOf(info)
		flavor, version := "redis", ""
		for _, v := range versions {
			if strings.Contains(path, v) {
				flavor, version, _ = strings.Cut(v, "-")
			}
		}
		if s.Flavor != flavor || !strings.HasPrefix(s.Version, version+".") {
			t.Errorf("%s: %s %s", path, s.Flavor, s.Version)
		}
		for name, n := range map[string]int64{
			"Keys": s.Keys, "Expires": s.Expires, "MaxMemory": s.MaxMemory, "OpsPerSec": s.OpsPerSec,
			"BlockedClients": s.BlockedClients, "Hits": s.Hits, "Misses": s.Misses, "Evicted": s.Evicted, "Expired": s.Expired,
			"Uptime": int64(s.Uptime), "Offset": s.Offset, "ConnectedReplicas": s.ConnectedReplicas,
		} {
			if n < 0 || n > 1<<50 {
				t.Errorf("%s: %s is %d", path, name, n)
			}
		}
		if s.UsedMemory < 1<<18 || s.RSS < s.UsedMemory/4 || s.Clients < 1 || s.Fragmentation <= 0 || s.InputKbps < 0 || s.OutputKbps < 0 || s.Loading {
			t.Errorf("%s: %+v", path, s)
		}
	}
}

func TestStatsOfPrimaryAndReplica(t *testing.T) {
	for _, version := range versions {
		read := func(name string) Info {
			info, err := ParseInfo(recorded(t, version, name))
			if err != nil {
				t.Fatal(err)
			}
			return info
		}
		primary := StatsOf(read("healthy/1.info"))
		if primary.Role != Primary || primary.Keys != 1 || primary.Expires != 1 || primary.ConnectedReplicas != 1 || primary.LinkIdle != -1 || primary.Offset <= 0 {
			t.Errorf("%s: %+v", version, primary)
		}
		offsets := ReplicaOffsets(read("healthy/1.info"))
		if len(offsets) != 1 || offsets[0].State != "online" || offsets[0].Offset < 0 || offsets[0].Offset > primary.Offset ||
			offsets[0].Lag < 0 || !strings.HasPrefix(offsets[0].Addr, "127.0.0.1:") {
			t.Errorf("%s: %+v", version, offsets)
		}
		replicas := 0
		for _, name := range []string{"4", "5", "6"} {
			s := StatsOf(read("healthy/" + name + ".info"))
			if s.Role == Replica && s.LinkUp && !s.Syncing && s.LinkIdle >= 0 && s.Offset >= 0 {
				replicas++
			}
		}
		if replicas != 3 {
			t.Errorf("%s: %d replicas are linked", version, replicas)
		}
	}
}

func TestStatsOfMissingNumbersIsMinusOne(t *testing.T) {
	info, err := ParseInfo("# Server\nredis_version:7.2.4\nvalkey_version:9.1.2\nused_memory:many\nmem_fragmentation_ratio:nan\nuptime_in_seconds:99999999999999\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Stats{Version: "9.1.2", Flavor: "valkey", Keys: -1, Expires: -1, UsedMemory: -1, MaxMemory: -1, RSS: -1, Fragmentation: -1,
		OpsPerSec: -1, InputKbps: -1, OutputKbps: -1, Clients: -1, BlockedClients: -1, Hits: -1, Misses: -1, Evicted: -1,
		Expired: -1, Uptime: -1, Offset: -1, LinkIdle: -1, ConnectedReplicas: -1}
	if got := StatsOf(info); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestStatsOfAddsUpAllDatabases(t *testing.T) {
	info, err := ParseInfo("# Keyspace\r\ndb0:keys=5,expires=1,avg_ttl=9\r\ndb3:keys=7,expires=2,avg_ttl=0,keys_with_volatile_items=0\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if s := StatsOf(info); s.Keys != 12 || s.Expires != 3 {
		t.Errorf("%d keys, %d expire", s.Keys, s.Expires)
	}
}

func TestReplicaOffsetsPassesOverOtherFields(t *testing.T) {
	info, err := ParseInfo("# Replication\nrole:master\nslave0:ip=::1,port=7004,state=online,offset=100,lag=2,io-thread=0\n" +
		"slave1:ip=10.0.0.1,port=x,state=online\nslave_priority:100\nslave2:ip=10.0.0.9,port=1,state=wait_bgsave\n")
	if err != nil {
		t.Fatal(err)
	}
	got := ReplicaOffsets(info)
	if len(got) != 2 || got[0] != (ReplicaOffset{"[::1]:7004", "online", 100, 2 * time.Second}) ||
		got[1] != (ReplicaOffset{"10.0.0.9:1", "wait_bgsave", -1, -1}) {
		t.Errorf("got %+v", got)
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add("# Server\r\nredis_version:8.0.2\r\n# Keyspace\r\ndb0:keys=1,expires=0\r\nslave0:ip=::1,port=7004,state=online,offset=100,lag=2")
	f.Add(recorded(f, "valkey-9.1", "healthy/1.info"))
	f.Fuzz(func(t *testing.T, text string) {
		info, err := ParseInfo(text)
		if err != nil {
			fitToPrint(t, err)
			return
		}
		s := StatsOf(info)
		if s.Keys < -1 || s.UsedMemory < -1 || s.Uptime < -1 || s.Fragmentation != s.Fragmentation {
			t.Errorf("%+v", s)
		}
		ReplicaOffsets(info)
	})
}

func TestParseClusterInfoReadsWhatServersSaid(t *testing.T) {
	for path, text := range allRecorded(t, "clusterinfo") {
		c, err := ParseClusterInfo(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		known, slots, primaries := 6, 16384, 3
		if strings.Contains(path, "fresh") {
			known, slots, primaries = 1, 0, c.Size // Redis 7.0 says 1
		}
		if strings.Contains(path, "handshake"+"/1.") {
			known = 7
		}
		if c.State != "ok" && c.State != "fail" || c.SlotsAssigned != slots || c.KnownNodes != known || c.Size != primaries || len(c.Fields) < 10 ||
			c.SlotsOK+c.SlotsPFail+c.SlotsFail != slots || c.MyEpoch > c.CurrentEpoch {
			t.Errorf("%s: %+v", path, c)
		}
	}
}

func TestParseClusterInfoRefusesWhatIsNoClusterInfo(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "does not tell cluster_state",
		"cluster_state:ok\ncluster_size:\x07": `field cluster_size: "\a" is not a number`,
		"cluster_state:ok\ncluster_known_nodes:-1":    "field cluster_known_nodes",
		"cluster_state:ok\ncluster_current_epoch:1e3": "field cluster_current_epoch",
		"cluster": "line 1",
	} {
		if _, err := ParseClusterInfo(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		} else {
			fitToPrint(t, err)
		}
	}
}

func FuzzParseClusterInfo(f *testing.F) {
	f.Add("cluster_state:ok\r\ncluster_slots_assigned:16384\r\n")
	f.Add(recorded(f, "redis-8.6", "healthy/1.clusterinfo"))
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseClusterInfo(text); err != nil {
			fitToPrint(t, err)
		} else if c.KnownNodes < 0 || c.SlotsAssigned < 0 {
			t.Errorf("%+v", c)
		}
	})
}
