package views

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// valuePrompt is something being typed, and what is made of it.
type valuePrompt struct {
	label string
	field keyField
	done  func(text string) (tea.Cmd, error)
}

// valueLeft is a plan that was left: what was typed for it is there again.
type valueLeft struct{ key string }

// valueChanged is the outcome of a change.
type valueChanged struct {
	key     string
	becomes string // the key's new name
	text    string
	err     error
}

func (p *valuePage) typed(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "enter":
		cmd, err := p.prompt.done(readKey(p.prompt.field.text).key)
		if err != nil {
			return warn(err.Error())
		}
		p.kept, p.prompt, p.said = p.prompt, nil, ""
		return cmd
	case "esc":
		p.prompt, p.said = nil, ""
		return nil
	}
	p.prompt.field.press(k)
	return nil
}

func (p *valuePage) ask(label, text string, done func(string) (tea.Cmd, error)) tea.Cmd {
	p.prompt, p.kept = &valuePrompt{label: label, done: done}, nil
	p.prompt.field.set(text)
	return nil
}

func valueNoChange(p valueOn) string {
	switch {
	case p.readOnly:
		return readOnly
	case !p.known || p.err != nil:
		return "the value is not known"
	}
	return ""
}

func valueNoTTL(p valueOn) string {
	if p.known && p.err == nil && p.value.TTL < 0 {
		return "the key has no time to live"
	}
	return valueNoChange(p)
}

func valueNoRow(p valueOn) string {
	switch {
	case len(p.value.Rows) == 0:
		return "there is no element under the cursor"
	case p.value.Type == "list":
		return "an item of a list has no name to be removed by; set it to something else, or use LREM"
	}
	return valueNoChange(p)
}

func valueNoField(p valueOn) string {
	switch {
	case p.value.Type != "hash":
		return "the fields of hashes alone have times to live of their own"
	case len(p.value.Rows) == 0:
		return "there is no field under the cursor"
	}
	return valueNoChange(p)
}

func valueNoAdd(p valueOn) string {
	switch p.value.Type {
	case "string", "ReJSON-RL":
		return "a " + p.value.Type + " has no elements"
	}
	return valueNoChange(p)
}

func valueNoEdit(p valueOn) string {
	v := &p.value
	switch {
	case v.Type == "string" && (v.From != "" || v.Next != ""):
		return "only a part of the string is here, and a change would need all of it"
	case v.Type == "string" && len(v.Text) > maxKeyLen:
		return "the string is longer than the field holds"
	case v.Type == "ReJSON-RL" && (v.Withheld != "" || len(v.Text) > maxKeyLen):
		return "the document is longer than the field holds"
	case v.Type == "set" || v.Type == "stream":
		return "elements of a " + v.Type + " do not change; remove and add"
	case v.Type != "string" && v.Type != "ReJSON-RL" && len(v.Rows) == 0:
		return "there is nothing to change here"
	case v.Type == "hash" && len(v.Rows[p.row].Text) > maxKeyLen:
		return "the value is longer than the field holds"
	}
	return valueNoChange(p)
}

// edit changes the string, or the element under the cursor.
func (p *valuePage) edit(sc *Scene) tea.Cmd {
	v := p.value
	if v.Type == "string" {
		return p.ask("NEW VALUE", writeKey(v.Text), func(text string) (tea.Cmd, error) {
			return p.change("SET", "the whole string is replaced; its time to live stays", []string{"SET", p.key, text, "KEEPTTL", "XX"}), nil
		})
	}
	if v.Type == "ReJSON-RL" {
		return p.ask("NEW DOCUMENT", writeKey(v.Text), func(text string) (tea.Cmd, error) {
			if !json.Valid([]byte(text)) {
				return nil, errors.New("that is no JSON")
			}
			return p.change("JSON.SET", "the whole document is replaced", []string{"JSON.SET", p.key, "$", text, "XX"}), nil
		})
	}
	row := v.Rows[p.row]
	switch v.Type {
	case "hash":
		return p.ask("NEW VALUE OF "+shown(row.Name, 20), writeKey(row.Text), func(text string) (tea.Cmd, error) {
			words, why := fieldChange(sc.Snap, p.key, row, text)
			return p.change(words[0], why, words), nil
		})
	case "list":
		return p.ask("NEW ITEM "+row.Name, writeKey(row.Text), func(text string) (tea.Cmd, error) {
			return p.change("LSET", "the item with this index is replaced", []string{"LSET", p.key, row.Name, text}), nil
		})
	}
	return p.ask("NEW SCORE OF "+shown(row.Name, 20), row.Text, func(text string) (tea.Cmd, error) {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return nil, errors.New("a score is a number")
		}
		return p.change("ZADD", "the member's score is replaced", []string{"ZADD", p.key, "XX", text, row.Name}), nil
	})
}

