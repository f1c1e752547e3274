package views

import "testing"

// What people look at in a failure, in their order, is at most two keys from
// Overview, where the worst shard is under the cursor.
func TestEveryStepOfTriageIsTwoKeysAwayAtMost(t *testing.T) {
	for _, step := range []struct {
		question string
		keys     []string
		tells    []string
	}{
		{"is it serving?", nil, []string{"shard C", "33 % of the key space"}},
		{"which slots, whose keys?", nil, []string{"10923-16383"}},
		{"will it heal by itself?", nil, []string{"10.0.0.16:7006"}},
		{"can I reach each node?", []string{"3"}, []string{"10.0.0.13:7003", "ping"}},
		{"what does each node say?", []string{"3", "enter"}, []string{"flags", "cluster info", "its view"}},
		{"where would a key be?", []string{"4"}, []string{"slot"}},
		{"which replica is best?", []string{"f"}, []string{"10.0.0.16:7006", "behind"}},
		{"what does each way cost?", []string{"f"}, []string{"graceful", "FORCE", "TAKEOVER", "lossy"}},
		{"what changed?", []string{"6"}, []string{"FAILOVER from 7003"}},
		{"did it work?", []string{"6"}, []string{"everyone agrees", "not served 4.2 s"}},
		{"are the replicas back?", []string{"3"}, []string{"behind"}},
		{"what was sent?", []string{"!"}, []string{"what is sent"}},
	} {
		t.Run(step.question, func(t *testing.T) {
			f := newFakeFailovers()
			f.records = append(f.records, sampleFailover())
			s := failoverStage(t, f, sampleReady(failPrimary("C")), colours, 160, 45)
			if len(step.keys) > 2 {
				t.Fatalf("%d keys", len(step.keys))
			}
			s.press(step.keys...)
			s.want(step.tells...)
		})
	}
}
