package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// maxName bounds a name that came from a server: the longest IPv6 address with
// port, and most host names.
const maxName = 60

// clean makes server text fit to stand in a sentence.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "?")
	runes := []rune(text)
	if len(runes) > maxName {
		runes = append(runes[:maxName-1], '…')
	}
	for i, r := range runes {
		if !unicode.IsGraphic(r) {
			runes[i] = '?'
		}
	}
	return string(runes)
}

// name is a node's announced address, else the dialled one, else its short id.
func name(n *cluster.Node) string {
	e := n.Member.Endpoint
	switch {
	case e.IP != "" && strings.Contains(e.IP, ":"):
		return clean("[" + e.IP + "]:" + strconv.Itoa(e.Port))
	case e.IP != "" && e.Port != 0:
		return clean(e.IP + ":" + strconv.Itoa(e.Port))
	case n.Dialled != "":
		return clean(n.Dialled)
	}
	return "node " + clean(n.ID.Short())
}

func nameOf(s *cluster.Snapshot, id cluster.NodeID) string {
	if n, ok := s.Node(id); ok {
		return name(n)
	}
	if id == "" {
		return "nobody"
	}
	return "node " + clean(id.Short())
}

// span writes a duration as people say it: "3.2 s", "45 s", "12 min", "3 h", "5 d".
func span(d time.Duration) string {
	switch {
	case d < 0:
		return "an unknown time"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// brief is span for what mostly takes less than a second: "12 ms".
func brief(d time.Duration) string {
	if d >= 0 && d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return span(d)
}

// bytes writes a number of bytes: "112 B", "4.1 KiB".
func bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if f < 1024 {
			break
		}
		f, unit = f/1024, u
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}

// ranges writes slots so that they take little room.
func ranges(rs []keyslot.Range) string {
	n := 0
	for _, r := range rs {
		n += r.Len()
	}
	switch len(rs) {
	case 1:
		return rs[0].String()
	case 2:
		return rs[0].String() + " " + rs[1].String()
	}
	return slotCount(n)
}

func slotCount(n int) string { return plural(n, "slot", "slots") }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// percent writes a share of the key space.
func percent(slots int) string {
	switch p := 100 * float64(slots) / keyslot.Count; {
	case slots > 0 && p < 1:
		return "<1 %"
	case slots < keyslot.Count && p > 99:
		return ">99 %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// list joins up to three words, and counts the rest.
func list(words []string) string {
	switch n := len(words); {
	case n == 0:
		return "none"
	case n == 1:
		return words[0]
	case n <= 3:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	default:
		return strings.Join(words[:2], ", ") + fmt.Sprintf(" and %d more", n-2)
	}
}
