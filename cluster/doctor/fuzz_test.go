package doctor

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"slotdeck/cluster"
)

func FuzzReadMute(f *testing.F) {
	for _, s := range []string{"7d new rack", "12h", "999999999999999999999d x", "-1d x", "1w  "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		long, reason, err := ReadMute(text)
		if err == nil && (long <= 0 || long > LongestMute || reason == "" || len(reason) > 200) {
			t.Errorf("%q: %v, %q", text, long, reason)
		}
	})
}

const (
	fuzzA = "07c37dfeb235213a872192d90877d0cd55635b91"
	fuzzB = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1"
)

// FuzzFindings lets two nodes say of each other and of themselves what they like.
func FuzzFindings(f *testing.F) {
	f.Add(fuzzA+" 10.0.0.1:7001@17001 myself,master - 0 0 7 connected 0-8191 [1->-"+fuzzB+"]\n"+fuzzB+" 10.0.0.2:7001@17001 slave "+fuzzA+" 0 0 7 connected\n",
		fuzzB+" 10.0.0.2:7001@17001 myself,slave "+fuzzA+" 0 0 7 connected\n"+fuzzA+" 10.0.0.1:7001@17001 master,fail - 0 0 8 connected 0-16383\n",
		"cluster_state:fail\r\ncluster_slots_assigned:16384\r\n", "role:slave\r\nmaster_link_status:down\r\nused_memory:10\r\nmaxmemory:5\r\nmaxmemory_policy:noeviction\r\n", "15000")
	f.Fuzz(func(t *testing.T, one, other, state, info, setting string) {
		at := time.Unix(1700000000, 0)
		in := cluster.Inputs{At: at, Seq: 1, Interval: time.Second}
		for i, text := range []string{one, other} {
			n := cluster.Node{Dialled: []string{"10.0.0.1:7001", "10.0.0.2:7001"}[i], Health: cluster.Answering, LastSeen: at}
			if view, err := cluster.ParseNodes(text); err == nil {
				n.View = n.View.Succeed(view, at)
			}
			if c, err := cluster.ParseClusterInfo(state); err == nil {
				n.ClusterInfo = n.ClusterInfo.Succeed(c, at)
			}
			if told, err := cluster.ParseInfo(info); err == nil {
				n.Info, n.Stats = n.Info.Succeed(told, at), cluster.StatsOf(told)
			}
			settings := map[string]string{}
			for _, name := range SettingNames() {
				settings[name] = setting
			}
			n.Config = n.Config.Succeed(settings, at)
			in.Nodes = append(in.Nodes, n)
		}
		s := cluster.Merge(nil, in)
		for _, found := range Findings(s) {
			for _, text := range append(found.Evidence, found.Text) {
				if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
					t.Fatalf("%s is not fit for a screen: %q", found.ID, text)
				}
			}
		}
		verdict := Judge(s)
		if text := verdict.Sentence; !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			t.Fatalf("the verdict is not fit for a screen: %q", text)
		}
	})
}
