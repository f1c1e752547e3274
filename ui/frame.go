package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Rule is a thin line across the screen; a text may sit in it at the left.
func (t *Theme) Rule(w int, text string) string {
	if text == "" {
		return t.Dim.Text(strings.Repeat(t.Glyph.Rule, w))
	}
	text = t.Cut(text, w-4)
	return t.Dim.Text(t.Glyph.Rule) + " " + text + " " + t.Dim.Text(strings.Repeat(t.Glyph.Rule, max(0, w-3-Width(text))))
}

// Heading is the title of a section, with a word at the right end of w cells.
func (t *Theme) Heading(title, right string, w int) string {
	return t.Apart(" "+t.Head.Text(strings.ToUpper(title)), right, w)
}

// Fill makes exactly h lines of what is given: too many are cut off, missing
// ones are empty.
func Fill(lines []string, h int) []string {
	if len(lines) > h {
		return lines[:max(0, h)]
	}
	for len(lines) < h {
		lines = append(lines, "")
	}
	return lines
}

// Beside sets two blocks next to each other, the left one lw cells wide.
func (t *Theme) Beside(left, right []string, lw, gap int) []string {
	n := max(len(left), len(right))
	out := make([]string, n)
	for i := range out {
		l, r := "", ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		if r == "" {
			out[i] = t.Cut(l, lw)
			continue
		}
		out[i] = t.Left(l, lw) + spaces(gap) + r
	}
	return out
}

// Overlay lays a box over lines, its upper left corner at column x of row y.
func Overlay(lines, box []string, x, y, w int) []string {
	out := append([]string(nil), lines...)
	for i, b := range box {
		row := y + i
		if row < 0 || row >= len(out) {
			continue
		}
		under := out[row]
		left := ansi.Truncate(under, x, "")
		left += spaces(x - Width(left))
		right := ""
		if end := x + Width(b); end < w {
			right = ansi.TruncateLeft(under, end, "")
		}
		out[row] = left + "\x1b[m" + b + "\x1b[m" + right
	}
	return out
}

// Box draws a frame of thin lines around texts, inner cells wide inside.
func (t *Theme) Box(title string, lines []string, inner int) []string {
	tl, tr, bl, br, side := "╭", "╮", "╰", "╯", "│"
	if t.ASCII {
		tl, tr, bl, br, side = "+", "+", "+", "+", "|"
	}
	head := ""
	if title != "" {
		head = " " + t.Cut(title, inner-2) + " "
	}
	out := []string{t.Dim.Text(tl+t.Glyph.Rule) + t.Strong.Text(head) +
		t.Dim.Text(strings.Repeat(t.Glyph.Rule, max(0, inner+1-Width(head)))+tr)}
	for _, l := range lines {
		out = append(out, t.Dim.Text(side)+" "+t.Left(l, inner)+" "+t.Dim.Text(side))
	}
	return append(out, t.Dim.Text(bl+strings.Repeat(t.Glyph.Rule, inner+2)+br))
}