// add asks for a new element.
func (p *valuePage) add() tea.Cmd {
	words := func(label, command string, least int, why string) tea.Cmd {
		return p.ask(label, "", func(string) (tea.Cmd, error) {
			args, err := keyspace.Words(p.prompt.field.text)
			if err == nil && len(args) != least && (command != "XADD" || len(args) < 2 || len(args)%2 != 0) {
				err = fmt.Errorf("it takes %d words; quote those with blanks", least)
			}
			if err != nil {
				return nil, err
			}
			cmd := []string{command, p.key}
			if command == "XADD" {
				cmd = append(cmd, "*")
			}
			return p.change(command, why, append(cmd, args...)), nil
		})
	}
	switch p.value.Type {
	case "hash":
		return words("FIELD VALUE", "HSETNX", 2, "a field is added; one of that name that is there already is left alone (HSETNX)")
	case "list":
		return words("ITEM", "RPUSH", 1, "an item is added at the end")
	case "set":
		return words("MEMBER", "SADD", 1, "a member is added")
	case "zset":
		return words("SCORE MEMBER", "ZADD", 2, "a member is added, or its score replaced")
	}
	return words("FIELD VALUE …", "XADD", 2, "an entry is added at the end")
}

func (p *valuePage) removeRow() tea.Cmd {
	name := p.value.Rows[p.row].Name
	command := map[string]string{"hash": "HDEL", "set": "SREM", "zset": "ZREM", "stream": "XDEL"}[p.value.Type]
	return p.change(command, "the element is removed; a key without elements is gone", []string{command, p.key, name})
}

func (p *valuePage) askTTL() tea.Cmd {
	return p.ask("EXPIRES IN (90s, 2h, 7d)", "", func(text string) (tea.Cmd, error) {
		d, err := readLifetime(text)
		if err != nil {
			return nil, err
		}
		return p.change("PEXPIRE", "the key is gone after "+d.String(), []string{"PEXPIRE", p.key, strconv.FormatInt(d.Milliseconds(), 10)}), nil
	})
}

// askFieldTTL asks how long the field under the cursor lives (Redis 7.4, Valkey 9).
func (p *valuePage) askFieldTTL() tea.Cmd {
	name := p.value.Rows[p.row].Name
	return p.ask("FIELD "+shown(name, 20)+" EXPIRES IN (90s, 2h, 7d, never)", "", func(text string) (tea.Cmd, error) {
		if text == "never" {
			return p.change("HPERSIST", "the field lives as long as its key", []string{"HPERSIST", p.key, "FIELDS", "1", name}), nil
		}
		d, err := readLifetime(text)
		if err != nil {
			return nil, err
		}
		return p.change("HPEXPIRE", "the field is gone after "+d.String()+"; a key without fields is gone, too",
			[]string{"HPEXPIRE", p.key, strconv.FormatInt(d.Milliseconds(), 10), "FIELDS", "1", name}), nil
	})
}

// readLifetime reads a time to live.
func readLifetime(text string) (time.Duration, error) {
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.Atoi(days); err == nil && n < 1<<16 {
			text = fmt.Sprintf("%dh", 24*n)
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond {
		return 0, errors.New("a time is written 90s, 2h or 7d")
	}
	return d, nil
}

func (p *valuePage) askName() tea.Cmd {
	return p.ask("NEW NAME", writeKey(p.key), func(name string) (tea.Cmd, error) {
		switch {
		case name == p.key:
			return nil, errors.New("that is its name")
		case keyslot.Of(name) != keyslot.Of(p.key):
			return nil, fmt.Errorf("that name lives in slot %d, and RENAME stays in slot %d: use a name with the same {tag}", keyslot.Of(name), keyslot.Of(p.key))
		}
		return p.changeTo("RENAME", "a key that has the new name already is left alone (RENAMENX)", name, []string{"RENAMENX", p.key, name}), nil
	})
}

func (p *valuePage) unlink() tea.Cmd {
	return p.change("DELETE", "the key is gone, and nothing brings it back", []string{"UNLINK", p.key})
}

func (p *valuePage) change(title, why string, words []string) tea.Cmd {
	return p.changeTo(title, why, "", words)
}

// changeTo proposes a change of the key.
func (p *valuePage) changeTo(title, why, becomes string, words []string) tea.Cmd {
	var shownWords []string
	for _, w := range words {
		shownWords = append(shownWords, keyspace.Escaped(w[:min(len(w), 200)]))
	}
	text := strings.Join(shownWords, " ")
	desk, before, key := p.desk, p.value, p.key
	asked := keyspace.ValueAsk{From: p.value.From, Whole: p.asked.Whole} // on the primary, whatever is shown
	return Propose(&Proposal{
		Title: title,
		Body: func(t *ui.Theme, w int) []string {
			lines := []string{"  " + keyCell(t, key, w-4), ""}
			for _, l := range escapedLines(text, w-8) {
				lines = append(lines, "    "+t.Strong.Text(l))
			}
			lines = append(lines, "", "  sent to the slot's primary, after reading once more that the key is as shown")
			return lines
		},
		Risk: riskOf(words[0]), Why: why,
		Commands: func() string {
			var all []string
			for _, w := range words {
				all = append(all, keyspace.Escaped(w))
			}
			return strings.Join(all, " ")
		},
		Left: func() tea.Cmd { return func() tea.Msg { return valueLeft{key} } },
		Run: func() tea.Cmd {
			return func() tea.Msg {
				ctx, cancel := context.WithTimeout(context.Background(), valuePatience)
				defer cancel()
				done, err := carryOut(ctx, desk, before, asked, words)
				out := valueChanged{key: key, text: done, err: err}
				if err == nil {
					out.becomes = becomes
				}
				return out
			}
		},
	})
}
