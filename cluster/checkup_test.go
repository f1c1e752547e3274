package cluster

import (
	"slices"
	"testing"
)

// As Redis 8.6 and Valkey 9.1 answered.
func TestServersOwnCountsOfSizesAreRead(t *testing.T) {
	info, err := ParseInfo("# Keysizes\r\ndb0_distrib_strings_sizes:1=1,2M=3\r\ndb0_distrib_lists_items:4K=1\r\ndb12_distrib_hashes_items:128K=2\r\ndb0_distrib_zsets_items:x=2,9E=1,99E=1\r\ndb0_other:1=1\r\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []SizeCount{{0, "string", true, 1, 1}, {0, "string", true, 2 << 20, 3}, {0, "list", false, 4096, 1}, {12, "hash", false, 1 << 17, 2}}
	if got := KeySizes(info); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if none, _ := ParseInfo("# Server\r\na:1\r\n"); KeySizes(none) != nil {
		t.Error("counts are made up")
	}
	got, err := ParseLargeCall([]any{[]any{int64(0), int64(1795304368), int64(3000012), []any{"get", "bb"}, "127.0.0.1:40640", ""}}, true)
	if err != nil || got == nil || !got.Reply || got.Command != "get" || got.Bytes != 3000012 || got.At.Unix() != 1795304368 {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := ParseLargeCall([]any{}, true); got != nil || err != nil {
		t.Errorf("%+v %v", got, err)
	}
}
