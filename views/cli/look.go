package cli

import (
	"strings"

	"github.com/charmbracelet/colorprofile"
)

// utf8Locale reports whether the locale can show more than ASCII. As in every
// program, LC_ALL wins over LC_CTYPE, and that over LANG.
func utf8Locale(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// profile is what colours the output has. NO_COLOR counts with any value that
// is not empty, as its definition says. More than 256 colours are never used.
func profile(w *World) colorprofile.Profile {
	if w.Env("NO_COLOR") != "" {
		return colorprofile.ASCII
	}
	return min(colorprofile.Detect(w.Out, w.Environ), colorprofile.ANSI256)
}
