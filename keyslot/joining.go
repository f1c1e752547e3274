package keyslot

import (
	"strings"

	"github.com/sigurn/crc16"
)

// Joining is a way to bring several keys into one slot.
type Joining struct {
	Tag  string   // the hash tag, without braces
	Slot Slot     // where all of them would live
	Keys []string // what each key would be called, in the order asked
}

// TagJoining proposes names under which several keys share a slot. If one of
// them has a hash tag already, that is the tag; else it is the longest run of
// whole name parts that all keys have in common: "user:7:cart" and "log:user:7" join as
// "{user:7}:cart" and "log:{user:7}". It answers false when there is nothing to
// propose: fewer than two keys, two different tags, or nothing in common.
func TagJoining(keys ...string) (Joining, bool) {
	if len(keys) < 2 {
		return Joining{}, false
	}
	tag, ok := sharedTag(keys)
	if !ok {
		return Joining{}, false
	}
	j := Joining{Tag: tag, Slot: fold(update(crc16.Init(xmodem), tag)), Keys: make([]string, len(keys))}
	for i, key := range keys {
		j.Keys[i] = withTag(key, tag)
	}
	return j, true
}

// sharedTag is the one tag the keys have, or could all be given.
func sharedTag(keys []string) (string, bool) {
	tag := ""
	for _, key := range keys {
		t := TagOf(key)
		switch {
		case !t.Real:
		case tag != "" && tag != t.In(key):
			return "", false
		default:
			tag = t.In(key)
		}
	}
	if tag == "" {
		tag = longestCommon(keys)
	}
	return tag, tag != ""
}

// withTag gives a key the tag: around the words that stand in it already, or
// in front when they do not.
func withTag(key, tag string) string {
	if TagOf(key).Real {
		return key
	}
	at := indexParts(key, tag)
	if at < 0 || strings.IndexByte(key[:at], '{') >= 0 {
		return "{" + tag + "}:" + key
	}
	return key[:at] + "{" + tag + "}" + key[at+len(tag):]
}

// longestCommon is the longest run of whole parts of the first key that stands
// in all the others; the leftmost of equals. It looks no further than the first
// bytes of the key, since the work grows with their square.
func longestCommon(keys []string) string {
	const most = 256
	best, key := "", keys[0][:min(most, len(keys[0]))]
	for start := range len(key) {
		if !beginsPart(key, start) {
			continue
		}
		for end := len(key); end > start+len(best); end-- {
			if endsPart(key, end) && joins(keys, key[start:end]) {
				best = key[start:end]
			}
		}
	}
	return best
}

// joins reports whether text can be the tag of all keys, standing in them.
func joins(keys []string, text string) bool {
	if strings.IndexByte(text, '}') >= 0 {
		return false
	}
	for _, key := range keys {
		if indexParts(key, text) < 0 {
			return false
		}
	}
	return true
}

// indexParts is where text stands in key as whole parts; -1 when it does not.
func indexParts(key, text string) int {
	for from := 0; from+len(text) <= len(key); from++ {
		at := strings.Index(key[from:], text)
		if at < 0 {
			return -1
		}
		from += at
		if beginsPart(key, from) && endsPart(key, from+len(text)) {
			return from
		}
	}
	return -1
}

func beginsPart(key string, at int) bool {
	return at < len(key) && !parts(key[at]) && (at == 0 || parts(key[at-1]))
}

func endsPart(key string, at int) bool {
	return at > 0 && !parts(key[at-1]) && (at == len(key) || parts(key[at]))
}

// parts reports whether a byte stands between the parts of a name.
func parts(c byte) bool { return strings.IndexByte(":./-_|,;#@ {}", c) >= 0 }
