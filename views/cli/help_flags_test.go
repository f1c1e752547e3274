package cli

import (
	"strings"
	"testing"
)

func TestHelpShowsWhatIsACommandsOwnBeforeWhatAllShare(t *testing.T) {
	t.Parallel()
	for command, own := range map[string]string{"check": "--rule", "fix": "--owner", "failover": "--takeover", "": "--interval"} {
		text := expect(t, Fine, append(strings.Fields(command), "--help")...).out
		flags, rest, found := strings.Cut(text, "Which cluster, and how to reach it:")
		if _, flags, _ = strings.Cut(flags, "\nFlags:\n"); !found || !strings.Contains(flags, own) || strings.Contains(flags, "--cacert") ||
			!strings.Contains(rest, "--cacert file") || !strings.Contains(rest, "--host name") || strings.Contains(rest, own+" ") {
			t.Errorf("%q --help:\n%s", command, text)
		}
	}
	if text := expect(t, Fine, "config", "--help").out; strings.Contains(text, "Which cluster") || !strings.Contains(text, "--pass-file") {
		t.Errorf("config --help:\n%s", text)
	}
}
