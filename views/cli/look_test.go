package cli

import "testing"

func TestLocaleDecidesAboutGlyphs(t *testing.T) {
	for _, c := range []struct {
		all, ctype, lang string
		want             bool
	}{
		{"", "", "", false},
		{"", "", "en_US.UTF-8", true},
		{"", "", "de_DE.utf8", true},
		{"", "C", "en_US.UTF-8", false},
		{"", "UTF-8", "", true},
		{"C", "en_US.UTF-8", "en_US.UTF-8", false},
		{"C.UTF-8", "", "", true},
		{"", "", "ru_RU.KOI8-R", false},
	} {
		env := map[string]string{"LC_ALL": c.all, "LC_CTYPE": c.ctype, "LANG": c.lang}
		if got := utf8Locale(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%v: UTF-8 is %v", env, got)
		}
	}
}
