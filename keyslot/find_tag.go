package keyslot

import (
	"errors"
	"strings"

	"github.com/sigurn/crc16"
)

// TagSearch says what FindTag should look for. The zero value asks for one tag.
type TagSearch struct {
	Prefix string // every tag begins with it; any bytes but "}"
	Count  int    // how many tags at most; below 1 means 1
}

// The letters of a found tag: those that are not mistaken for one another when
// read aloud or copied by hand (no i, l, o, 0, 1). A tag without a prefix begins with
// one of the letters, so that it does not pass for a number.
const (
	tagAlphabet = "abcdefghjkmnpqrstuvwxyz23456789"
	tagLetters  = "abcdefghjkmnpqrstuvwxyz"
)

// maxTagSuffix is where the search gives up. Five characters reach every slot
// dozens of times over (tests prove that four do).
const maxTagSuffix = 5

// ErrTagPrefix is answered for a prefix that would end the tag.
var ErrTagPrefix = errors.New(`a hash tag cannot contain "}"`)

// FindTag finds hash tags that land in one of the wanted slots, without their
// braces: the shortest first, then in alphabetical order, always the same ones
// for the same question. A prefix that itself lands there is the first answer.
// No slot wanted, no tag. Fewer tags than asked for come back only when very many
// were asked for. The only error is ErrTagPrefix.
func FindTag(want Set, search TagSearch) ([]string, error) {
	if strings.IndexByte(search.Prefix, '}') >= 0 {
		return nil, ErrTagPrefix
	}
	if want.Empty() {
		return nil, nil
	}
	f := tagFinder{want: &want, left: max(1, search.Count), tag: []byte(search.Prefix)}
	crc := update(crc16.Init(xmodem), search.Prefix)
	for length := 0; length <= maxTagSuffix && f.left > 0; length++ {
		f.extend(crc, length)
	}
	return f.found, nil
}

// tagFinder walks all tags of one length, carrying the checksum of what stands so far.
type tagFinder struct {
	want  *Set
	left  int
	tag   []byte
	found []string
}

func (f *tagFinder) extend(crc uint16, length int) {
	if length == 0 {
		if len(f.tag) > 0 && f.want.Has(fold(crc)) {
			f.found = append(f.found, string(f.tag))
			f.left--
		}
		return
	}
	alphabet := tagAlphabet
	if len(f.tag) == 0 {
		alphabet = tagLetters
	}
	for i := 0; i < len(alphabet) && f.left > 0; i++ {
		f.tag = append(f.tag, alphabet[i])
		f.extend(update(crc, alphabet[i:i+1]), length-1)
		f.tag = f.tag[:len(f.tag)-1]
	}
}
