package settings

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"slotdeck/cluster/doctor"
	"slotdeck/cluster/reach"
)

// File is a configuration file.
type File struct {
	Default  string             `toml:"default"` // the context to begin with when none is named
	Contexts map[string]Context `toml:"contexts"`
}

// Context is a cluster, as the operator calls it, and how it is reached.
type Context struct {
	Seeds     []Seed            `toml:"seeds"` // one or more nodes
	User      string            `toml:"user"`
	Password  Source            `toml:"password"`
	Change    *Login            `toml:"change"` // who logs in for what changes something; nil: the same
	TLS       *TLS              `toml:"tls"`    // nil: plain
	Addresses reach.Rules       `toml:"addresses"`
	SSH       string            `toml:"ssh"` // user@bastion[,user@inner]
	Colour    Colour            `toml:"colour"`
	Protected bool              `toml:"protected"` // every change asks for the typed name
	ReadOnly  bool              `toml:"readonly"`
	Zones     map[string]string `toml:"zones"` // host, address or node id → zone

	Thresholds map[string]float64 `toml:"thresholds"` // of docs/health.md, that are not to be the table's own
}

// Login is another user, and where the password is.
type Login struct {
	User     string `toml:"user"`
	Password Source `toml:"password"`
}

// Source is where a password is found; at most one of its fields is set.
type Source struct {
	File    string   `toml:"file"`    // its first line
	Env     string   `toml:"env"`     // the name of a variable
	Command []string `toml:"command"` // a program and its arguments, run without a shell: its first line
	Ask     bool     `toml:"ask"`     // on the terminal
}

// Empty reports whether there is no password.
func (s Source) Empty() bool { return s.File == "" && s.Env == "" && len(s.Command) == 0 && !s.Ask }

// TLS is how TLS is spoken; all fields may be empty.
type TLS struct {
	CACert     string `toml:"cacert"`
	CACertDir  string `toml:"cacertdir"`
	Cert       string `toml:"cert"`
	Key        string `toml:"key"`
	ServerName string `toml:"sni"`
	Insecure   bool   `toml:"insecure"`
	Ciphers    string `toml:"ciphers"`
}

// Names are the contexts, in order.
func (f File) Names() []string { return slices.Sorted(maps.Keys(f.Contexts)) }

// Parse reads the text of a file. Name is what the file is called in errors,
// which name the line.
func Parse(name string, text []byte) (File, error) {
	var f File
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return File{}, sentence(name, err)
	}
	if f.Default != "" {
		if _, known := f.Contexts[f.Default]; !known {
			return File{}, fmt.Errorf("%s: line %d: the default context %q is not in the file", name, lineOfDefault(text), f.Default)
		}
	}
	for _, n := range f.Names() {
		for _, key := range slices.Sorted(maps.Keys(f.Contexts[n].Thresholds)) {
			if err := doctor.CheckThreshold(key, f.Contexts[n].Thresholds[key]); err != nil {
				return File{}, fmt.Errorf("%s: line %d: context %q: %w", name, lineOfKey(text, n, key), n, err)
			}
		}
		if err := f.Contexts[n].check(); err != nil {
			return File{}, fmt.Errorf("%s: line %d: context %q: %w", name, lineOf(text, n), n, err)
		}
	}
	return f, nil
}

// sentence names the line of an error, and what is wrong there.
func sentence(name string, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		first := unknown.Errors[0]
		line, _ := first.Position()
		return fmt.Errorf("%s: line %d: %q means nothing here", name, line, strings.Join(first.Key(), "."))
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		line, _ := bad.Position()
		text := strings.TrimPrefix(bad.Error(), "toml: ")
		if strings.HasPrefix(text, "cannot decode ") || strings.HasPrefix(text, "cannot store ") {
			text = "it is of another kind (text, number, list, table, true or false); slotdeck help context shows how it is written"
		}
		if keys := bad.Key(); len(keys) > 0 {
			text = strings.Join(keys, ".") + ": " + text
		}
		return fmt.Errorf("%s: line %d: %s", name, line, text)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// lineOfDefault finds where the default context is named.
func lineOfDefault(text []byte) int {
	for i, l := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(strings.Join(strings.Fields(l), ""), "default=") {
			return i + 1
		}
	}
	return 1
}

// lineOf finds where a context begins.
func lineOf(text []byte, context string) int {
	for i, l := range strings.Split(string(text), "\n") {
		l = strings.Join(strings.Fields(l), "")
		if l == "[contexts."+context+"]" || l == `[contexts."`+context+`"]` {
			return i + 1
		}
	}
	return 1
}

// lineOfKey finds where a key stands in a context or in a table of it.
func lineOfKey(text []byte, context, key string) int {
	first := lineOf(text, context+".thresholds")
	if first == 1 {
		first = lineOf(text, context)
	}
	for i, l := range strings.Split(string(text), "\n") {
		if l = strings.Join(strings.Fields(l), ""); i+1 >= first && (strings.Contains(l, key+"=") || strings.Contains(l, `"`+key+`"=`)) {
			return i + 1
		}
	}
	return first
}

func (c Context) check() error {
	switch {
	case len(c.Seeds) == 0:
		return errors.New("it names no seeds, the nodes to begin with")
	case c.User != "" && c.Password.Empty():
		return fmt.Errorf("user %q has no password; give password = {file = …}, {env = …}, {command = […]} or {ask = true}", c.User)
	case c.ReadOnly && c.Change != nil:
		return errors.New("it is read-only, and so has no use for a user who changes something")
	case c.Change != nil && c.Change.Password.Empty():
		return errors.New("the user for changes has no password")
	}
	sources := []Source{c.Password}
	if c.Change != nil {
		sources = append(sources, c.Change.Password)
	}
	for _, s := range sources {
		if err := s.check(); err != nil {
			return err
		}
	}
	if c.TLS != nil && (c.TLS.Cert == "") != (c.TLS.Key == "") {
		return errors.New("cert and key belong together")
	}
	return nil
}

func (s Source) check() error {
	n := 0
	for _, set := range []bool{s.File != "", s.Env != "", len(s.Command) > 0, s.Ask} {
		if set {
			n++
		}
	}
	if n > 1 {
		return errors.New("a password comes from one place: file, env, command or ask")
	}
	return nil
}
