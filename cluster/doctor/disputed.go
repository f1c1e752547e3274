package doctor

import (
	"fmt"
)

func disputed(e *examination) (Status, string, bool) {
	if len(e.s.Disputes) == 0 {
		return 0, "", false
	}
	slots := 0
	for _, d := range e.s.Disputes {
		slots += d.Range.Len()
	}
	d := e.s.Disputes[0]
	var claims []string
	for _, c := range d.Says {
		who := nameOf(e.s, c.Owner)
		if c.Owner != "" {
			who += fmt.Sprintf(" (epoch %d)", c.Epoch)
		}
		claims = append(claims, fmt.Sprintf("%d %s %s", len(c.By), verb(len(c.By), "says", "say"), who))
	}
	what := "slots "
	if d.Range.Len() == 1 {
		what = "slot "
	}
	text := "The nodes disagree about who owns " + what + d.Range.String() + ": " + list(claims) + "."
	if len(e.s.Disputes) > 1 {
		text += fmt.Sprintf(" %d slots are in dispute in all.", slots)
	}
	return Degraded, text + " The higher epoch wins; clients are sent back and forth until then.", true
}
