package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/pflag"

	"slotdeck/views/cli/settings"
)

// contextFlags choose a cluster by its name in the configuration file.
type contextFlags struct {
	name string
	file string
}

func (c *contextFlags) register(f *pflag.FlagSet) {
	f.StringVar(&c.name, "context", "", "`name` of a cluster in the configuration file")
	f.StringVar(&c.file, "config", "", "configuration `file` (default ~/.config/slotdeck/config.toml)")
}

// chosen is a context and its name; without a name none was chosen.
type chosen struct {
	name string
	settings.Context
}

// choose finds the context: the named one, else, when the command line names no
// node, the file's default.
func (c *contextFlags) choose(w *World, nodesNamed bool) (chosen, error) {
	if c.name == "" && nodesNamed {
		return chosen{}, nil
	}
	path, file, err := c.read(w)
	if err != nil {
		return chosen{}, err
	}
	name := c.name
	if name == "" {
		name = file.Default
	}
	if name == "" {
		return chosen{}, nil
	}
	known, ok := file.Contexts[name]
	if !ok {
		have := "it holds none"
		if names := file.Names(); len(names) > 0 {
			have = "it has " + strings.Join(names, ", ")
		}
		if near := nearest(name, file.Names()); near != "" {
			have = fmt.Sprintf("did you mean %q?", near)
		}
		return chosen{}, usage("there is no context %q in %s; %s", name, path, have)
	}
	return chosen{name, known}, nil
}

// read reads the configuration file. One that was not asked for need not be there.
func (c *contextFlags) read(w *World) (path string, file settings.File, err error) {
	path = c.path(w)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && c.file == "" {
		return path, settings.File{}, nil
	}
	if err != nil {
		return path, settings.File{}, usage("the configuration cannot be read: %w", err)
	}
	if file, err = settings.Parse(path, text); err != nil {
		return path, settings.File{}, usage("%w", err)
	}
	return path, file, nil
}

// names are the contexts that there are; none when the file cannot be read.
func (c *contextFlags) names(w *World) []string {
	_, file, err := c.read(w)
	if err != nil {
		return nil
	}
	return file.Names()
}

func (c *contextFlags) path(w *World) string {
	if c.file != "" {
		return c.file
	}
	base := w.Env("XDG_CONFIG_HOME")
	if !filepath.IsAbs(base) {
		base = filepath.Join(w.Env("HOME"), ".config")
	}
	return filepath.Join(base, "slotdeck", "config.toml")
}

// passwordFrom fetches a password from where a context says it is.
func passwordFrom(ctx context.Context, w *World, s settings.Source) (string, error) {
	switch {
	case s.File != "":
		return passwordInFile(w, s.File)
	case s.Env != "":
		w.secretNames = append(w.secretNames, s.Env)
		if value := w.Env(s.Env); value != "" {
			return value, nil
		}
		return "", usage("the password should be in the variable %s, which is empty", s.Env)
	case len(s.Command) > 0:
		return passwordOfCommand(ctx, w, s.Command)
	case s.Ask:
		return askPassword(ctx, w)
	}
	return "", nil
}

// passwordInFile reads the first line of a file, and warns when others may.
func passwordInFile(w *World, path string) (string, error) {
	if rest, tilde := strings.CutPrefix(path, "~/"); tilde {
		path = filepath.Join(w.Env("HOME"), rest)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", usage("the file with the password cannot be read: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		w.warnOfReaders("the password", path, info)
	}
	line, err := firstLine(bufio.NewReader(f))
	if err != nil {
		return "", usage("the file %s holds no password: %w", path, err)
	}
	return line, nil
}

// warnOfReaders says when others may read a file that holds a secret.
func (w *World) warnOfReaders(secret, path string, info fs.FileInfo) {
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		w.Warn(clean(fmt.Sprintf("warning: other users of this machine may read %s in %s; chmod 600 keeps them out", secret, path)))
	}
}

// passwordOfCommand runs a program without a shell and takes its first line. What
// it says on its error stream is shown, so that it can ask for something.
func passwordOfCommand(ctx context.Context, w *World, words []string) (string, error) {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdin, cmd.Stderr, cmd.Env = w.In, w.Err, w.environ()
	out, err := cmd.Output()
	if err != nil {
		return "", failure(Denied, "the command for the password, %s, failed: %w", words[0], err)
	}
	line, err := firstLine(bufio.NewReader(strings.NewReader(string(out))))
	if err != nil {
		return "", failure(Denied, "the command for the password, %s, printed none: %w", words[0], err)
	}
	return line, nil
}

var errEmpty = errors.New("its first line is empty")

func firstLine(r *bufio.Reader) (string, error) {
	line := make([]byte, 0, 64)
	for len(line) <= maxPassword {
		b, err := r.ReadByte()
		if err != nil || b == '\n' {
			break
		}
		line = append(line, b)
	}
	text := strings.TrimRight(string(line), "\r")
	switch {
	case text == "":
		return "", errEmpty
	case len(text) > maxPassword:
		return "", fmt.Errorf("its first line has more than %d bytes", maxPassword)
	}
	return text, nil
}
