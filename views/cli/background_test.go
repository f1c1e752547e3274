package cli

import "testing"

func TestTheBackgroundIsTheOperatorsWordElseWhatTheTerminalTells(t *testing.T) {
	for _, c := range []struct {
		mode, env string
		light     bool
	}{
		{"auto", "", false}, {"auto", "0;15", true}, {"auto", "0;default;15", true}, {"auto", "15;0", false}, {"auto", "7;8", false}, {"auto", "0;7", true},
		{"auto", "15", false}, {"auto", "x;y", false}, {"dark", "0;15", false}, {"light", "15;0", true}, {"auto", "0;231", false},
	} {
		var m backgroundMode
		if err := m.Set(c.mode); err != nil {
			t.Fatal(err)
		}
		if got := m.light(func(string) string { return c.env }); got != c.light {
			t.Errorf("--background %s, COLORFGBG=%s: light is %v", c.mode, c.env, got)
		}
	}
	if err := new(backgroundMode).Set("grey"); err == nil {
		t.Error("grey is a background")
	}
}
