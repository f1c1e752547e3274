package views

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

// text draws a string, or a JSON document.
func (p *valuePage) text(t *ui.Theme, w, h int) []string {
	form := p.form
	if form == asText && p.value.Type == "ReJSON-RL" {
		form = asJSON
	}
	lines := []string{"  " + t.Dim.Text("as "+[...]string{"text", "JSON", "bytes", "text, escaped as in redis-cli"}[form]+" (v: other forms)")}
	var body []string
	switch {
	case p.value.Text == "":
		body = []string{t.Dim.Text("(empty)")}
	case form == asHex:
		from, _ := strconv.Atoi(p.value.From)
		body = hexLines(p.value.Text, from, w-4)
	case form == asJSON:
		body = jsonLines(t, p.value, w-4)
	case form == asEscaped:
		body = escapedLines(p.value.Text, w-4)
	default:
		body = textLines(p.value.Text, w-4)
	}
	p.height, p.lines = max(1, h-1), len(body)
	p.top = max(0, min(p.top, p.lines-p.height))
	for _, l := range body[p.top:min(len(body), p.top+p.height)] {
		lines = append(lines, "  "+l)
	}
	return lines
}

// textLines is a text as it is, but for what would harm the screen, on lines of
// at most w cells.
func textLines(text string, w int) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		out = append(out, ui.Fold(ui.Clean(line), w)...)
	}
	return out
}

// escapedLines is a text on lines of at most w cells; a newline in it ends a
// line, too.
func escapedLines(text string, w int) []string {
	var out []string
	for part := range strings.SplitAfterSeq(text, "\n") {
		quoted := keyspace.Quoted(part)
		quoted = quoted[1 : len(quoted)-1]
		for len(quoted) > w {
			out = append(out, quoted[:w])
			quoted = quoted[w:]
		}
		if quoted != "" {
			out = append(out, quoted)
		}
	}
	return out
}

// jsonLines lays a JSON text out; one that is none, or not whole, says so.
func jsonLines(t *ui.Theme, v keyspace.Value, w int) []string {
	if v.Next != "" || v.From != "" {
		return []string{t.Warn.Text("only a part of the text is here, so it cannot be read as JSON")}
	}
	var laid bytes.Buffer
	if err := json.Indent(&laid, []byte(v.Text), "", "  "); err != nil {
		return []string{t.Warn.Text("it is no JSON: " + ui.Clean(err.Error()))}
	}
	var out []string
	for line := range strings.SplitSeq(laid.String(), "\n") {
		out = append(out, ui.Fold(ui.Clean(line), w)...)
	}
	return out
}

// hexLines are bytes as offset in the whole value, hexadecimal and ASCII: sixteen
// a line, eight when it is narrow.
func hexLines(text string, from, w int) []string {
	per := 16
	if w < 76 {
		per = 8
	}
	var out []string
	for at := 0; at < len(text); at += per {
		var hex, plain strings.Builder
		for i := at; i < at+per; i++ {
			if i >= len(text) {
				hex.WriteString("   ")
				continue
			}
			fmt.Fprintf(&hex, "%02x ", text[i])
			if c := text[i]; c >= ' ' && c <= '~' {
				plain.WriteByte(c)
			} else {
				plain.WriteByte('.')
			}
		}
		out = append(out, fmt.Sprintf("%08x  %s %s", from+at, hex.String(), plain.String()))
	}
	return out
}
