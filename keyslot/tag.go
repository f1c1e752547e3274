package keyslot

import "strings"

// Tag is the part of a key that decides its slot, as byte offsets into the
// key: key[Start:End].
type Tag struct {
	Start, End int
	Real       bool // a hash tag stands in braces; false: the whole key counts
}

// TagOf finds the part of a key that counts. That is what stands between the
// first "{" and the first "}" after it, unless that is empty or there is no
// such "}": then it is the whole key. Only the first "{" is looked at, so
// "foo{}{bar}" has no tag.
func TagOf(key string) Tag {
	open := strings.IndexByte(key, '{')
	if open < 0 {
		return Tag{End: len(key)}
	}
	length := strings.IndexByte(key[open+1:], '}')
	if length <= 0 {
		return Tag{End: len(key)}
	}
	return Tag{Start: open + 1, End: open + 1 + length, Real: true}
}

// In is the text of the tag in the key it was found in.
func (t Tag) In(key string) string { return key[t.Start:t.End] }
