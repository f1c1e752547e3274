package wire

import "strings"

// maxCommand bounds, in characters, a command as it is shown and kept.
const maxCommand = 400

// maxWord bounds one of its words: values are data, and not for a journal.
const maxWord = 100

// maxArgs bounds how many words of a command are shown; MIGRATE can have
// hundreds of keys.
const maxArgs = 40

// display is a command as it may be shown: without passwords, in bounds and on
// one line, with quotes around words that need them.
func display(args []any) string {
	shown := make([]string, 0, min(len(args), maxArgs)+1)
	secret := secrets(args)
	for i, arg := range args {
		if i == maxArgs {
			shown = append(shown, "…")
			break
		}
		if _, is := arg.(Secret); is || secret(i) {
			shown = append(shown, hidden)
			continue
		}
		shown = append(shown, quoted(word(arg)))
	}
	if len(shown) > 0 {
		shown[0] = strings.ToUpper(shown[0])
	}
	return clean(strings.Join(shown, " "), maxCommand)
}

func quoted(w string) string {
	w = clean(w, maxWord)
	if w == "" || strings.ContainsAny(w, " \"'") {
		return `"` + strings.ReplaceAll(w, `"`, `\"`) + `"`
	}
	return w
}

// secretSettings are the names of CONFIG SET whose values are passwords or
// lead to them.
var secretSettings = words(`requirepass masterauth masteruser primaryauth primaryuser tls-key-file-pass tls-client-key-file-pass`)

// secrets tells which words of a command may not be shown.
func secrets(args []any) func(i int) bool {
	at := func(i int) string {
		if i >= 0 && i < len(args) {
			return strings.ToLower(word(args[i]))
		}
		return ""
	}
	switch at(0) {
	case "auth":
		return func(i int) bool { return i > 0 }
	case "hello":
		return after(args, map[string]int{"auth": 2}, len(args))
	case "migrate":
		// Behind KEYS stand keys, and one may be called AUTH.
		end := len(args)
		for i := 6; i < len(args); i++ {
			if at(i) == "keys" {
				end = i
				break
			}
		}
		return after(args, map[string]int{"auth": 1, "auth2": 2}, end)
	case "config":
		if at(1) == "set" {
			return func(i int) bool { return i >= 3 && i%2 == 1 && secretSettings[at(i-1)] }
		}
	case "acl":
		if at(1) == "setuser" {
			return func(i int) bool { return i > 2 && strings.ContainsAny(at(i)[:min(1, len(at(i)))], "><#!") }
		}
	case "sentinel":
		if at(1) == "set" || at(1) == "config" {
			return func(i int) bool {
				name := at(i - 1)
				return i > 2 && (name == "auth-pass" || name == "sentinel-pass")
			}
		}
	}
	return func(int) bool { return false }
}

// after marks the words that follow one of the given names, up to end.
func after(args []any, names map[string]int, end int) func(int) bool {
	marked := map[int]bool{}
	for i := 1; i < end; i++ {
		if count, ok := names[strings.ToLower(word(args[i]))]; ok && !marked[i] {
			for j := i + 1; j <= i+count; j++ {
				marked[j] = true
			}
		}
	}
	return func(i int) bool { return marked[i] }
}
