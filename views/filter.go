package views

import (
	"regexp"
	"strings"
)

// Filter keeps the rows whose text matches a regular expression; one that
// begins with ! keeps the others. The zero Filter keeps all.
type Filter struct {
	text   string
	re     *regexp.Regexp
	invert bool
}

// NewFilter reads what was typed after "/". Case counts only when the text
// has an upper-case letter.
func NewFilter(text string) (Filter, error) {
	f := Filter{text: text}
	pattern := text
	if rest, ok := strings.CutPrefix(pattern, "!"); ok {
		f.invert, pattern = true, rest
	}
	if pattern == "" {
		return Filter{text: text}, nil
	}
	if strings.ToLower(pattern) == pattern {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return Filter{}, err
	}
	f.re = re
	return f, nil
}

// Keeps reports whether a row with this text is shown.
func (f Filter) Keeps(text string) bool {
	return f.re == nil || f.re.MatchString(text) != f.invert
}

// Active reports whether the filter hides anything at all.
func (f Filter) Active() bool { return f.re != nil }

// String is the filter as it was typed.
func (f Filter) String() string { return f.text }
