package spawn_test

import (
	"strings"
	"testing"

	"slotdeck/cluster/spawn"
)

func TestPanicsOfAllKindsOfGoroutinesComeToOnePlace(t *testing.T) {
	type told struct {
		v     any
		stack string
	}
	all := make(chan told, 1)
	spawn.OnPanic(func(v any, stack []byte) { all <- told{v, string(stack)} })
	defer spawn.OnPanic(nil)
	var group spawn.Group
	for name, start := range map[string]func(f func()){
		"Go":     spawn.Go,
		"Group":  group.Go,
		"Caught": func(f func()) { go spawn.Caught(f)() },
	} {
		start(func() { thePlace(name) })
		if got := <-all; got.v != name || !strings.Contains(got.stack, "thePlace") {
			t.Errorf("%s: %v was told, from\n%s", name, got.v, got.stack)
		}
	}
	group.Go(func() {})
	group.Wait()
	if len(all) > 0 {
		t.Errorf("%v, out of nothing", <-all)
	}
}

func thePlace(v any) { panic(v) }
