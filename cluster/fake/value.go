package fake

import (
	"encoding/json"
	"strings"
)

// Value reads a reply that is written as JSON, which people and fuzzers write
// easily: lists, texts, whole numbers and null come out as connections bring
// them; everything else is false.
func Value(text string) (reply any, ok bool) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&reply); err != nil {
		return nil, false
	}
	return plainValue(reply)
}

func plainValue(v any) (any, bool) {
	switch v := v.(type) {
	case nil, string:
		return v, true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	case []any:
		for i := range v {
			var ok bool
			if v[i], ok = plainValue(v[i]); !ok {
				return nil, false
			}
		}
		return v, true
	}
	return nil, false
}
