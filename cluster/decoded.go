package cluster

import (
	"fmt"
	"math"
	"strconv"

	"slotdeck/keyslot"
)

// decoded looks into a reply that a client has decoded into []any, map[any]any,
// string, int64 and nil: RESP3 sends maps where RESP2 sends flat lists of key and
// value, and this reads both.
type decoded struct{ value any }

// list is the elements of an array; a nil reply has none.
func (d decoded) list() ([]any, error) {
	switch v := d.value.(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	}
	return nil, fmt.Errorf("%s stands where a list should", d.kind())
}

// fields is a map by its text keys, however it was sent. Of keys sent twice the last counts.
func (d decoded) fields() (map[string]any, error) {
	switch v := d.value.(type) {
	case map[string]any:
		return v, nil
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			if name, ok := key.(string); ok {
				out[name] = value
			}
		}
		return out, nil
	case nil:
		return nil, nil
	case []any:
		if len(v)%2 != 0 {
			return nil, fmt.Errorf("a list of keys and values has the odd length %d", len(v))
		}
		out := make(map[string]any, len(v)/2)
		for i := 0; i < len(v); i += 2 {
			if name, ok := v[i].(string); ok {
				out[name] = v[i+1]
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s stands where a map should", d.kind())
}

// text is a string; nil is the empty one.
func (d decoded) text() (string, error) {
	switch v := d.value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	return "", fmt.Errorf("%s stands where text should", d.kind())
}

// number is an integer, also when it was sent as text; nil is -1.
func (d decoded) number() (int64, error) {
	switch v := d.value.(type) {
	case nil:
		return -1, nil
	case int64:
		return v, nil
	case int:
		return int64(v), nil
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%s stands where a number should", d.kind())
}

// port is a port, 0 when it was not sent.
func (d decoded) port() (int, error) {
	n, err := d.number()
	if err == nil && n > math.MaxUint16 {
		err = errPort
	}
	return int(max(0, n)), err
}

// kind names the value for an error.
func (d decoded) kind() string {
	switch v := d.value.(type) {
	case nil:
		return "nothing"
	case string:
		return quote(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[any]any, map[string]any:
		return "a map"
	}
	return fmt.Sprintf("a %T", d.value)
}

// slotRange makes a range of two decoded numbers.
func slotRange(first, last any) (keyslot.Range, error) {
	from, err := decoded{first}.number()
	if err != nil {
		return keyslot.Range{}, err
	}
	to, err := decoded{last}.number()
	if err != nil {
		return keyslot.Range{}, err
	}
	if from < 0 || to >= keyslot.Count || from > to {
		return keyslot.Range{}, fmt.Errorf("%d to %d is not a range of slots", from, to)
	}
	return keyslot.Range{First: keyslot.Slot(from), Last: keyslot.Slot(to)}, nil
}
