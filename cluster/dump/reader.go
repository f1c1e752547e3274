package dump

import (
	"encoding/binary"
	"math"
	"strconv"
)

// mostRead bounds what is unpacked of one DUMP: packed text can say that it is a
// thousand times as long as it is written.
const mostRead = 256 << 20

// reader reads a DUMP from its front. What makes no sense makes it bad, for good;
// a bad one gives zeros and empty texts.
type reader struct {
	rest   string
	budget int
	bad    bool
}

// take is the next n bytes.
func (r *reader) take(n int) string {
	if r.bad || n < 0 || n > len(r.rest) {
		r.bad, r.rest = true, ""
		return ""
	}
	got := r.rest[:n]
	r.rest = r.rest[n:]
	return got
}

func (r *reader) byte() byte {
	if b := r.take(1); b != "" {
		return b[0]
	}
	return 0
}

// little is a number of n bytes, the lowest first.
func (r *reader) little(n int) uint64 {
	var eight [8]byte
	copy(eight[:], r.take(n))
	return binary.LittleEndian.Uint64(eight[:])
}

// signed is the same with a sign.
func (r *reader) signed(n int) int64 {
	shift := 64 - 8*n
	return int64(r.little(n)<<shift) >> shift
}

// moment is a time in ms since 1970.
func (r *reader) moment() uint64 { return r.little(8) }

// special marks a length that is none, but a way to write the text.
const special = math.MaxUint64

// lengthOr reads a length, or which special way it is.
func (r *reader) lengthOr() (n uint64, how byte) {
	b := r.byte()
	switch {
	case b>>6 == 0:
		return uint64(b), 0
	case b>>6 == 1:
		return uint64(b&0x3f)<<8 | uint64(r.byte()), 0
	case b == 0x80:
		if four := r.take(4); four != "" {
			return uint64(binary.BigEndian.Uint32([]byte(four))), 0
		}
		return 0, 0
	case b == 0x81:
		if eight := r.take(8); eight != "" {
			return binary.BigEndian.Uint64([]byte(eight)), 0
		}
		return 0, 0
	case b>>6 == 3:
		return special, b & 0x3f
	}
	r.bad = true
	return 0, 0
}

func (r *reader) length() uint64 {
	n, _ := r.lengthOr()
	if n == special {
		r.bad = true
		return 0
	}
	return n
}

// count is a number of things that take a byte each at least.
func (r *reader) count() int {
	n := r.length()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return 0
	}
	return int(n)
}

// text reads a string: as it is, as a number, or compressed.
func (r *reader) text() string {
	n, how := r.lengthOr()
	switch {
	case r.bad:
		return ""
	case n != special && n <= uint64(len(r.rest)):
		return r.take(int(n))
	case n != special:
	case how <= 2: // of one, two or four bytes
		return strconv.FormatInt(r.signed(1<<how), 10)
	case how == 3:
		packed, whole := r.length(), r.length()
		if packed <= uint64(len(r.rest)) && whole <= uint64(r.budget) {
			return r.unpack(r.take(int(packed)), int(whole))
		}
	}
	r.bad = true
	return ""
}

func (r *reader) texts(n int) (items []string) {
	for range n {
		t := r.text()
		if r.bad {
			return nil
		}
		items = append(items, t)
	}
	return items
}

// unpack undoes the compression of LZF: runs of bytes as they are, and places to
// copy from what came before.
func (r *reader) unpack(packed string, whole int) string {
	in, out := reader{rest: packed}, make([]byte, 0, min(whole, 64*len(packed)))
	for in.rest != "" && !in.bad && len(out) <= whole {
		c := int(in.byte())
		if c < 32 {
			out = append(out, in.take(c+1)...)
			continue
		}
		n, back := c>>5, (c&31)<<8
		if n == 7 {
			n += int(in.byte())
		}
		from := len(out) - back - int(in.byte()) - 1
		if from < 0 {
			in.bad = true
			break
		}
		for i := range n + 2 { // the copy may reach into itself
			out = append(out, out[from+i])
		}
	}
	r.budget -= len(out)
	if in.bad || len(out) != whole {
		r.bad = true
		return ""
	}
	return string(out)
}

// nodes reads a list, which is in parts: single items, and packed ones.
func (r *reader) nodes() (items []string) {
	for range r.count() {
		switch r.length() {
		case 1:
			items = append(items, r.text())
		case 2:
			items = append(items, r.packed()...)
		default:
			r.bad = true
		}
		if r.bad {
			return nil
		}
	}
	return items
}

// numbers reads a set of numbers, all of one size.
func (r *reader) numbers() (items []string) {
	in := reader{rest: r.text()}
	size, n := in.little(4), in.little(4)
	if r.bad || size != 2 && size != 4 && size != 8 || n*size != uint64(len(in.rest)) {
		r.bad = true
		return nil
	}
	for range n {
		items = append(items, strconv.FormatInt(in.signed(int(size)), 10))
	}
	return items
}

// packed reads a listpack: its length and count, then items that begin with how
// they are written, and end with how long that was.
func (r *reader) packed() (items []string) {
	in := reader{rest: r.text()}
	in.take(6)
	for !in.bad && !r.bad {
		before := len(in.rest)
		b := in.byte()
		var item string
		switch {
		case b == 0xff && in.rest == "":
			return items
		case b < 0x80:
			item = strconv.Itoa(int(b))
		case b < 0xc0:
			item = in.take(int(b & 0x3f))
		case b < 0xe0: // a number of 13 bits, with a sign
			item = strconv.FormatInt(int64(uint64(b&0x1f)<<8|uint64(in.byte()))<<51>>51, 10)
		case b < 0xf0:
			item = in.take(int(b&0x0f)<<8 | int(in.byte()))
		case b == 0xf0:
			item = in.take(int(in.little(4)))
		case b <= 0xf3: // of two, three and four bytes
			item = strconv.FormatInt(in.signed(int(b-0xf1)+2), 10)
		case b == 0xf4:
			item = strconv.FormatInt(in.signed(8), 10)
		default:
			in.bad = true
		}
		items = append(items, item)
		in.take(backwards(before - len(in.rest)))
	}
	r.bad = true
	return nil
}

// backwards is how many bytes tell the length of an item, for those who come
// from behind.
func backwards(n int) int {
	bytes := 1
	for ; n > 127; n >>= 7 {
		bytes++
	}
	return bytes
}
