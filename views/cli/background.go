package cli

import (
	"strconv"
	"strings"
)

// backgroundMode says whether the terminal is dark or light.
type backgroundMode string

const (
	backgroundAuto  backgroundMode = "auto" // as the terminal answers; else by COLORFGBG; else dark
	backgroundDark  backgroundMode = "dark"
	backgroundLight backgroundMode = "light"
)

// String is part of pflag.Value.
func (m *backgroundMode) String() string { return string(*m) }

// Type is part of pflag.Value.
func (m *backgroundMode) Type() string { return "mode" }

// Set is part of pflag.Value.
func (m *backgroundMode) Set(text string) error {
	switch backgroundMode(text) {
	case backgroundAuto, backgroundDark, backgroundLight:
		*m = backgroundMode(text)
		return nil
	}
	return usage("it is auto, dark or light, not %q", text)
}

// light is what is known before the terminal answers.
func (m backgroundMode) light(env func(string) string) bool {
	return m == backgroundLight || m != backgroundDark && lightByEnv(env)
}

// lightByEnv reads COLORFGBG, in which some terminals name the colours of text and
// background: "0;15", or "0;default;15". White and the bright colours are light.
func lightByEnv(env func(string) string) bool {
	all := strings.Split(env("COLORFGBG"), ";")
	n, err := strconv.Atoi(all[len(all)-1])
	return err == nil && len(all) > 1 && (n == 7 || n > 8 && n < 16)
}
