package keyspace

import (
	"time"

	"slotdeck/keyslot"
)

// Entry is one key, as far as it was asked about.
type Entry struct {
	Key      string
	Slot     keyslot.Slot
	Type     string        // "string", "hash" …; empty: not asked
	TTL      time.Duration // left to live; NoTTL: for ever; Unknown: not asked
	Bytes    int64         // MEMORY USAGE; Unknown: not asked
	Elements int64         // bytes of a string, elements of what has some; Unknown: not asked, or a type without a count
	Encoding string        // empty: not asked
	Freq     int64         // OBJECT FREQ: a logarithmic counter, 0 to 255, that fades; Unknown: not asked, or no LFU policy
	Idle     int64         // OBJECT IDLETIME: seconds since it was last used; Unknown: not asked, or an LFU policy
	Gone     bool          // it vanished, or became another type, while it was looked at
}

// What numbers say that are none.
const (
	Unknown int64         = -1
	NoTTL   time.Duration = -1
	NotTold time.Duration = -2 // of a TTL: not asked
)

// Aspects are what can be asked about keys.
type Aspects uint8

// The aspects, to be added up.
const (
	OfType Aspects = 1 << iota
	OfTTL
	OfBytes
	OfElements
	OfEncoding
	OfFreq
	OfIdle
)

// Has reports whether all of the others are among them.
func (a Aspects) Has(b Aspects) bool { return a&b == b }

// SizeCommand is the command that tells how large a value of a type is, empty
// when no command does.
func SizeCommand(kind string) string {
	switch kind {
	case "string":
		return "STRLEN"
	case "hash":
		return "HLEN"
	case "list":
		return "LLEN"
	case "set":
		return "SCARD"
	case "zset":
		return "ZCARD"
	case "stream":
		return "XLEN"
	}
	return ""
}

// SizeUnit is what SizeCommand counts.
func SizeUnit(kind string) string {
	switch kind {
	case "string":
		return "bytes"
	case "hash":
		return "fields"
	case "stream":
		return "entries"
	case "list":
		return "items"
	}
	return "members"
}

// Keep says which entries are wanted. The zero value keeps all.
type Keep struct {
	Types            []string // empty: any
	MinTTL, MaxTTL   time.Duration
	WithTTL, Forever bool  // only keys that expire, only keys that do not
	MinBytes         int64 // by MEMORY USAGE
	MinElements      int64
}

// Needs are the aspects that have to be asked to decide.
func (k Keep) Needs() Aspects {
	var a Aspects
	if len(k.Types) > 0 {
		a |= OfType
	}
	if k.MinTTL > 0 || k.MaxTTL > 0 || k.WithTTL || k.Forever {
		a |= OfTTL
	}
	if k.MinBytes > 0 {
		a |= OfBytes
	}
	if k.MinElements > 0 {
		a |= OfType | OfElements
	}
	return a
}

// Wants reports whether an entry is kept. One that is gone never is.
func (k Keep) Wants(e *Entry) bool {
	if e.Gone {
		return false
	}
	if len(k.Types) > 0 {
		found := false
		for _, t := range k.Types {
			found = found || t == e.Type
		}
		if !found {
			return false
		}
	}
	expires := e.TTL >= 0
	switch {
	case (k.WithTTL || k.MaxTTL > 0) && !expires, k.Forever && expires:
		return false
	case k.MinTTL > 0 && expires && e.TTL < k.MinTTL, k.MaxTTL > 0 && e.TTL > k.MaxTTL:
		return false
	}
	return e.Bytes >= k.MinBytes || k.MinBytes == 0
}

// WantsSize reports whether an entry whose elements were counted is kept.
func (k Keep) WantsSize(e *Entry) bool { return k.MinElements == 0 || e.Elements >= k.MinElements }
