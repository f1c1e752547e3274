package ui

import (
	"image/color"
	"slices"
	"testing"

	"charm.land/lipgloss/v2"
)

func TestSixteenColoursOnALightBackgroundAreDark(t *testing.T) {
	th := NewTheme(Look{Depth: Colours16, Light: true})
	var pale []color.Color
	for _, c := range []string{"7", "10", "11", "12", "13", "14", "15"} {
		pale = append(pale, lipgloss.Color(c))
	}
	for i := range len(hues) {
		if c := th.Shard(i).Color; slices.Contains(pale, c) {
			t.Errorf("shard %d is painted in %v", i, c)
		}
	}
}
