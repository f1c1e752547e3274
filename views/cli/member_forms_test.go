package cli

import (
	"strings"
	"testing"
)

// TestEveryCommandTakesBothFormsOfAddresses needs no server: an address that was
// understood is one that nothing listens at.
func TestEveryCommandTakesBothFormsOfAddresses(t *testing.T) {
	t.Parallel()
	for _, words := range []string{
		"create A B C", "add-node A B", "del-node A abc", "replicate A abc def", "forget A abc", "replace A abc B",
		"reset A B", "set A maxmemory 1gb", "set-timeout A 5000", "repair-addresses A B", "backup A /nowhere/new",
		"import A --from 127.0.0.1:4", "call A PING",
	} {
		for _, form := range [][]string{{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}, {"127.0.0.1 1", "127.0.0.1 2", "127.0.0.1 3"}} {
			args := strings.Fields(strings.NewReplacer(" A", " "+form[0], " B", " "+form[1], " C", " "+form[2]).Replace(words))
			args = append(args, "--dry-run", "-o", "json")
			if got := run(t, "", nil, args...); got.code != Unreachable || !strings.Contains(got.err, "nothing listens there") || got.out != "" {
				t.Errorf("slotdeck %s: code %d, %s%s", strings.Join(args, " "), got.code, got.out, got.err)
			}
		}
	}
}

func TestEveryCommandTakesTheServersToolsNamesOfFlags(t *testing.T) {
	t.Parallel()
	for _, words := range []string{
		"create A A A --cluster-replicas 0 --cluster-yes",
		"add-node A A --cluster-slave --cluster-master-id abc --cluster-yes",
		"add-node A A --cluster-replica --cluster-primary-id abc --cluster-yes",
		"set-timeout A 5000 --cluster-yes",
		"call A PING --cluster-only-masters", "call A PING --cluster-only-replicas", "call A PING --cluster-only-primaries", "call A PING --cluster-only-slaves",
		"import A --cluster-from 127.0.0.1:4 --cluster-copy --cluster-replace --cluster-from-user app --cluster-from-pass x --cluster-yes",
		"backup A /nowhere/new --cluster-yes", "del-node A abc --cluster-yes",
	} {
		args := strings.Fields(strings.ReplaceAll(words, " A", " 127.0.0.1:1"))
		if got := run(t, "", nil, args...); got.code != Unreachable || strings.Contains(got.err, "no flag") {
			t.Errorf("slotdeck %s: code %d, %s%s", strings.Join(args, " "), got.code, got.out, got.err)
		}
	}
}
