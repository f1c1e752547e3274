package keyslot

import "strings"

// ParseSet reads slots and ranges with commas or spaces between them, such as
// "0-99,200 300-310". They may overlap and come in any order; empty text is the
// empty set. An error names the first part that is wrong.
func ParseSet(text string) (Set, error) {
	var s Set
	for part := range strings.FieldsFuncSeq(text, separates) {
		r, err := ParseRange(part)
		if err != nil {
			return Set{}, err
		}
		s.AddRange(r)
	}
	return s, nil
}

func separates(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }

// String writes the set so that ParseSet reads it: "0-99,200,300-310". The
// empty set is the empty string.
func (s Set) String() string {
	var b []byte
	for i, r := range s.Ranges() {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.append(b)
	}
	return string(b)
}

// MarshalText writes the set as String does.
func (s Set) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseSet reads.
func (s *Set) UnmarshalText(text []byte) error {
	parsed, err := ParseSet(string(text))
	if err == nil {
		*s = parsed
	}
	return err
}
