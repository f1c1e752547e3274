package keys

import "testing"

// TestCirclesOfCursorsAreNoticed: whatever the length of the circle, and of the
// way into it.
func TestCirclesOfCursorsAreNoticed(t *testing.T) {
	for _, c := range []struct{ before, circle int }{{0, 1}, {0, 2}, {3, 7}, {100, 1}, {50, 300}} {
		var p Position
		step := 0
		for ; step < 10*(c.before+c.circle)+10; step++ {
			n := step
			if n >= c.before {
				n = c.before + (n-c.before)%c.circle
			}
			p.cursor = string(rune('a'+n%26)) + string(rune('A'+n/26))
			if !p.advanced() {
				break
			}
		}
		if step == 10*(c.before+c.circle)+10 {
			t.Errorf("a circle of %d after %d was gone round ten times", c.circle, c.before)
		}
	}
	var p Position
	for i := range 10_000 {
		p.cursor = string(rune('a'+i%26)) + string(rune(1000+i/26))
		if !p.advanced() {
			t.Fatalf("a way without a circle ended at step %d", i)
		}
	}
}
